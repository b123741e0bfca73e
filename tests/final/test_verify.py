import numpy as np
import pytest

from facesearch.final.verify import fraction


def test_a_fraction_has_its_interval_and_its_count() -> None:
    figure = fraction(np.array([True] * 143 + [False] * 57))
    assert figure.value == pytest.approx(0.715) and figure.num_faces == 200
    assert str(figure) == "0.715 [0.649, 0.773] of 200"
