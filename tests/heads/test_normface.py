import pytest
import torch
from head_reference import cosine, cross_entropy

from facesearch.heads.normface import NormFace


def test_the_loss_equals_the_reference() -> None:
    torch.manual_seed(0)
    head = NormFace(4, 3, scale=12.0).double()
    faces, labels = torch.randn(5, 4, dtype=torch.float64), [0, 1, 2, 1, 0]
    logits = [[12 * cosine(f, c) for c in head.centres.weight.tolist()] for f in faces.tolist()]
    found = head.loss(faces, torch.tensor(labels)).item()
    assert found == pytest.approx(cross_entropy(logits, labels), rel=1e-9)


def test_the_length_of_an_embedding_does_not_matter() -> None:
    head, faces = NormFace(4, 3), torch.randn(5, 4)
    torch.testing.assert_close(head.scores(faces), head.scores(7 * faces))
