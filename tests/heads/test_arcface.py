import math

import pytest
import torch
from head_reference import arcface_target, cosine, cross_entropy

from facesearch.heads.arcface import ArcFace, add_angular_margin

GRID = [i / 50 for i in range(-50, 51)]


@pytest.mark.parametrize("margin_rad", [0.0, 0.1, 0.5, 1.0, 2.0, 3.1])
def test_the_margin_equals_the_paper(margin_rad: float) -> None:
    cos = torch.tensor(GRID, dtype=torch.float64)
    expected = [arcface_target(c, margin_rad) for c in GRID]
    found = add_angular_margin(cos, margin_rad)
    # the guarded square root is off by sqrt(1e-10) at cos = +-1
    torch.testing.assert_close(found, torch.tensor(expected).double(), atol=1.1e-5, rtol=0)


@pytest.mark.parametrize("margin_rad", [-0.9, -0.4, 0.0, 0.3, 0.5, 1.5, 2.33])
def test_the_target_rises_with_the_cosine_everywhere(margin_rad: float) -> None:
    cos = torch.linspace(-1, 1, 4001, dtype=torch.float64)
    assert (add_angular_margin(cos, margin_rad).diff() > -1e-9).all()


def test_rounding_past_one_is_harmless() -> None:
    cos = torch.tensor([1.0001, -1.0001], requires_grad=True)
    add_angular_margin(cos, 0.5).sum().backward()
    assert cos.grad is not None and torch.isfinite(cos.grad).all()


def test_the_loss_equals_the_reference() -> None:
    torch.manual_seed(0)
    head = ArcFace(4, 3, scale=16.0, margin_rad=0.4).double()
    faces, labels = torch.randn(5, 4, dtype=torch.float64), [0, 1, 2, 1, 0]
    centres = head.centres.weight.tolist()
    logits = []
    for face, label in zip(faces.tolist(), labels, strict=True):
        row = [cosine(face, centre) for centre in centres]
        row[label] = arcface_target(row[label], 0.4)
        logits.append([16.0 * value for value in row])
    found = head.loss(faces, torch.tensor(labels)).item()
    assert found == pytest.approx(cross_entropy(logits, labels), rel=1e-9)


@pytest.mark.parametrize("margin_rad", [28.6, -0.1, math.pi])
def test_a_margin_outside_is_refused(margin_rad: float) -> None:
    with pytest.raises(ValueError, match="must be in"):
        ArcFace(4, 3, margin_rad=margin_rad)


def test_the_gradient_is_that_of_the_formula_and_not_straight_through() -> None:
    # code that moves the angle under no_grad gives exactly the scale, 64.0
    cos = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    (64 * add_angular_margin(cos, 0.5)).backward()  # type: ignore[no-untyped-call]
    assert cos.grad is not None and cos.grad.item() == pytest.approx(65.81, abs=0.01)


def test_half_a_radian_is_no_half_degree() -> None:
    moved = add_angular_margin(torch.tensor([0.3]).double(), 0.5)
    assert math.degrees(moved.acos().item() - math.acos(0.3)) == pytest.approx(28.65, abs=0.01)
