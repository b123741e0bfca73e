"""Who is compared at an epoch, and in which order: by score, or by Pareto fronts of several.

Everything is maximised; costs come with a minus. Not here: what is stopped (`schedulers.py`).
"""

import math
import statistics
from collections.abc import Iterable

import numpy as np

from facesearch.tuning.fronts import Floats, best_rows, non_dominated_ranks
from facesearch.tuning.records import FAILED, SweepRecord, TrialRecord


def reached(sweep: SweepRecord, epoch: int) -> list[TrialRecord]:
    """Return the trials that finished ``epoch``; what failed later is no measure for others."""
    trials = sweep.trials.values()
    return [t for t in trials if t.epochs >= epoch and t.outcome not in FAILED]


def scores_at(trials: Iterable[TrialRecord], epoch: int) -> Floats:
    """Return the scores [trials, objectives] at ``epoch``; what is not finite is the worst."""
    scores = np.array([trial.scores(epoch) for trial in trials], dtype=np.float64)
    return np.where(np.isfinite(scores), scores, -np.inf)


def best_first(trials: Iterable[TrialRecord], epoch: int) -> list[TrialRecord]:
    """Return the trials by their scores at ``epoch``, best first; equals by their number.

    It is the order of `ranking.ranked` among trials of as many epochs, but for several objectives:
    what goes on from a rung is to cover the front, so the less crowded of a front come first.

    Args:
        trials: All have finished ``epoch``.
        epoch: An epoch, from 1.

    """
    by_number = sorted(trials, key=lambda t: t.number)
    if not by_number:
        return []
    return [by_number[row] for row in best_rows(scores_at(by_number, epoch), is_spread=True)]


def pareto_front(sweep: SweepRecord) -> list[TrialRecord]:
    """Return the completed trials that no other one dominates, in the order of the ranking."""
    trials = [t for t in sweep.ranked() if t.outcome == "completed"]
    if not trials:
        return []
    ranks = non_dominated_ranks(scores_at(trials, sweep.max_epochs))
    return [t for t, rank in zip(trials, ranks, strict=True) if rank == 0]


def is_below_median(own: Floats, others: Floats) -> bool:
    """Return whether ``own`` scores [objectives] are below the median of ``others``.

    Several objectives: whether its non-dominated rank among all is worse than their median rank.

    Args:
        own: Of one trial, no NaN.
        others: [trials, objectives], no NaN.

    """
    if own.size == 1:
        return bool(own[0] < statistics.median(others[:, 0]))
    rank, *ranks = non_dominated_ranks(np.vstack([own, others]))
    return bool(rank > statistics.median(ranks))


def least_agreement(early: Floats, final: Floats) -> float:
    """Return the least rank correlation of the objectives, in [-1, 1].

    Args:
        early: [trials, objectives] at one epoch, no NaN.
        final: The same at another. What did not change at all, as a cost, agrees.

    """
    pairs = zip(early.T, final.T, strict=True)
    return min(1.0 if (a == b).all() else rank_correlation(a, b) for a, b in pairs)


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's correlation of two rows [trials], in [-1, 1]; 0 if all of one are equal.

    Source:
        Spearman 1904: Pearson's correlation of the ranks, equals sharing the mean of theirs.

    """
    ranks = np.stack([_mean_ranks(first), _mean_ranks(second)])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    extent = math.sqrt(float(np.prod((centred**2).sum(axis=1))))
    return float(centred[0] @ centred[1]) / extent if extent else 0.0


def _mean_ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks
