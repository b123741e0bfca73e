import pytest
import torch
from head_reference import cosine, cross_entropy, curricular_row

from facesearch.heads.curricularface import CurricularFace


def test_the_loss_equals_the_reference_and_t_follows_the_true_cosines() -> None:
    torch.manual_seed(0)
    head = CurricularFace(4, 6, scale=9.0, margin_rad=0.5, ema=0.1).double()
    labels, t = [0, 1, 2, 3, 4, 5], 0.0
    for _ in range(3):
        faces = torch.randn(6, 4, dtype=torch.float64)
        rows = [
            [cosine(face, centre) for centre in head.centres.weight.tolist()]
            for face in faces.tolist()
        ]
        true = [row[label] for row, label in zip(rows, labels, strict=True)]
        t = 0.9 * t + 0.1 * sum(true) / 6
        logits = [
            [9.0 * value for value in curricular_row(row, label, 0.5, t)]
            for row, label in zip(rows, labels, strict=True)
        ]
        found = head.loss(faces, torch.tensor(labels)).item()
        assert found == pytest.approx(cross_entropy(logits, labels), rel=1e-6)
    assert head.t.item() == pytest.approx(t, rel=1e-6)


def test_a_broken_batch_leaves_t_alone() -> None:
    head = CurricularFace(4, 3)
    head.loss(torch.full((2, 4), float("nan")), torch.tensor([0, 1]))
    assert head.t.item() == 0.0
