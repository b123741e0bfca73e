import math

import pytest
import torch
from head_reference import arcface_target, cosine, cross_entropy, norm

from facesearch.heads.magface import MagFace


def test_the_loss_equals_the_reference() -> None:
    torch.manual_seed(0)
    settings = {"norm_low": 0.5, "norm_high": 1.5, "margin_low_rad": 0.2, "margin_rise_rad": 0.4}
    head = MagFace(4, 3, scale=9.0, norm_weight=20.0, **settings).double()
    faces, labels = 1.5 * torch.randn(6, 4, dtype=torch.float64), [0, 1, 2, 1, 0, 2]
    logits, pull = [], 0.0
    for face, label in zip(faces.tolist(), labels, strict=True):
        a = min(max(norm(face) / math.sqrt(4), 0.5), 1.5)
        row = [cosine(face, centre) for centre in head.centres.weight.tolist()]
        row[label] = arcface_target(row[label], 0.2 + 0.4 * (a - 0.5) / 1.0)
        logits.append([9.0 * value for value in row])
        pull += a / 1.5**2 + 1 / a
    expected = cross_entropy(logits, labels) + 20.0 * pull / 6
    assert head.loss(faces, torch.tensor(labels)).item() == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("length", [0.3, 1.0, 2.0])
def test_an_easy_face_is_pulled_to_a_larger_norm(length: float) -> None:
    # 0.3 / sqrt(2) is below the norm of the least margin
    head = MagFace(2, 2, scale=64.0).double()
    head.centres.weight.data = torch.eye(2).double()
    face = torch.tensor([[length, 0.01]], dtype=torch.float64, requires_grad=True)
    head.loss(face, torch.tensor([0])).backward()  # type: ignore[no-untyped-call]
    assert face.grad is not None and face.grad[0, 0] < 0
    assert math.isfinite(face.grad[0, 0])
