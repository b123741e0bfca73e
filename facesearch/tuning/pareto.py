"""Who is compared at an epoch, and in which order: by score, or by Pareto fronts of several.

Everything is maximised; costs come with a minus. Not here: what is stopped (`schedulers.py`).
"""

import math
import statistics
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facesearch.tuning.records import FAILED, SweepRecord, TrialRecord

Floats = NDArray[np.float64]


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

    Several objectives: by non-dominated rank, then the less crowded first. A trial with a score
    that is no finite number comes last.

    Args:
        trials: All have finished ``epoch``.
        epoch: An epoch, from 1.

    Source:
        NSGA-II's crowded comparison, Deb et al. 2002 (IEEE TEVC 6(2)), sec. III-B.

    """
    by_number = sorted(trials, key=lambda t: t.number)
    usable = [t for t in by_number if all(map(math.isfinite, t.scores(epoch)))]
    broken = [t for t in by_number if not all(map(math.isfinite, t.scores(epoch)))]
    if not usable:
        return broken
    scores = np.array([t.scores(epoch) for t in usable])
    if scores.shape[1] == 1:
        return sorted(usable, key=lambda t: -t.scores(epoch)[0]) + broken
    ranks = non_dominated_ranks(scores)
    room = np.zeros(len(usable))
    for rank in range(ranks.max() + 1):
        room[ranks == rank] = crowding_distances(scores[ranks == rank])
    return [usable[i] for i in np.lexsort((-room, ranks))] + broken


def pareto_front(sweep: SweepRecord) -> list[TrialRecord]:
    """Return the completed trials that no other one dominates, by their first objective."""
    trials = [t for t in sweep.searched() if t.outcome == "completed"]
    if not trials:
        return []
    ranks = non_dominated_ranks(scores_at(trials, sweep.max_epochs))
    front = [t for t, rank in zip(trials, ranks, strict=True) if rank == 0]
    return sorted(front, key=lambda t: t.scores(sweep.max_epochs), reverse=True)


def non_dominated_ranks(scores: Floats) -> NDArray[Any]:
    """Return the front of each trial: 0 is dominated by nobody, 1 only by some of front 0, ...

    One trial dominates another if it is nowhere worse and somewhere better.

    Args:
        scores: [trials, objectives], no NaN.

    Returns:
        Ranks, int, [trials]. It takes memory for trials squared.

    Source:
        Deb et al. 2002, sec. III-A.

    """
    is_nowhere_worse = np.ones((len(scores), len(scores)), dtype=bool)
    is_somewhere_better = np.zeros_like(is_nowhere_worse)
    for column in scores.T:
        is_nowhere_worse &= column[:, None] >= column[None, :]
        is_somewhere_better |= column[:, None] > column[None, :]
    dominates = is_nowhere_worse & is_somewhere_better
    ranks = np.full(len(scores), -1)
    rank = 0
    while (left := np.flatnonzero(ranks < 0)).size:
        ranks[left[~dominates[np.ix_(left, left)].any(axis=0)]] = rank
        rank += 1
    return ranks


def crowding_distances(scores: Floats) -> Floats:
    """Return how far apart the two neighbours of each trial of a front are, over all objectives.

    Args:
        scores: [trials, objectives] of one front, finite.

    Returns:
        Distances [trials] in parts of the front's extent, no unit; infinite at its ends.

    Source:
        Deb et al. 2002, sec. III-B. An objective in which all are equal has no ends here; there
        its first and last trial would be kept for no reason.

    """
    distances = np.zeros(len(scores))
    for column in scores.T:
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        extent = ordered[-1] - ordered[0]
        if extent > 0:
            distances[order[[0, -1]]] = np.inf
            distances[order[1:-1]] += (ordered[2:] - ordered[:-2]) / extent
    return distances


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
