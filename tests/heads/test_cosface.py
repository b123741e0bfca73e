import pytest
import torch
from head_reference import cosine, cross_entropy

from facesearch.heads.cosface import CosFace


def test_the_loss_equals_the_reference() -> None:
    torch.manual_seed(0)
    head = CosFace(4, 3, scale=20.0, margin_cos=0.35).double()
    faces, labels = torch.randn(5, 4, dtype=torch.float64), [0, 1, 2, 1, 0]
    logits = [[20 * cosine(f, c) for c in head.centres.weight.tolist()] for f in faces.tolist()]
    for row, label in zip(logits, labels, strict=True):
        row[label] -= 20 * 0.35
    found = head.loss(faces, torch.tensor(labels)).item()
    assert found == pytest.approx(cross_entropy(logits, labels), rel=1e-9)
