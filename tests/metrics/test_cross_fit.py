import numpy as np
import pytest

from facesearch.metrics.cross_fit import cross_fit


def test_each_fold_is_judged_by_what_the_others_say() -> None:
    rng = np.random.default_rng(0)
    score, folds = rng.random(60), rng.integers(0, 4, 60)
    is_same = score + 0.3 * rng.normal(size=60) > 0.5
    seen: list[list[bool]] = []

    def fit(is_used: np.ndarray) -> float:
        seen.append(is_used.tolist())
        return float(score[is_used].mean())

    found = cross_fit(folds, fit, lambda threshold: (score > threshold) == is_same)
    assert seen == [(folds != fold).tolist() for fold in range(4)]
    for p in range(60):
        threshold = np.mean([s for s, f in zip(score, folds, strict=True) if f != folds[p]])
        assert found.is_right_P[p] == ((score[p] > threshold) == is_same[p])


def test_the_variance_is_the_jackknifes_over_folds() -> None:
    score, folds = np.array([0.1, 0.4, 0.5, 0.9, 0.2, 0.8]), np.array([0, 0, 1, 1, 2, 2])
    is_same = np.array([False, True, False, True, True, True])
    found = cross_fit(
        folds, lambda is_used: float(score[is_used].min()),
        lambda threshold: (score > threshold) == is_same,
    )  # fmt: skip
    by = [np.mean((score > t) == is_same) for t in (0.2, 0.1, 0.1)]
    assert found.threshold_variance == pytest.approx(2 / 3 * sum((np.array(by) - np.mean(by)) ** 2))


def test_a_threshold_that_does_not_move_adds_nothing() -> None:
    found = cross_fit(np.arange(10), lambda _: 0.5, lambda threshold: np.arange(10) > threshold)
    assert found.threshold_variance == 0 and found.is_right_P.sum() == 9
