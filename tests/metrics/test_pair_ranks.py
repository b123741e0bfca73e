from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from facesearch.metrics import verification
from facesearch.metrics.pair_ranks import NUM_BINS, PairRanks, bin_index, rank_scores

FARS = (0.0, 1e-3, 0.01, 1 / 30, 0.1, 0.5, 1.0)


def drawn(seed: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores with many ties for few levels, and none for many."""
    rng = np.random.default_rng(seed)
    genuine = np.rint(rng.normal(0.4, 0.2, 60).clip(-1, 1) * levels) / levels
    impostor = np.rint(rng.normal(0.0, 0.2, 300).clip(-1, 1) * levels) / levels
    return genuine.astype(np.float32), impostor.astype(np.float32)


def slow_equal_error(genuine: np.ndarray, impostor: np.ndarray) -> Fraction:
    rates = []
    for threshold in [-2.0, *sorted({*genuine.tolist(), *impostor.tolist()})]:
        frr = Fraction(sum(s <= threshold for s in genuine.tolist()), len(genuine))
        far = Fraction(sum(s > threshold for s in impostor.tolist()), len(impostor))
        rates.append((frr, far))
    frr, far = min(rates, key=lambda pair: abs(pair[0] - pair[1]))
    return (frr + far) / 2


small_scores = st.lists(st.integers(-4, 4).map(lambda i: i / 4), min_size=1, max_size=12).map(
    lambda values: np.array(values, dtype=np.float32)
)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("levels", [5, 40, 10**6])
def test_figures_are_those_of_scikit_learn_and_of_verification(seed: int, levels: int) -> None:
    genuine, impostor = drawn(seed, levels)
    ranks = rank_scores(genuine, impostor)
    is_same = np.arange(360) < 60
    scores = np.concatenate([genuine, impostor])
    far_T, tar_T, _ = roc_curve(is_same, scores, drop_intermediate=False)
    for far in FARS:
        assert ranks.tar_at_far(far) == pytest.approx(tar_T[far_T <= far + 1e-12].max())
        assert ranks.tar_at_far(far) == verification.tar_at_far(genuine, impostor, far)
    assert ranks.auc() == pytest.approx(roc_auc_score(is_same, scores))
    assert ranks.eer() == pytest.approx(float(slow_equal_error(genuine, impostor)))


@settings(deadline=None, max_examples=40)
@given(small_scores, small_scores)
def test_ranks_counts_and_equal_error_of_any_scores(
    genuine: np.ndarray, impostor: np.ndarray
) -> None:
    ranks = rank_scores(genuine, impostor)
    for score, below, equal in zip(
        ranks.genuine_G, ranks.impostors_below_G, ranks.impostors_equal_G, strict=True
    ):
        assert below == (impostor < score).sum() and equal == (impostor == score).sum()
    assert ranks.eer() == pytest.approx(float(slow_equal_error(genuine, impostor)))
    frr, far = ranks.frr_far_at(ranks.eer_threshold())
    # all scores are edges of bins, where the bound is the rate; but -1 shares the first bin
    if ranks.eer_threshold() > -1:
        assert (frr + far) / 2 == pytest.approx(ranks.eer())
    assert (frr + far) / 2 >= ranks.eer() - 1e-12
    assert ranks.impostor_counts_B.sum() == len(impostor)
    assert ranks.genuine_counts_B.sum() == len(genuine)


@settings(deadline=None, max_examples=25)
@given(small_scores, small_scores, st.lists(st.floats(0, 1), min_size=2, max_size=3))
def test_tar_rises_with_far_and_its_threshold_keeps_to_both(
    genuine: np.ndarray, impostor: np.ndarray, fars: list[float]
) -> None:
    ranks = rank_scores(genuine, impostor)
    tars = [ranks.tar_at_far(far) for far in sorted(fars)]
    assert tars == sorted(tars) and 0 <= tars[0] <= tars[-1] <= 1
    for far, tar in zip(sorted(fars), tars, strict=True):
        threshold = ranks.threshold_at_far(far)
        assert np.mean(impostor > threshold) <= far + 1e-9
        assert np.mean(genuine > threshold) == pytest.approx(tar)
        frr, far_there = ranks.frr_far_at(threshold)
        assert frr == pytest.approx(1 - tar) and np.mean(impostor > threshold) <= far_there


@settings(deadline=None, max_examples=12)
@given(small_scores, small_scores, st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(
    genuine: np.ndarray, impostor: np.ndarray, random: Random
) -> None:
    one = rank_scores(genuine, impostor)
    mixed = [np.array(random.sample(s.tolist(), len(s))) for s in (genuine, impostor)]
    assert_equal_ranks(rank_scores(*mixed), one)


def assert_equal_ranks(one: PairRanks, two: PairRanks) -> None:
    for name in PairRanks.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


def test_the_bound_of_far_is_within_a_bin() -> None:
    genuine, impostor = drawn(0, 10**6)
    ranks = rank_scores(genuine, impostor)
    for threshold in (-1.0, -0.1, 0.05, 0.2, 0.9, 1.0, 2.0):
        frr, far = ranks.frr_far_at(threshold)
        assert frr == np.mean(genuine <= threshold)
        within = np.mean(impostor > threshold - 2.0**-19)
        assert np.mean(impostor > threshold) <= far <= within


def test_a_rate_needs_an_impostor_to_be_measured() -> None:
    ranks = rank_scores(np.ones(2), np.zeros(3000))
    assert ranks.is_measurable(1 / 3000) and ranks.is_measurable(0.001)
    assert not ranks.is_measurable(1e-4)


def test_the_roc_holds_exact_points() -> None:
    genuine, impostor = drawn(1, 40)
    ranks = rank_scores(genuine, impostor)
    far_R, tar_R = ranks.roc(50)
    assert far_R[0] == pytest.approx(1 / 300) and far_R[-1] == 1 and tar_R[-1] == 1
    assert [ranks.tar_at_far(far) for far in far_R] == tar_R.tolist()


def test_equal_scores_are_worth_nothing() -> None:
    ranks = rank_scores(np.full(5, 0.5), np.full(9, 0.5))
    assert ranks.tar_at_far(0.5) == 0 and ranks.auc() == 0.5 and ranks.eer() == 0.5


@pytest.mark.parametrize("genuine, impostor", [([], [0.1]), ([0.1], []), ([], [])])
def test_a_missing_kind_of_pair_is_nan(genuine: list[float], impostor: list[float]) -> None:
    ranks = rank_scores(np.array(genuine), np.array(impostor))
    figures = (ranks.tar_at_far(0.1), ranks.auc(), ranks.eer(), ranks.eer_threshold())
    assert np.isnan([*figures, ranks.threshold_at_far(0.1), *ranks.frr_far_at(0.0)]).all()
    assert len(ranks.roc()[0]) == 0


def test_what_is_no_cosine_is_refused() -> None:
    with pytest.raises(ValueError, match="genuine scores must be cosines"):
        rank_scores(np.array([0.5, np.nan]), np.zeros(2))
    with pytest.raises(ValueError, match="impostor scores must be cosines"):
        rank_scores(np.zeros(2), np.array([7.0]))


def test_bins_reach_from_minus_one_to_one() -> None:
    half = NUM_BINS // 2
    bins = bin_index(np.array([-1.0, -1 + 2.0**-19, -1 + 2.0**-18, 0.0, 1e-30, 1.0]))
    assert bins.tolist() == [0, 0, 1, half - 1, half, NUM_BINS - 1]
