from typing import Any

import pytest
import torch
from head_reference import circle_loss, multi_similarity_loss, supcon_loss, triplet_loss

from facesearch.heads.pairs import Circle, MultiSimilarity, PairHead, SupCon, Triplet

LABELS = [0, 0, 1, 1, 2, 2]


def faces() -> torch.Tensor:
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize(
    ("head", "reference", "numbers"),
    [
        (Triplet(4, 3, margin=0.3, scale=7.0, mining="all"), triplet_loss, [0.3, 7.0]),
        (SupCon(4, 3, temperature=0.2), supcon_loss, [0.2]),
        (Circle(4, 3, relaxation=0.3, scale=10.0), circle_loss, [0.3, 10.0]),
        (
            MultiSimilarity(4, 3, positive_scale=2.0, negative_scale=20.0, base=0.4),
            multi_similarity_loss,
            [2.0, 20.0, 0.4],
        ),
    ],
)
def test_the_loss_equals_the_reference(head: PairHead, reference: Any, numbers: Any) -> None:
    found = head.double().loss(faces(), torch.tensor(LABELS)).item()
    assert found == pytest.approx(reference(faces().tolist(), LABELS, *numbers), rel=1e-6)


def test_the_means_are_those_of_the_faces_and_follow_them() -> None:
    head = SupCon(4, 3).double()
    head.loss(faces(), torch.tensor(LABELS))
    unit = torch.nn.functional.normalize(faces())
    torch.testing.assert_close(head.means, unit.view(3, 2, 4).mean(1))
    assert (head.scores(faces()).argmax(1) == torch.tensor(LABELS)).float().mean() > 0.6
    head.loss(-faces(), torch.tensor(LABELS))
    torch.testing.assert_close(head.means, torch.zeros(3, 4).double(), atol=1e-12, rtol=0)


def test_an_identity_that_was_not_seen_keeps_its_mean() -> None:
    head = Circle(4, 9).double()
    head.loss(faces(), torch.tensor(LABELS))
    assert (head.means[3:] == 0).all()
    before = head.means.clone()
    head.eval()
    head.loss(-faces(), torch.tensor(LABELS))
    assert torch.equal(head.means, before)
