import numpy as np
import pytest
from drawn_faces import drawn_faces

from facesearch.data.box import WHOLE, Box
from facesearch.data.geometry.gradients import (
    correlation,
    correlation_in,
    gradients_in,
    shared_part,
)


def grey(seed: int = 0, box: Box = WHOLE) -> np.ndarray:
    mean: np.ndarray = drawn_faces(30, box, seed)[..., 0].mean(0)
    return mean


def slow_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Of two fields [2, G, G], place by place."""
    product = energy_first = energy_second = 0.0
    for row in range(first.shape[1]):
        for column in range(first.shape[2]):
            a, b = first[:, row, column], second[:, row, column]
            product += a[0] * b[0] + a[1] * b[1]
            energy_first += a[0] ** 2 + a[1] ** 2
            energy_second += b[0] ** 2 + b[1] ** 2
    return float(product / (energy_first * energy_second) ** 0.5)


def test_correlation_is_that_of_all_gradients() -> None:
    one, other = gradients_in(grey(0), WHOLE, 24), gradients_in(grey(1), WHOLE, 24)
    inside = one.inside * other.inside
    slow = slow_correlation(
        np.stack([one.across, one.down]) * inside, np.stack([other.across, other.down]) * inside
    )
    assert correlation(one, other) == pytest.approx(slow)


def test_light_and_contrast_change_nothing() -> None:
    assert correlation_in(grey(), 30 + 0.4 * grey()) == pytest.approx(1)
    assert correlation_in(grey(), -grey()) == pytest.approx(-1)


def test_a_flat_image_is_alike_to_nothing() -> None:
    assert correlation_in(grey(), np.ones((48, 48))) == 0


def test_a_ramp_has_the_same_gradient_everywhere_inside() -> None:
    ramp = np.tile(np.arange(48.0), (48, 1))
    found = gradients_in(ramp, Box(0.25, 0.25, 0.75, 0.75), 24)
    # a pixel of this grid is one of the image, and the difference is over two
    assert found.across[found.inside > 0] == pytest.approx(2.0)
    assert found.down[found.inside > 0] == pytest.approx(0.0, abs=1e-9)


def test_outside_of_the_image_there_is_nothing() -> None:
    found = gradients_in(grey(), Box(0.5, 0.0, 1.5, 1.0), 24)
    assert found.inside[:, 12:].sum() == 0 and found.inside[2:-2, 2:9].all()
    assert found.across[:, 12:].any() == np.False_


@pytest.mark.parametrize(
    ("box", "part"),
    [(WHOLE, 1.0), (Box(0.5, 0.0, 1.5, 1.0), 0.5), (Box(-0.5, -0.5, 1.5, 1.5), 1.0)],
)
def test_the_shared_part_is_of_the_smaller_image(box: Box, part: float) -> None:
    fixed = gradients_in(grey(), WHOLE, 192)
    # the outermost pixels have no gradient
    found = shared_part(fixed, gradients_in(grey(), box, 192), box.side)
    assert found == pytest.approx(part, abs=0.1)
