import math

import pytest
import torch
from head_reference import cosine, cross_entropy, norm, sphereface_target

from facesearch.heads.sphereface import SphereFace, multiply_angle


@pytest.mark.parametrize("margin", [1, 2, 3, 4, 5])
def test_psi_equals_the_paper_and_falls_in_the_angle(margin: int) -> None:
    cosines = [math.cos(math.pi * i / 997) for i in range(998)]
    found = multiply_angle(torch.tensor(cosines, dtype=torch.float64), margin)
    expected = torch.tensor([sphereface_target(c, margin) for c in cosines], dtype=torch.float64)
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)
    assert (found.diff() < 1e-12).all()


@pytest.mark.parametrize("scale", [0.0, 12.0])
def test_the_loss_equals_the_reference_as_the_blend_fades(scale: float) -> None:
    torch.manual_seed(0)
    head = SphereFace(
        4, 3, margin=4, scale=scale, blend_least=5.0, blend_first=100.0, blend_until=0.5
    ).double()
    faces, labels = torch.randn(5, 4, dtype=torch.float64), [0, 1, 2, 1, 0]
    for progress, blend in ((0.0, 100.0), (0.25, 100 / 10.5), (0.5, 5.0), (0.9, 5.0)):
        head.set_progress(progress)
        logits = []
        for face, label in zip(faces.tolist(), labels, strict=True):
            row = [cosine(face, centre) for centre in head.centres.weight.tolist()]
            psi = sphereface_target(row[label], 4)
            row[label] = (blend * row[label] + psi) / (1 + blend)
            logits.append([(scale or norm(face)) * value for value in row])
        found = head.loss(faces, torch.tensor(labels)).item()
        assert found == pytest.approx(cross_entropy(logits, labels), rel=1e-6)


def test_the_authors_schedule_is_a_point_of_ours() -> None:
    num_steps, steps_to_least = 28_000, (1000 / 5 - 1) / 0.12
    head = SphereFace(4, 3, blend_until=steps_to_least / num_steps)
    for step in (0, 100, 1000, 1600, 5000):
        head.set_progress(step / num_steps)
        assert head.blend == pytest.approx(max(5.0, 1000 / (1 + 0.12 * step)))
