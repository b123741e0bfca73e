"""Scores of several objectives in an order: fronts, room on a front, and who comes first.

Everything is maximised. Not here: whose scores (`ranking.py`, `pareto.py`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def best_rows(scores: Floats, *, is_spread: bool = False) -> list[int]:
    """Return the rows of ``scores`` [trials, objectives], best first; equals in their order.

    Several objectives: by non-dominated rank. Within a front the greater first objective comes
    first, or with ``is_spread`` the less crowded, so that what is kept covers the front. A row
    with a score that is no finite number comes last.

    Source:
        NSGA-II's crowded comparison, Deb et al. 2002 (IEEE TEVC 6(2)), sec. III-B.

    """
    is_usable = np.isfinite(scores).all(axis=1)
    usable, broken = np.flatnonzero(is_usable), np.flatnonzero(~is_usable)
    known = scores[usable]
    if not usable.size:
        return list(map(int, broken))
    # one objective: no fronts are needed, which take memory for trials squared
    ranks = non_dominated_ranks(known) if known.shape[1] > 1 else np.zeros(len(known))
    within = _room(known, ranks) if is_spread and known.shape[1] > 1 else known[:, 0]
    return [int(row) for row in (*usable[np.lexsort((-within, ranks))], *broken)]


def _room(scores: Floats, ranks: NDArray[Any]) -> Floats:
    room = np.zeros(len(scores))
    for rank in range(ranks.max() + 1):
        room[ranks == rank] = crowding_distances(scores[ranks == rank])
    return room


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
