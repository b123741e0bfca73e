"""The best configs once more with further seeds, when the search itself has ended.

One training says little of a config: another seed may change its score by more than the lead of the
best. A repeat is a trial of the same sweep, with the same faces held out; neither sampler nor
scheduler knows of it. Here is which are due; when they start is the controller's, and how they are
ranked is `ranking.ranked`.
"""

from facesearch.config import RunConfig
from facesearch.space import Point, SearchSpace
from facesearch.tuning.records import RUNNING, SweepRecord, TrialRecord

_SEEDS = 2**32


def config_of(space: SearchSpace, point: Point, seed_offset: int = 0) -> RunConfig:
    """Return the config of a trial; that of a repeat has another seed of training."""
    config = space.config(point)
    if not seed_offset:
        return config
    seed = (config.train.seed + seed_offset) % _SEEDS
    return config.model_copy(update={"train": config.train.model_copy(update={"seed": seed})})


def chosen(sweep: SweepRecord) -> list[TrialRecord]:
    """Return the trials to repeat: the best of the search that were trained to the end."""
    ranked = sweep.without_repeats().ranked() if sweep.repeat_top else []
    return [t for t in ranked if t.outcome == "completed"][: sweep.repeat_top]


def due(sweep: SweepRecord) -> list[tuple[TrialRecord, int]]:
    """Return what is not begun yet: a trial and what is added to its seed.

    A seed is given to all before the next one, so that all are known equally well wherever it ends.
    """
    begun = {(t.repeat_of, t.seed_offset) for t in list(sweep.trials.values())}
    best = chosen(sweep)
    pairs = [(t, offset) for offset in range(1, sweep.repeat_seeds) for t in best]
    return [(t, offset) for t, offset in pairs if (t.number, offset) not in begun]


def num_planned(sweep: SweepRecord) -> int:
    """Return how many repeats there are to be, a count.

    As many as were asked for, until the search is over: it may have trained fewer to the end.
    """
    begun = sum(map(len, sweep.repeats().values()))
    asked = sweep.repeat_top * (sweep.repeat_seeds - 1)
    known = begun + len(due(sweep))
    return known if _search_is_over(sweep) else max(asked, known)


def _search_is_over(sweep: SweepRecord) -> bool:
    """Whether repeats are what is at work, or everything has ended; a budget may be extended."""
    searched = sweep.searched()
    if any(t.outcome == RUNNING for t in searched):
        return False
    newest = max(list(sweep.trials.values()), key=lambda t: t.number, default=None)
    is_whole = len(searched) >= sweep.planned_trials and all(t.has_ended for t in searched)
    return sweep.is_done or is_whole or (newest is not None and newest.repeat_of is not None)


def are_left(sweep: SweepRecord) -> bool:
    """Whether a repeat is to begin, or has not ended."""
    if not sweep.repeat_top:
        return False
    trials = sweep.trials.values()
    return any(t.repeat_of is not None and not t.has_ended for t in trials) or bool(due(sweep))
