import numpy as np
import pytest
from every_pair import pair_scores

from facesearch.metrics.verification import (
    auc,
    equal_error_rate,
    tar_at_far,
    unit_rows,
)


def scores(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)  # few distinct values, so many ties
    return rng.integers(3, 12, 40) / 12, rng.integers(0, 9, 300) / 12


def slow_tar(genuine: np.ndarray, impostor: np.ndarray, far: float) -> float:
    best = 0.0
    for threshold in [*impostor, *genuine, -1.0]:
        if np.mean([s > threshold for s in impostor]) <= far + 1e-12:
            best = max(best, float(np.mean([s > threshold for s in genuine])))
    return best


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("far", [0.0, 0.001, 0.01, 0.1, 0.5, 1.0])
def test_tar_equals_a_search_over_all_thresholds(seed: int, far: float) -> None:
    genuine, impostor = scores(seed)
    assert tar_at_far(genuine, impostor, far) == pytest.approx(slow_tar(genuine, impostor, far))


@pytest.mark.parametrize("seed", range(5))
def test_auc_equals_counting_all_pairs(seed: int) -> None:
    genuine, impostor = scores(seed)
    wins = [(g > i) + 0.5 * (g == i) for g in genuine for i in impostor]
    assert auc(genuine, impostor) == pytest.approx(np.mean(wins))


@pytest.mark.parametrize("seed", range(5))
def test_eer_equals_a_search_over_all_thresholds(seed: int) -> None:
    genuine, impostor = scores(seed)
    rates = [
        (float(np.mean(genuine <= t)), float(np.mean(impostor > t)))
        for t in sorted({-1.0, *genuine, *impostor})
    ]
    frr, far = min(rates, key=lambda pair: abs(pair[0] - pair[1]))
    assert equal_error_rate(genuine, impostor) == pytest.approx((frr + far) / 2)


def test_equal_scores_are_worth_nothing() -> None:
    same = np.full(50, 0.5)
    assert tar_at_far(same, same, 1e-3) == 0.0
    assert auc(same, same) == 0.5


def test_a_missing_kind_of_pair_is_nan() -> None:
    nothing, some = np.empty(0), np.ones(3)
    assert np.isnan(tar_at_far(nothing, some, 0.1)) and np.isnan(auc(some, nothing))
    assert np.isnan(equal_error_rate(nothing, some))


def test_the_order_of_faces_and_pairs_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    vectors, identities, order = rng.normal(size=(40, 5)), np.arange(40) % 8, rng.permutation(40)
    one = pair_scores(vectors, identities)
    two = pair_scores(vectors[order], identities[order])
    for measure in (auc, equal_error_rate, lambda g, i: tar_at_far(g, i, 0.05)):
        assert measure(*one) == pytest.approx(measure(*two))
        assert 0 <= measure(*one) <= 1


def test_rows_of_any_finite_length_become_unit_rows() -> None:
    rows = np.array([[3e38, -4e37], [3e-12, 4e-12], [0.0, 0.0], [3.0, 4.0]], dtype=np.float32)
    lengths = np.linalg.norm(unit_rows(rows).astype(np.float64), axis=1)
    assert lengths == pytest.approx([1, 1, 0, 1], abs=1e-6) and unit_rows(rows).dtype == np.float32
