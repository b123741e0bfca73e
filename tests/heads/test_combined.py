import math

import pytest
import torch
from head_reference import arcface_target, combined_target

from facesearch.heads.combined import Combined, combine_margins


@pytest.mark.parametrize(
    "margins", [(1.0, 0.3, 0.2), (0.9, 0.4, 0.15), (1.35, 0.0, 0.0), (2.0, 1.0, 0.1)]
)
def test_the_target_equals_the_reference_and_falls_in_the_angle(
    margins: tuple[float, float, float],
) -> None:
    cosines = [math.cos(math.pi * (i + 0.5) / 997) for i in range(997)]
    found = combine_margins(torch.tensor(cosines, dtype=torch.float64), *margins)
    expected = [combined_target(c, *margins) for c in cosines]
    torch.testing.assert_close(found, torch.tensor(expected).double(), atol=1e-6, rtol=0)
    assert (found.diff() < 1e-9).all()


def test_the_added_angle_counts_when_a_cosine_is_subtracted_too() -> None:
    # widespread code drops m2 as soon as m3 is set: 0.1 would come out
    found = combine_margins(torch.tensor([0.3]).double(), 1.0, 0.3, 0.2)
    assert found.item() == pytest.approx(math.cos(math.acos(0.3) + 0.3) - 0.2)
    assert found.item() == pytest.approx(-0.195, abs=1e-3)


def test_a_factor_without_a_cosine_margin_works() -> None:
    # the same code raises here
    head = Combined(4, 3, margin_factor=1.35, margin_rad=0.0, margin_cos=0.0)
    assert torch.isfinite(head.loss(torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])))


def test_with_the_angle_alone_it_is_arcface_up_to_pi() -> None:
    cosines = [math.cos(a / 100) for a in range(1, int(100 * (math.pi - 0.5)))]
    found = combine_margins(torch.tensor(cosines).double(), 1.0, 0.5, 0.0).tolist()
    assert found == pytest.approx([arcface_target(c, 0.5) for c in cosines], abs=1e-6)
