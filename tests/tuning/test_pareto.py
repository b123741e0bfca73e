import math
import random

import numpy as np
import pytest
from random_scores import random_scores
from scipy.stats import spearmanr

from facesearch.tuning.fronts import crowding_distances, non_dominated_ranks
from facesearch.tuning.pareto import (
    best_first,
    is_below_median,
    least_agreement,
    rank_correlation,
    reached,
    scores_at,
)
from facesearch.tuning.records import SweepRecord, TrialRecord

Scores = list[tuple[float, ...]]


def trials(scores: Scores) -> list[TrialRecord]:
    """One epoch each; the names of further objectives are those of the ledger."""
    rows = [{"score": s, **{f"score_{i}": v for i, v in enumerate(more, 1)}} for s, *more in scores]
    return [TrialRecord(number, {}, curve=[row]) for number, row in enumerate(rows)]


def order(scores: Scores) -> list[int]:
    return [t.number for t in best_first(trials(scores), 1)]


@pytest.mark.parametrize("objectives", [1, 2])
@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_list_does_not_matter(seed: int, objectives: int) -> None:
    some = trials(random_scores(seed, objectives))
    shuffled = some[:]
    random.Random(seed).shuffle(shuffled)
    assert best_first(shuffled, 1) == best_first(some, 1)


def test_a_front_by_hand() -> None:
    # 0, 1, 2, 3 are the front, with 1 and 2 close together; 4 is behind 1; 5 is behind all
    scores: Scores = [(0, 10), (6, 5), (7, 4), (10, 0), (5, 5), (0, 0)]
    assert non_dominated_ranks(np.array(scores)).tolist() == [0, 0, 0, 0, 1, 2]
    assert order(scores) == [0, 3, 1, 2, 4, 5]


def test_a_cost_that_is_the_same_for_all_gives_no_ends() -> None:
    assert order([(0.1, -3), (0.9, -3), (0.5, -3)]) == [1, 2, 0]
    assert crowding_distances(np.array([(1.0, 2.0), (1.0, 2.0)])).tolist() == [0, 0]


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_comes_last(broken: float) -> None:
    assert order([(broken,), (-5.0,), (3.0,)]) == [2, 1, 0]
    assert order([(broken, 1.0), (0.0, broken), (-1.0, -1.0)]) == [2, 0, 1]
    assert scores_at(trials([(broken, 1.0)]), 1).tolist() == [[-math.inf, 1.0]]


def test_none_and_only_broken_ones_have_an_order() -> None:
    assert best_first([], 1) == []
    assert order([(math.nan,), (math.nan,)]) == [0, 1]


def test_a_trial_is_compared_at_the_epoch_asked_for() -> None:
    early, late = TrialRecord(0, {}), TrialRecord(1, {})
    early.curve = [{"score": 0.9}, {"score": 0.1}]
    late.curve = [{"score": 0.1}, {"score": 0.9}]
    assert best_first([late, early], 1) == [early, late]
    assert best_first([early, late], 2) == [late, early]


@pytest.mark.parametrize("outcome", ["failed", "diverged", "out_of_memory"])
def test_failed_trials_are_no_measure(outcome: str) -> None:
    good, short, bad = trials([(0.1,), (0.2,), (0.3,)])
    good.curve *= 2
    bad.curve *= 2
    bad.outcome = outcome
    assert reached(SweepRecord("s", 3, 9, trials={0: good, 1: short, 2: bad}), 2) == [good]


@pytest.mark.parametrize("seed", range(30))
def test_rank_correlation_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, int(rng.choice([3, 1000])), (2, 12)).astype(float)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)


def test_rank_correlation_without_any_order_is_none() -> None:
    assert rank_correlation(np.zeros(5), np.arange(5.0)) == 0
    assert rank_correlation(np.arange(3.0), np.array([-math.inf, 0, 1])) == pytest.approx(1)


def test_the_worst_objective_counts_and_a_cost_agrees() -> None:
    early = np.array([[1.0, 5.0, -2.0], [2.0, 4.0, -2.0], [3.0, 9.0, -2.0]])
    final = np.array([[1.0, 9.0, -2.0], [2.0, 5.0, -2.0], [3.0, 4.0, -2.0]])
    assert least_agreement(early, early) == 1
    assert least_agreement(early, final) == pytest.approx(-0.5)
    assert least_agreement(np.zeros((3, 1)), final[:, :1]) == 0


def test_below_the_median_by_hand() -> None:
    others = np.array([[1.0], [2.0], [3.0], [10.0]])  # median 2.5
    assert is_below_median(np.array([2.4]), others)
    assert not is_below_median(np.array([2.5]), others)
    broken = np.full((3, 1), -math.inf)
    assert not is_below_median(np.array([-math.inf]), broken)


def test_below_the_median_of_fronts_by_hand() -> None:
    # the others' ranks among themselves: 0, 0, 1, 2; with the trial behind all it is 3
    others = np.array([[0.0, 9.0], [9.0, 0.0], [0.0, 5.0], [0.0, 4.0]])
    assert is_below_median(np.array([-1.0, -1.0]), others)
    assert not is_below_median(np.array([4.0, 4.0]), others)
