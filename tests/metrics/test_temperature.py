import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facesearch.metrics.temperature import best_class, class_calibration_error, fit_temperature


def slow_loss(rows: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    total = 0.0
    for row, label in zip(rows.tolist(), labels.tolist(), strict=True):
        weights = [math.exp(value / temperature) for value in row]
        total -= math.log(weights[label] / sum(weights))
    return total / len(rows)


def world(sharpness: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose labels are drawn from their softmax, then stated too sharply, or too flat."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (count, 6))
    noise = rng.gumbel(size=logits.shape)
    return logits * sharpness, (logits + noise).argmax(1)


@pytest.mark.parametrize("sharpness", [0.2, 1.0, 3.0, 12.0])
def test_the_temperature_of_a_known_world_is_found(sharpness: float) -> None:
    rows, labels = world(sharpness)
    found = fit_temperature(rows, labels)
    assert found == pytest.approx(sharpness, rel=0.08)
    losses = [slow_loss(rows[:300], labels[:300], t) for t in (1.0, 0.5, 2.0)]
    best = fit_temperature(rows[:300], labels[:300])
    assert slow_loss(rows[:300], labels[:300], best) <= min(losses) + 1e-6
    best_before, chance_before = best_class(rows, 1.0)
    best_after, chance = best_class(rows, found)
    np.testing.assert_array_equal(best_before, best_after)
    after = class_calibration_error(chance, best_after == labels)
    assert after < 0.03
    if sharpness != 1.0:
        assert class_calibration_error(chance_before, best_before == labels) > 0.1


def test_what_cannot_be_fitted_is_refused_and_a_perfect_model_stays_finite() -> None:
    for shape in ((0, 3), (4, 1)):
        with pytest.raises(ValueError, match="needs faces of two classes"):
            fit_temperature(np.zeros(shape), np.zeros(shape[0], np.int64))
    perfect = np.log(np.eye(5) + 1e-9)
    assert 0.02 <= fit_temperature(perfect, np.arange(5)) < 1.0
    assert 1.0 < fit_temperature(perfect, np.roll(np.arange(5), 1)) <= 50.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_the_error_is_that_of_a_slow_loop(rows: list[tuple[float, bool]]) -> None:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for chance, hit in rows:
        bins.setdefault(min(int(chance * 15), 14), []).append((chance, hit))
    slow = sum(
        abs(sum(c for c, _ in part) / len(part) - sum(h for _, h in part) / len(part)) * len(part)
        for part in bins.values()
    ) / len(rows)
    found = class_calibration_error(np.array([c for c, _ in rows]), np.array([h for _, h in rows]))
    assert found == pytest.approx(slow, abs=1e-9)
    assert math.isnan(class_calibration_error(np.empty(0), np.empty(0, bool)))
