from typing import Any

import pytest
import torch

from facesearch.errors import InputError
from facesearch.heads import HEADS, build_head

MARGINS = {"cosface": "margin_cos", "arcface": "margin_rad", "adaface": "margin"}


def make(name: str, **kwargs: Any) -> Any:
    torch.manual_seed(0)
    return build_head({"type": name, **kwargs}, embedding_dim=6, num_identities=5).double()


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    faces = torch.randn(7, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    return faces, torch.tensor([0, 1, 2, 3, 4, 0, 2])


@pytest.mark.parametrize("name", HEADS)
def test_logits_have_a_column_an_identity_and_gradients_are_finite(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    assert head(faces, labels).shape == (7, 5)
    loss = head.loss(faces, labels)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in [faces, *head.parameters()])
    assert faces.grad is not None and faces.grad.abs().sum() > 0


@pytest.mark.parametrize("name", HEADS)
def test_only_the_true_column_differs_from_the_scores(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    is_other = torch.ones(7, 5, dtype=torch.bool).scatter(1, labels[:, None], False)
    torch.testing.assert_close(head(faces, labels)[is_other], head.scores(faces)[is_other])


@pytest.mark.parametrize("name", MARGINS)
def test_without_margin_every_head_is_normface(name: str) -> None:
    head, (faces, labels) = make(name, scale=10.0, **{MARGINS[name]: 0.0}), batch()
    plain = make("normface", scale=10.0)
    plain.load_state_dict({k: v for k, v in head.state_dict().items() if "centres" in k})
    torch.testing.assert_close(head(faces, labels), plain(faces, labels))


@pytest.mark.parametrize("name", HEADS)
def test_a_face_on_its_centre_or_opposite_has_finite_gradients(name: str) -> None:
    head = make(name)
    centres = next(p for p in head.parameters() if p.ndim == 2)
    faces = torch.stack([centres[0].detach(), -centres[1].detach()]).requires_grad_()
    head.loss(faces, torch.tensor([0, 1])).backward()
    assert faces.grad is not None and torch.isfinite(faces.grad).all()
    assert torch.isfinite(centres.grad).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", HEADS)
def test_gradients_equal_finite_differences(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    head.eval()  # AdaFace's running statistics would move between the evaluations
    # On a sphere: AdaFace takes no gradient through the length, differences would see one.
    sphere = torch.nn.functional.normalize
    assert torch.autograd.gradcheck(lambda x: head.loss(15 * sphere(x), labels), faces)


@pytest.mark.parametrize("name", HEADS)
def test_a_head_survives_its_state(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    head.loss(faces, labels)
    head.eval()
    torch.manual_seed(9)
    other = build_head({"type": name}, embedding_dim=6, num_identities=5).double().eval()
    other.load_state_dict(head.state_dict())
    torch.testing.assert_close(head(faces, labels), other(faces, labels))


@pytest.mark.parametrize("name", HEADS)
def test_autocast_leaves_the_logits_in_float32(name: str) -> None:
    head, (faces, labels) = make(name).float(), batch()
    with torch.autocast("cpu", torch.bfloat16):
        assert head(faces.bfloat16(), labels).dtype == torch.float32


@pytest.mark.parametrize("name", HEADS)
def test_a_hundred_thousand_identities_fit(name: str) -> None:
    head = build_head({"type": name}, embedding_dim=4, num_identities=100_000)
    faces, labels = torch.randn(4, 4), torch.tensor([0, 7, 50_000, 99_999])
    assert head(faces, labels).shape == (4, 100_000)
    assert torch.isfinite(head.loss(faces, labels))  # type: ignore[operator]


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'arcface'"):
        build_head({"type": "arcfce"}, embedding_dim=2, num_identities=2)
