import pytest
import torch
from head_reference import cross_entropy

from facesearch.heads.softmax import Softmax


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_the_loss_equals_the_reference(label_smoothing: float) -> None:
    torch.manual_seed(0)
    head = Softmax(4, 3, label_smoothing=label_smoothing).double()
    faces, labels = torch.randn(5, 4, dtype=torch.float64), [0, 1, 2, 1, 0]
    weight, bias = head.linear.weight.tolist(), head.linear.bias.tolist()
    logits = [
        [
            sum(a * b for a, b in zip(face, w, strict=True)) + c
            for w, c in zip(weight, bias, strict=True)
        ]
        for face in faces.tolist()
    ]
    found = head.loss(faces, torch.tensor(labels)).item()
    assert found == pytest.approx(cross_entropy(logits, labels, label_smoothing), rel=1e-9)
