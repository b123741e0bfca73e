import numpy as np
import pytest

from facesearch.metrics.resampling import draw_weights, tar_of_weights, unit_numbers, variances
from facesearch.metrics.verification import tar_at_far


def test_each_stranger_is_a_person() -> None:
    numbers, count = unit_numbers(np.array([7, -1, 3, 7, -1, -4]))
    assert numbers.tolist() == [1, 2, 0, 1, 3, 4] and count == 5
    assert unit_numbers(np.empty(0, dtype=int))[1] == 0


def test_draws_are_with_replacement_and_repeat_with_the_seed() -> None:
    weights = np.array(list(draw_weights(6, 3000, seed=1)))
    assert (weights.sum(axis=1) == 6).all() and weights.max() > 1
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.08)
    np.testing.assert_allclose(weights.var(axis=0), 5 / 6, atol=0.1)
    assert (np.array(list(draw_weights(6, 3000, seed=1))) == weights).all()
    assert len(next(draw_weights(0, 1, seed=0))) == 0
    with pytest.raises(ValueError, match="at least 1"):
        next(draw_weights(3, 0, seed=0))


def test_draws_without_a_figure_are_left_out() -> None:
    figures = np.array([[1.0, np.nan, np.nan], [np.nan, np.nan, 2.0], [3.0, np.nan, np.nan]])
    some, none, one = variances(figures)
    assert some == pytest.approx(2.0) and np.isnan([none, one]).all()


@pytest.mark.parametrize("seed", range(4))
def test_weights_are_repeats(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genuine, impostor = np.sort(rng.integers(3, 12, 20)), np.sort(rng.integers(0, 9, 50))
    times, others = rng.integers(0, 3, 20), rng.integers(0, 3, 50)
    fars = (0.0, 0.02, 0.1, 0.5, 1.0)
    found = tar_of_weights(
        times.astype(float),
        float(times.sum()),
        np.append(0.0, np.cumsum(others)),
        np.searchsorted(impostor, genuine, side="left"),
        fars,
    )
    repeated = np.repeat(genuine, times), np.repeat(impostor, others)
    assert found == pytest.approx([tar_at_far(*repeated, far) for far in fars])
