import pytest
import torch

from facesearch.heads.arcface import ArcFace
from facesearch.heads.elasticface import ElasticFace, hardest_gets_largest


def test_the_hardest_face_gets_the_largest_margin() -> None:
    # the authors' indexing gives 0.6 to the easiest face, 0.9
    found = hardest_gets_largest(torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.1, 0.9, 0.5]))
    assert found.tolist() == pytest.approx([0.6, 0.4, 0.5])


@pytest.mark.parametrize("hardest_first", [False, True])
def test_margins_have_the_mean_and_deviation_that_were_asked_for(hardest_first: bool) -> None:
    torch.manual_seed(0)
    head = ElasticFace(4, 2, margin_rad=0.5, margin_std_rad=0.05, hardest_first=hardest_first)
    cos = torch.linspace(-0.2, 0.8, 20_000).double()
    margins = head.widen(cos, torch.empty(0)).acos() - cos.acos()
    assert margins.mean().item() == pytest.approx(0.5, abs=2e-3)
    assert margins.std().item() == pytest.approx(0.05, rel=0.03)
    falls = bool((margins.diff() < 1e-6).all())
    assert falls == hardest_first


def test_in_evaluation_it_is_arcface() -> None:
    torch.manual_seed(0)
    head, plain = ElasticFace(4, 3, margin_rad=0.4).eval(), ArcFace(4, 3, margin_rad=0.4)
    plain.load_state_dict(head.state_dict())
    faces, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    torch.testing.assert_close(head.loss(faces, labels), plain.loss(faces, labels))
