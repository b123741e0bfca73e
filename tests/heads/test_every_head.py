import ast
from pathlib import Path
from typing import Any

import pytest
import torch
from head_cases import batch, make
from torch.utils._python_dispatch import TorchDispatchMode

import facesearch.heads
from facesearch.config import HEAD_CONFIGS
from facesearch.errors import InputError
from facesearch.heads import HEADS, build_head
from facesearch.heads.cross_entropy import CrossEntropyHead

WITH_LOGITS = [name for name, head in HEADS.items() if issubclass(head, CrossEntropyHead)]
# Heads that become NormFace without their margin, and the settings that take it away.
WITHOUT_MARGIN: dict[str, dict[str, Any]] = {
    "cosface": {"margin_cos": 0.0},
    "arcface": {"margin_rad": 0.0},
    "adaface": {"margin": 0.0},
    "combined": {"margin_factor": 1.0, "margin_rad": 0.0, "margin_cos": 0.0},
    "subcenter_arcface": {"margin_rad": 0.0, "centres": 1},
    "magface": {"margin_low_rad": 0.0, "margin_rise_rad": 0.0},
    "elasticface": {"margin_rad": 0.0, "margin_std_rad": 0.0},
    "uniface": {"margin_cos": 0.0},
}


def test_every_head_has_a_config_and_every_config_a_head() -> None:
    assert list(HEADS) == list(HEAD_CONFIGS)


@pytest.mark.parametrize("name", HEADS)
def test_the_defaults_of_the_config_build_the_head(name: str) -> None:
    settings = HEAD_CONFIGS[name].model_validate({"type": name}).model_dump()
    head = build_head(settings, embedding_dim=6, num_identities=5)
    faces, labels = batch()
    assert torch.isfinite(head.loss(faces.float(), labels))


@pytest.mark.parametrize("name", HEADS)
def test_the_loss_and_its_gradients_are_finite(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    assert head.scores(faces).shape == (9, 5)
    loss = head.loss(faces, labels)
    loss.backward()
    assert torch.isfinite(loss)
    trained = [p for p in head.parameters() if p.requires_grad]
    assert all(torch.isfinite(p.grad).all() for p in [faces, *trained])
    assert faces.grad is not None and faces.grad.abs().sum() > 0


@pytest.mark.parametrize("name", sorted(set(WITH_LOGITS) - {"curricularface"}))
def test_only_the_true_column_differs_from_the_scores(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    is_other = torch.ones(9, 5, dtype=torch.bool).scatter(1, labels[:, None], False)
    torch.testing.assert_close(head(faces, labels)[is_other], head.scores(faces)[is_other])


@pytest.mark.parametrize("name", WITHOUT_MARGIN)
def test_without_margin_a_head_is_normface(name: str) -> None:
    head, (faces, labels) = make(name, scale=10.0, **WITHOUT_MARGIN[name]), batch()
    plain = make("normface", scale=10.0)
    plain.load_state_dict({k: v for k, v in head.state_dict().items() if k in plain.state_dict()})
    torch.testing.assert_close(head(faces, labels), plain(faces, labels), atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", HEADS)
def test_a_face_on_its_centre_or_opposite_has_finite_gradients(name: str) -> None:
    head = make(name)
    centres = [p for p in head.parameters() if p.ndim == 2]
    directions = centres[0].detach() if centres else torch.eye(6, dtype=torch.float64)
    # twice the same face: pair-based heads meet cosines of exactly 1 and -1
    faces = torch.stack([directions[0], -directions[1], directions[0], -directions[0]])
    faces.requires_grad_()
    head.loss(faces, torch.tensor([0, 1, 0, 1])).backward()
    assert faces.grad is not None and torch.isfinite(faces.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in centres if p.grad is not None)


@pytest.mark.parametrize("name", HEADS)
def test_gradients_equal_finite_differences(name: str) -> None:
    head, (faces, labels) = make(name), batch()
    head.eval()  # running statistics and drawn margins would move between the evaluations
    if name == "circle":
        # its weights are constants for the gradient, as the paper says: differences see them move
        pytest.skip("the gradient of circle loss is not the derivative of its value, by design")
    # On a sphere: AdaFace takes no gradient through the length, differences would see one.
    sphere = torch.nn.functional.normalize
    assert torch.autograd.gradcheck(lambda x: head.loss(15 * sphere(x), labels), faces)


@pytest.mark.parametrize("name", HEADS)
def test_a_head_survives_its_state(name: str) -> None:
    head, (faces, labels) = make(name, center_weight=0.01), batch()
    head.loss(faces, labels)
    head.eval()
    torch.manual_seed(9)
    settings = {"type": name, "center_weight": 0.01}
    other = build_head(settings, embedding_dim=6, num_identities=5).double().eval()
    other.load_state_dict(head.state_dict())
    torch.testing.assert_close(head.loss(faces, labels), other.loss(faces, labels))
    torch.testing.assert_close(head.scores(faces), other.scores(faces))


@pytest.mark.parametrize("name", HEADS)
def test_autocast_leaves_the_loss_in_float32(name: str) -> None:
    head = build_head({"type": name}, embedding_dim=6, num_identities=5)
    faces, labels = torch.randn(8, 6), torch.tensor([0, 1, 2, 3] * 2)
    head.eval()
    with torch.autocast("cpu", torch.bfloat16):
        loss = head.loss(faces.bfloat16(), labels)
        assert head.scores(faces.bfloat16()).dtype == torch.float32
    assert loss.dtype == torch.float32
    rounded = faces.bfloat16().float()
    torch.testing.assert_close(loss, head.loss(rounded, labels))


class _LargeIntegers(TorchDispatchMode):
    """Notes every integer tensor as large as the logits: a one-hot would be one."""

    def __init__(self, numel: int) -> None:
        super().__init__()
        self.numel, self.found = numel, list[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else [out]:
            is_large = isinstance(tensor, torch.Tensor) and tensor.numel() >= self.numel
            if is_large and not tensor.dtype.is_floating_point and tensor.dtype != torch.bool:
                self.found.append(f"{func}: {tensor.dtype} {tuple(tensor.shape)}")
        return out


@pytest.mark.parametrize("name", HEADS)
def test_a_hundred_thousand_identities_make_no_one_hot(name: str) -> None:
    head = build_head({"type": name}, embedding_dim=4, num_identities=100_000)
    faces = torch.randn(4, 4, requires_grad=True)
    labels = torch.tensor([0, 99_999, 0, 99_999])
    with _LargeIntegers(4 * 100_000) as mode:
        loss = head.loss(faces, labels)
        loss.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss) and head.scores(faces).shape == (4, 100_000)
    assert mode.found == []


def test_a_learnt_scale_moves_and_stays_positive() -> None:
    head = make("cosface", scale=5.0, learn_scale=True)
    faces, labels = batch()
    optimizer = torch.optim.SGD([head.log_growth], 0.5)
    for _ in range(50):
        optimizer.zero_grad()
        head.loss(faces.detach(), labels).backward()
        optimizer.step()
    assert 0 < head.scale.item() != 5.0
    assert not make("cosface").log_growth.requires_grad


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'arcface'"):
        build_head({"type": "arcfce"}, embedding_dim=2, num_identities=2)


def test_no_head_reads_the_name_of_another() -> None:
    folder = Path(facesearch.heads.__file__).parent
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text())
        compared = [n.value for c in ast.walk(tree) if isinstance(c, ast.Compare)
                    for n in ast.walk(c) if isinstance(n, ast.Constant)]  # fmt: skip
        assert not set(map(str, compared)) & set(HEADS), path.name
