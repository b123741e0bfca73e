import pytest
import torch
from head_cases import batch, make
from head_reference import cross_entropy as slow_cross_entropy

from facesearch.config import HEAD_CONFIGS
from facesearch.heads.cross_entropy import cross_entropy


@pytest.mark.parametrize("name", [n for n, c in HEAD_CONFIGS.items() if c.takes_soft_labels])
def test_a_mixed_face_pays_for_both_identities(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    other, ones = labels.roll(1), torch.ones(9, dtype=torch.float64)
    whole = head.mixed_loss(faces, labels, other, ones)
    torch.testing.assert_close(whole, head.loss(faces, labels))
    half = head.mixed_loss(faces, labels, other, ones / 2)
    torch.testing.assert_close(half, (whole + head.loss(faces, other)) / 2)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_each_face_has_the_cross_entropy_of_the_reference(smoothing: float) -> None:
    logits, labels = 5 * torch.randn(4, 6, dtype=torch.float64), [0, 5, 2, 2]
    found = cross_entropy(logits, torch.tensor(labels), smoothing)
    for row, label, value in zip(logits.tolist(), labels, found.tolist(), strict=True):
        assert value == pytest.approx(slow_cross_entropy([row], [label], smoothing))


def test_large_logits_in_bf16_stay_finite() -> None:
    logits = torch.tensor([[300.0, -300.0]]).bfloat16()
    loss = cross_entropy(logits, torch.tensor([1]))
    assert loss.dtype == torch.float32 and loss.item() == pytest.approx(600, rel=0.01)
