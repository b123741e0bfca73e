import math

import pytest
import torch
from head_reference import adaface_target, cosine, cross_entropy

from facesearch.heads.adaface import AdaFace


def test_the_loss_equals_the_reference() -> None:
    torch.manual_seed(0)
    margin, h, scale = 0.4, 0.333, 16.0
    head = AdaFace(4, 3, scale=scale, margin=margin, concentration=h, ema=0.1).double()
    labels, running = [0, 1, 2, 1, 0, 2], (0.0, 0.0)
    for batch in range(3):
        faces = 20 * torch.randn(6, 4, dtype=torch.float64)
        norms = [min(max(math.dist(f, [0] * 4), 0.001), 100) for f in faces.tolist()]
        mean = sum(norms) / len(norms)
        std = math.sqrt(sum((n - mean) ** 2 for n in norms) / len(norms))
        kept = 0.9 if batch else 0.0  # the first batch sets the statistics
        running = (kept * running[0] + (1 - kept) * mean, kept * running[1] + (1 - kept) * std)
        logits = []
        for face, label, norm in zip(faces.tolist(), labels, norms, strict=True):
            row = [cosine(face, centre) for centre in head.centres.weight.tolist()]
            z = max(-1.0, min(1.0, (norm - running[0]) / (running[1] + 1e-3) * h))
            row[label] = adaface_target(row[label], margin, z)
            logits.append([scale * value for value in row])
        found = head.loss(faces, torch.tensor(labels)).item()
        assert found == pytest.approx(cross_entropy(logits, labels), rel=1e-5)


def test_a_batch_of_one_does_not_poison_the_statistics() -> None:
    head = AdaFace(4, 3)
    head.loss(torch.randn(1, 4), torch.tensor([0]))
    assert torch.isfinite(head.loss(torch.randn(8, 4), torch.zeros(8, dtype=torch.int64)))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_broken_face_does_not_poison_the_statistics(bad: float) -> None:
    head, faces = AdaFace(4, 3), torch.randn(4, 4)
    faces[0, 0] = bad
    head(faces, torch.tensor([0, 1, 2, 0]))
    assert torch.isfinite(head.norm_mean) and torch.isfinite(head.norm_std)


def test_the_first_sound_batch_sets_the_statistics() -> None:
    head, labels = AdaFace(4, 3), torch.tensor([0, 1])
    head(torch.full((2, 4), math.nan), labels)
    head(torch.ones(2, 4), labels)
    assert (head.norm_mean.item(), head.norm_std.item()) == (2.0, 0.0)


@pytest.mark.parametrize("z", [-1.0, -0.3, 0.0, 0.6, 1.0])
def test_the_target_equals_the_reference_from_end_to_end(z: float) -> None:
    head = AdaFace(1, 2, margin=0.4, concentration=1.0).double().eval()
    head.norm_mean.fill_(10.0)
    head.norm_std.fill_(4.999)  # with the 1e-3 of the paper: z = (norm - 10) / 5
    cosines = [i / 50 for i in range(-50, 51)]
    found = head.widen(torch.tensor(cosines).double(), torch.full((101, 1), 10 + 5 * z).double())
    expected = torch.tensor([adaface_target(c, 0.4, z) for c in cosines]).double()
    # the guarded square root is off by sqrt(1e-10) at cos = +-1
    torch.testing.assert_close(found, expected, atol=1.1e-5, rtol=0)


def test_a_faint_embedding_gets_the_smaller_cosine_margin() -> None:
    head = AdaFace(2, 2, concentration=1.0).eval()
    head.norm_mean.fill_(10.0)
    head.norm_std.fill_(5.0)
    faint, clear = head.widen(torch.tensor([0.3, 0.3]), torch.tensor([[1.0, 0.0], [30.0, 0.0]]))
    # z = -1 and +1: the faint one pays m in the angle and nothing in the cosine
    assert faint.item() == pytest.approx(adaface_target(0.3, 0.25, -1.0), abs=1e-6)
    assert clear.item() == pytest.approx(adaface_target(0.3, 0.25, 1.0), abs=1e-6)
    assert faint > clear


def test_evaluation_leaves_the_statistics_alone() -> None:
    head = AdaFace(4, 3).eval()
    before = head.norm_mean.clone()
    head(torch.randn(8, 4) * 50, torch.zeros(8, dtype=torch.int64))
    assert head.norm_mean == before
