import math

import numpy as np
import pytest
from random_scores import random_scores

from facesearch.tuning.fronts import best_rows, crowding_distances, non_dominated_ranks

Scores = list[tuple[float, ...]]


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    nowhere_worse = all(x >= y for x, y in zip(a, b, strict=True))
    return nowhere_worse and any(x > y for x, y in zip(a, b, strict=True))


def peeled_ranks(scores: Scores) -> list[int]:
    """Deb et al. 2002 by definition: take away what nobody left dominates, again and again."""
    ranks: dict[int, int] = {}
    rank = 0
    while len(ranks) < len(scores):
        left = [i for i in range(len(scores)) if i not in ranks]
        front = [i for i in left if not any(dominates(scores[j], scores[i]) for j in left)]
        ranks |= dict.fromkeys(front, rank)
        rank += 1
    return [ranks[i] for i in range(len(scores))]


def slow_crowding(front: Scores) -> list[float]:
    """Deb et al. 2002, the pseudo-code of sec. III-B; no ends where all are equal."""
    distances = [0.0] * len(front)
    for m in range(len(front[0])):
        by_value = sorted(range(len(front)), key=lambda i: front[i][m])
        extent = front[by_value[-1]][m] - front[by_value[0]][m]
        if extent == 0:
            continue
        distances[by_value[0]] = distances[by_value[-1]] = math.inf
        for place in range(1, len(front) - 1):
            gap = front[by_value[place + 1]][m] - front[by_value[place - 1]][m]
            distances[by_value[place]] += gap / extent
    return distances


@pytest.mark.parametrize("objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_ranks_are_those_of_peeling_by_hand(seed: int, objectives: int) -> None:
    scores = random_scores(seed, objectives)
    assert non_dominated_ranks(np.array(scores)).tolist() == peeled_ranks(scores)


@pytest.mark.parametrize("objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_crowding_is_that_of_the_paper(seed: int, objectives: int) -> None:
    front = random_scores(seed, objectives)
    np.testing.assert_allclose(crowding_distances(np.array(front)), slow_crowding(front))


@pytest.mark.parametrize("objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_the_order_is_by_rank_then_room_then_number(seed: int, objectives: int) -> None:
    scores = random_scores(seed, objectives)
    ranks = peeled_ranks(scores)
    room = {}
    for rank in set(ranks):
        front = [i for i, r in enumerate(ranks) if r == rank]
        distances = slow_crowding([scores[i] for i in front])
        room |= dict(zip(front, distances, strict=True))
    expected = sorted(range(len(scores)), key=lambda i: (ranks[i], -room[i], i))
    assert best_rows(np.array(scores), is_spread=True) == expected


@pytest.mark.parametrize("objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_without_room_a_front_is_in_the_order_of_the_first_objective(
    seed: int, objectives: int
) -> None:
    scores = random_scores(seed, objectives)
    ranks = peeled_ranks(scores)
    # of one objective a front is all that are equal
    by_front = sorted(range(len(scores)), key=lambda i: (ranks[i], -scores[i][0], i))
    assert best_rows(np.array(scores)) == by_front


@pytest.mark.parametrize("is_spread", [False, True])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_comes_last(bad: float, is_spread: bool) -> None:
    scores = np.array([[bad, 9.0], [0.1, 0.1], [9.0, bad], [0.2, 0.2]])
    assert best_rows(scores, is_spread=is_spread) == [3, 1, 0, 2]
    assert best_rows(np.array([[bad], [0.0]]), is_spread=is_spread) == [1, 0]
    assert best_rows(np.array([[bad], [bad]]), is_spread=is_spread) == [0, 1]
