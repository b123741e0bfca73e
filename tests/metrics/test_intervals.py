import numpy as np
import pytest

from facesearch.metrics.intervals import wilson


def test_a_published_interval() -> None:
    # 200 queries at 0.715, the example of the course: about 6.3 points either side
    low, high = wilson(143, 200)
    assert (low, high) == (pytest.approx(0.649, abs=1e-3), pytest.approx(0.773, abs=1e-3))


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = [
        low <= 0.1 <= high
        for low, high in (wilson(int(k), 80) for k in rng.binomial(80, 0.1, 4000))
    ]
    assert 0.93 < np.mean(covered) < 0.975


def test_it_stays_inside() -> None:
    assert wilson(0, 10)[0] == 0.0 and wilson(10, 10)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)
