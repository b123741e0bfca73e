import pytest
import torch
from head_reference import arcface_target, cosine, cross_entropy

from facesearch.heads.subcenter_arcface import SubCenterArcFace


def test_the_loss_equals_the_reference() -> None:
    torch.manual_seed(0)
    head = SubCenterArcFace(4, 3, centres=2, scale=9.0, margin_rad=0.4).double()
    faces, labels = torch.randn(5, 4, dtype=torch.float64), [0, 1, 2, 1, 0]
    centres = head.centres.weight.tolist()
    logits = []
    for face, label in zip(faces.tolist(), labels, strict=True):
        row = [
            max(cosine(face, centres[2 * n]), cosine(face, centres[2 * n + 1])) for n in range(3)
        ]
        row[label] = arcface_target(row[label], 0.4)
        logits.append([9.0 * value for value in row])
    found = head.loss(faces, torch.tensor(labels)).item()
    assert found == pytest.approx(cross_entropy(logits, labels), rel=1e-8)


def test_only_the_nearest_centre_learns() -> None:
    head = SubCenterArcFace(2, 1, centres=2).double()
    head.centres.weight.data = torch.tensor([[1.0, 0.1], [-1.0, 0.3]]).double()
    cos_BN = head.centres(torch.tensor([[1.0, 0.5]]).double())
    (gradient,) = torch.autograd.grad(cos_BN.sum(), head.centres.weight)
    assert gradient[0].abs().sum() > 0 and gradient[1].abs().sum() == 0


def test_the_centres_of_an_identity_start_close_together() -> None:
    torch.manual_seed(0)
    centres = SubCenterArcFace(64, 50, centres=3).centres.weight.view(50, 3, 64)
    unit = torch.nn.functional.normalize(centres, dim=2)
    own = (unit[:, 0] * unit[:, 1]).sum(1)
    other = (unit[:-1, 0] * unit[1:, 0]).sum(1)
    assert own.min() > 0.9 and other.abs().max() < 0.6 and (own < 1).all()
