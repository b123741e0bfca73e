"""The one order of a sweep's trials, wherever they are ranked; no Ray and no MLflow in here.

**The rule.** `finalize` takes a trial's config and trains it anew to its last epoch. So a trial is
worth what its config gave after the last epoch that it was trained for, never what it gave in its
best one: that epoch would not be the last of the new training. And a trial that was stopped early
is no rival of one that was trained for longer: its score is from another phase of the schedule.
Best first are therefore, in this order,

1. configs that were trained again with further seeds, which are known better;
2. the longer trained;
3. those whose repeats failed less often;
4. the greater mean of the last scores over the seeds. Of several objectives: the lower front, and
   on a front the greater first objective;
5. the lower number.

A score that is no finite number is below all others. Trials that failed have no place, nor have
those without a finished epoch. Repeats are in the place of what they repeat.

It is the order of the live view, the tables, `runs`, the report, MLflow's leaders and best run,
``finalize --top-k``, of what is repeated, of patience, of CMA-ES and of the best so far. At a rung
(asha, hyperband, pbt) all have trained alike long, and it is the same order but for the crowding
of several objectives (`pareto.best_first`).
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import numpy as np

from facesearch.tuning.fronts import best_rows
from facesearch.tuning.outcomes import FAILED


class Standing(Protocol):
    """What is needed to rank a trial: of the sweep's own records, or a row of a leaderboard."""

    @property
    def number(self) -> int:
        """Of the trial."""

    @property
    def epochs(self) -> int:
        """Finished epochs, a count."""

    @property
    def last_scores(self) -> tuple[float, ...]:
        """What is maximised, after its last epoch: one number an objective; none before one."""

    @property
    def outcome(self) -> str:
        """How it ended, or what it does."""


Trial = TypeVar("Trial", bound=Standing)


def has_place(trial: Standing) -> bool:
    """Whether a trial is ranked at all: it has a score, and did not fail."""
    return bool(trial.last_scores) and trial.outcome not in FAILED


def ranked(
    trials: Iterable[Trial], repeats_of: Callable[[Trial], Sequence[Trial]] = lambda _: ()
) -> list[Trial]:
    """Return the trials that have a place, best first: see the rule above.

    Args:
        trials: Of one search, without repeats.
        repeats_of: The repeats of a trial, whatever became of them.

    """
    groups: dict[tuple[int, ...], list[Trial]] = defaultdict(list)
    for trial in sorted(trials, key=lambda t: t.number):
        if has_place(trial):
            repeats = repeats_of(trial)
            num_failed = sum(t.outcome in FAILED for t in repeats)
            standing = (bool(repeats), trial.epochs, -num_failed, len(trial.last_scores))
            groups[standing].append(trial)
    return [t for key in sorted(groups, reverse=True) for t in _by_score(groups[key], repeats_of)]


def _by_score(
    trials: list[Trial], repeats_of: Callable[[Trial], Sequence[Trial]]
) -> Iterable[Trial]:
    scores = [[mean_score(t, repeats_of(t)), *t.last_scores[1:]] for t in trials]
    return (trials[row] for row in best_rows(np.array(scores, dtype=np.float64)))


def is_as_good(first: Standing, second: Standing) -> bool:
    """Whether ``first`` leaves no room for ``second`` to be an improvement on it.

    It was trained for longer, or as long and is nowhere worse.
    """
    if first.epochs != second.epochs:
        return first.epochs > second.epochs
    pairs = zip(_finite_or_least(first), _finite_or_least(second), strict=True)
    return all(mine >= other for mine, other in pairs)


def _finite_or_least(trial: Standing) -> list[float]:
    return [score if math.isfinite(score) else -math.inf for score in trial.last_scores]


def seed_scores(first: Standing, repeats: Sequence[Standing]) -> list[float]:
    """Return the score of each seed that was trained to the end, the search's own first."""
    whole = [first, *(t for t in repeats if t.outcome == "completed")]
    return [next(iter(_finite_or_least(trial)), -math.inf) for trial in whole]


def mean_score(first: Standing, repeats: Sequence[Standing]) -> float:
    """Return the mean of the seeds of a config."""
    return statistics.mean(seed_scores(first, repeats))


def mean_words(scores: Sequence[float]) -> str:
    """Return the mean of the seeds of a config with their standard deviation and number."""
    if len(scores) < 2:
        return f"{scores[0]:.4f}"
    return f"{statistics.mean(scores):.4f} ± {statistics.stdev(scores):.4f} of {len(scores)}"
