import math

import pytest
import torch
from head_reference import cosine, uniface_face

from facesearch.heads.uniface import UniFace


def test_the_loss_equals_the_reference() -> None:
    torch.manual_seed(0)
    head = UniFace(4, 3, scale=9.0, margin_cos=0.3, negative_weight=0.7).double()
    faces, labels = torch.randn(5, 4, dtype=torch.float64), [0, 1, 2, 1, 0]
    total = 0.0
    for face, label in zip(faces.tolist(), labels, strict=True):
        row = [cosine(face, centre) for centre in head.centres.weight.tolist()]
        total += uniface_face(row, label, 9.0, 0.3, head.bias.item(), 0.7)
    found = head.loss(faces, torch.tensor(labels)).item()
    assert found == pytest.approx(total / 5, rel=1e-8)


def test_at_the_start_the_strangers_together_cost_a_tenth() -> None:
    head = UniFace(2, 7000)
    assert head.bias.item() == pytest.approx(11.16, abs=0.01)
    assert 7000 * math.log1p(math.exp(-head.bias.item())) == pytest.approx(0.1, abs=1e-3)
