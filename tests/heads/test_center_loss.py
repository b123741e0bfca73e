import pytest
import torch

from facesearch.heads.center_loss import WithCenterLoss
from facesearch.heads.softmax import Softmax


def test_the_loss_is_the_heads_and_half_the_squared_distance() -> None:
    torch.manual_seed(0)
    inner = Softmax(3, 2).double()
    head = WithCenterLoss(inner, 3, 2, weight=0.1).double().eval()
    head.means.copy_(torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))
    faces, labels = torch.randn(4, 3, dtype=torch.float64), torch.tensor([0, 1, 1, 0])
    pull = 0.0
    for face, label in zip(faces.tolist(), labels.tolist(), strict=True):
        pull += sum((a - b) ** 2 for a, b in zip(face, head.means[label].tolist(), strict=True)) / 2
    expected = inner.loss(faces, labels).item() + 0.1 * pull / 4
    assert head.loss(faces, labels).item() == pytest.approx(expected, rel=1e-9)


def test_a_mean_moves_by_the_rule_of_the_paper() -> None:
    head = WithCenterLoss(Softmax(1, 3), 1, 3, weight=1.0)
    head.loss(torch.tensor([[3.0], [6.0], [4.0]]), torch.tensor([0, 0, 1]))
    # 0.5 * (3 + 6) / (1 + 2) and 0.5 * 4 / (1 + 1); nobody of identity 2 was there
    assert head.means.flatten().tolist() == pytest.approx([1.5, 1.0, 0.0])


def test_faces_that_stay_are_found_by_their_mean() -> None:
    head = WithCenterLoss(Softmax(2, 2), 2, 2, weight=1.0)
    faces, labels = torch.tensor([[1.0, 5.0], [-2.0, 3.0]]), torch.tensor([0, 1])
    for _ in range(60):
        head.loss(faces, labels)
    torch.testing.assert_close(head.means, faces, atol=1e-3, rtol=0)
