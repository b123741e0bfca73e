"""How many epochs a sweep has before it: what trials at work have left, and those to come.

How long a trial will be is estimated from those before it as the length of a life is from an
unfinished study: of the trials that came to an epoch and were judged there, the part that went on.
A trial that is at work counts where it has been. Where few were judged yet, the scheduler's own
rule speaks with them. Not here: how fast epochs are trained (`pace.py`).

Source: Kaplan & Meier 1958, Nonparametric Estimation from Incomplete Observations (JASA 53(282)).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from facesearch.config import SearchConfig
from facesearch.tuning.records import RUNNING, SweepRecord
from facesearch.tuning.repeats import num_planned
from facesearch.tuning.schedulers import current_rungs

# So many judged trials weigh as much as the rule of the scheduler; elsewhere trials go on.
_WEIGHT_OF_RULE, _WEIGHT_OF_GOING_ON = 3.0, 1.0
_PAUSING = ("asha_promote", "one_epoch")
# More trials than any sweep was asked for: one that is extended by time alone.
NO_NUMBER = 10**6


@dataclass(frozen=True)
class Workload:
    """What is before a sweep.

    Args:
        sweep: Its records.
        going_on: At place e, the part of the trials with e finished epochs that train another;
            as many places as a whole training has epochs.

    """

    sweep: SweepRecord
    going_on: Sequence[float]

    @property
    def of_search(self) -> float:
        """Epochs that the trials of the search are expected to train yet."""
        trials = self.sweep.searched()
        begun = sum(self.left_after(t.epochs) for t in trials if not t.has_ended)
        return begun + max(0, self.sweep.planned_trials - len(trials)) * self.left_after(0)

    @property
    def of_repeats(self) -> int:
        """Epochs of the repeats, which are trained to the end."""
        begun = [t for of_one in self.sweep.repeats().values() for t in of_one]
        left = sum(self.sweep.max_epochs - t.epochs for t in begun if not t.has_ended)
        return left + (num_planned(self.sweep) - len(begun)) * self.sweep.max_epochs

    @property
    def longest_s(self) -> float:
        """Seconds that the slowest of the running trials is expected to have left.

        However many workers there are, the sweep ends no sooner.
        """
        trials = list(self.sweep.trials.values())
        return max((self._seconds_of(t.curve) for t in trials if t.outcome == RUNNING), default=0.0)

    def _seconds_of(self, curve: Sequence[dict[str, float]]) -> float:
        seconds = sum(row.get("seconds", 0.0) for row in curve) / max(1, len(curve))
        return seconds * self.left_after(len(curve))

    def left_after(self, epochs: int) -> float:
        """Return the epochs that a trial is expected to train after so many."""
        expected, part = 0.0, 1.0
        for share in self.going_on[epochs:]:
            part *= share
            expected += part
        return expected


def workload(sweep: SweepRecord, search: SearchConfig) -> Workload:
    """Return what is before a sweep, by its records so far and the rule of its scheduler."""
    trials, rule = sweep.searched(), _rule(sweep, search)
    stopped = Counter(t.epochs for t in trials if t.has_ended)
    arrive = float(max(sweep.planned_trials, len(trials)) if _is_plan(sweep) else len(trials))
    shares = []
    for epoch in range(sweep.max_epochs):
        further = sum(t.epochs > epoch for t in trials)
        if epoch in rule and search.scheduler.type in _PAUSING:
            # so many are let go on, whoever they are; those that went are of them
            shares.append(max(0.0, rule[epoch] * arrive - further) / max(1.0, arrive - further))
            arrive *= rule[epoch]
            continue
        weight = _WEIGHT_OF_RULE if epoch in rule else _WEIGHT_OF_GOING_ON
        known = further + stopped[epoch] + weight
        shares.append((further + weight * rule.get(epoch, 1.0)) / known)
    return Workload(sweep, shares)


def _is_plan(sweep: SweepRecord) -> bool:
    return sweep.planned_trials < NO_NUMBER


def _rule(sweep: SweepRecord, search: SearchConfig) -> dict[int, float]:
    """Return the part that is let go on, for the epochs after which trials are stopped."""
    settings = search.scheduler
    if settings.type in ("none", "pbt", "median"):  # of median nobody can say how many
        return {}
    if settings.type == "one_epoch":
        return {1: min(1.0, settings.keep / max(1, sweep.planned_trials))}
    steps = current_rungs(sweep, settings)
    if settings.type == "hyperband":  # a bracket is judged from a rung of its own on
        stops = 1 - 1 / settings.eta
        return {e: 1 - stops * (place + 1) / len(steps) for place, e in enumerate(steps)}
    return dict.fromkeys(steps, 1 / settings.eta)
