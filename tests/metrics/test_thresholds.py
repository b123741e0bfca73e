import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from facesearch.metrics import verification
from facesearch.metrics.thresholds import (
    Calibration,
    best_threshold,
    expected_calibration_error,
    fit_calibration,
    fit_threshold,
    smallest_threshold,
    ten_fold_accuracy,
)

score_lists = st.lists(st.floats(-1, 1, width=32), max_size=10).map(
    lambda values: np.array(values, dtype=np.float32)
)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.4, 0.15, 80).clip(-1, 1), rng.normal(0.0, 0.15, 200).clip(-1, 1)


@settings(deadline=None, max_examples=200)
@given(score_lists, score_lists)
def test_no_threshold_decides_more_pairs_rightly(accept: np.ndarray, reject: np.ndarray) -> None:
    def right(threshold: float) -> int:
        return int((accept > threshold).sum() + (reject <= threshold).sum())

    found = best_threshold(accept, reject)
    assert right(found) == max(right(t) for t in [-2.0, *accept.tolist(), *reject.tolist()])
    wide = accept.astype(np.float64), reject.astype(np.float64)
    assert right(found) == int((wide[0] > found).sum() + (wide[1] <= found).sum())


def test_the_threshold_is_in_the_middle_of_the_widest_best_gap() -> None:
    assert best_threshold(np.array([0.75]), np.array([0.25])) == 0.5
    # equally good: above 0.0 (wide 0.25) and above 0.5 (wide 0.375)
    assert best_threshold(np.array([0.25, 0.875]), np.array([0.0, 0.5])) == 0.6875
    # equally good and equally wide: the middle one of three
    accept = np.array([0.125, 0.375, 0.625])
    assert best_threshold(accept, np.array([0.0, 0.25, 0.5])) == 0.3125
    assert best_threshold(np.empty(0), np.array([0.5])) == 0.75
    assert best_threshold(np.array([-1.0]), np.empty(0)) < -1
    assert best_threshold(np.empty(0), np.array([1.0])) == 1


def test_the_rules() -> None:
    genuine, impostor = drawn(0)
    for far in (0.0, 0.01, 0.1, 1.0):
        threshold = fit_threshold(genuine, impostor, f"far:{far}")
        assert np.mean(impostor > threshold) <= far
        assert np.mean(genuine > threshold) == verification.tar_at_far(genuine, impostor, far)
    threshold = fit_threshold(genuine, impostor, "eer")
    found = (np.mean(genuine <= threshold) + np.mean(impostor > threshold)) / 2
    assert found == pytest.approx(verification.equal_error_rate(genuine, impostor))
    assert fit_threshold(genuine, impostor, "accuracy") == best_threshold(genuine, impostor)
    assert np.isnan(smallest_threshold(np.empty(0), 0.1))


def test_a_rule_needs_pairs_and_a_name() -> None:
    with pytest.raises(ValueError, match="2 genuine and 0 impostor"):
        fit_threshold(np.ones(2), np.empty(0), "eer")
    with pytest.raises(ValueError, match="known: accuracy, eer, far:RATE"):
        fit_threshold(np.ones(2), np.ones(2), "best")


def test_a_fold_is_judged_by_the_threshold_of_the_others() -> None:
    genuine, impostor = drawn(1)
    scores = np.concatenate([genuine, impostor]).astype(np.float32)
    same, folds = np.arange(280) < 80, np.arange(280) % 10
    found = ten_fold_accuracy(scores, same, folds)
    for fold in range(10):
        others = folds != fold
        threshold = best_threshold(scores[others & same], scores[others & ~same])
        assert found[fold] == np.mean((scores > threshold)[~others] == same[~others])
    # turning a fold's own scores round changes its accuracy, not its threshold
    turned = np.where(folds == 3, -scores, scores)
    assert ten_fold_accuracy(turned, same, folds)[3] != found[3]
    with pytest.raises(ValueError, match="two folds"):
        ten_fold_accuracy(scores, same, np.zeros(280))


def test_calibration_is_logistic_regression() -> None:
    genuine, impostor = drawn(2)
    found = fit_calibration(genuine, impostor)
    # targets between 0 and 1 are two weighted pairs each
    scores, hits = np.concatenate([genuine, impostor]), np.arange(280) < 80
    target = np.where(hits, 81 / 82, 1 / 202)
    weight = np.where(hits, 0.5 / 80, 0.5 / 200)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    model.fit(
        np.concatenate([scores, scores])[:, None],
        np.arange(560) < 280,
        sample_weight=1000 * np.concatenate([weight * target, weight * (1 - target)]),
    )
    assert found.slope == pytest.approx(float(model.coef_[0, 0]), rel=1e-3)
    assert found.offset == pytest.approx(float(model.intercept_[0]), rel=1e-3)


def test_calibration_counts_kinds_not_pairs() -> None:
    rng = np.random.default_rng(3)
    genuine, impostor = rng.normal(0.4, 0.1, 4000), rng.normal(0.0, 0.1, 40_000)
    found = fit_calibration(genuine, impostor)
    # two normal distributions of one width: slope d / s^2, and a chance of 1/2 halfway
    assert found.slope == pytest.approx(40, rel=0.05)
    assert found.probability(np.array([0.2]))[0] == pytest.approx(0.5, abs=0.03)
    chance = found.probability(np.concatenate([genuine, impostor]))
    error, rows = expected_calibration_error(chance, np.arange(44_000) < 4000)
    assert error < 0.01 and sum(row["pairs"] for row in rows) == 44_000
    rare = fit_calibration(genuine, impostor, prior=0.01).probability(np.array([0.2]))[0]
    assert rare == pytest.approx(0.01, abs=0.005)


@pytest.mark.parametrize("gap", [0.5, 1e-6, 0.0])
@pytest.mark.parametrize("count", [1, 3, 50_000])
def test_separable_and_equal_scores_stay_finite_and_rising(gap: float, count: int) -> None:
    found = fit_calibration(np.full(count, 0.3 + gap), np.full(count, 0.3))
    assert np.isfinite([found.slope, found.offset]).all() and found.slope >= 0
    chance = found.probability(np.linspace(-1, 1, 50))
    assert (np.diff(chance) >= 0).all() and ((chance >= 0) & (chance <= 1)).all()
    if gap:
        ends = found.probability(np.array([0.3, 0.3 + gap]))
        expected = [1 / (count + 2), (count + 1) / (count + 2)]
        assert ends.tolist() == pytest.approx(expected, rel=1e-3)


def test_scores_that_fall_give_no_chance_that_falls() -> None:
    found = fit_calibration(np.array([0.1, 0.2]), np.array([0.8, 0.9]))
    assert found == Calibration(slope=0.0, offset=pytest.approx(0.0))


def test_calibration_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="0 genuine, 2 impostor"):
        fit_calibration(np.empty(0), np.ones(2))
    with pytest.raises(ValueError, match="prior must be in"):
        fit_calibration(np.ones(2), np.ones(2), prior=1.0)


def test_the_calibration_error_by_hand() -> None:
    chance, same = np.array([0.95, 0.95, 0.95, 0.05]), np.array([True, True, False, False])
    error, rows = expected_calibration_error(chance, same, num_bins=10)
    # weights 1/4 each; of the high bin 2/3 came true, of the low one nothing
    assert error == pytest.approx(0.75 * (0.95 - 2 / 3) + 0.25 * 0.05)
    assert [row["pairs"] for row in rows] == [1, 3] and rows[1]["true"] == pytest.approx(2 / 3)
    assert rows[1]["stated"] == pytest.approx(0.95) and (rows[1]["from"], rows[1]["to"]) == (0.9, 1)
    assert np.isnan(expected_calibration_error(np.ones(2), np.ones(2, dtype=bool))[0])
