"""Muon beside the singular value decomposition, beside torch's own, and one rule at a time."""

import pytest
import torch
from torch import Tensor, nn

from facesearch.config import OptimConfig
from facesearch.training.muon import Muon, orthogonalised
from facesearch.training.optim import build_optimizer, parameter_groups


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(16, 16), (16, 90), (90, 16), (1, 5), (5, 1)])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_directions_stay_and_their_sizes_come_near_one(
    shape: tuple[int, int], scale: float
) -> None:
    # singular values a hundredfold apart
    left, _, right = torch.linalg.svd(randn(*shape), full_matrices=False)
    values = torch.logspace(-2, 0, min(shape))
    found = orthogonalised(scale * (left * values) @ right)
    inside = left.mT @ found @ right.mT
    assert found.shape == shape and found.dtype == torch.float32
    assert inside.diagonal().min() > 0.6 and inside.diagonal().max() < 1.3
    assert (inside - inside.diagonal().diag()).abs().max() < 0.1


def test_nothing_stays_nothing() -> None:
    assert (orthogonalised(torch.zeros(3, 4)) == 0).all()


def stepped(weight: Tensor, optimizer: torch.optim.Optimizer, steps: int = 4) -> Tensor:
    """Take some steps along gradients that do not depend on the weights."""
    for step in range(steps):
        weight.grad = randn(*weight.shape, seed=step + 1)
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize("shape", [(8, 8), (6, 20), (20, 6)])
def test_a_matrix_moves_as_under_torchs_muon(shape: tuple[int, int]) -> None:
    ours, theirs = nn.Parameter(randn(*shape)), nn.Parameter(randn(*shape))
    # theirs has a root mean square of 0.2 a step, and begins its mean at the sum of gradients
    reference = torch.optim.Muon(
        [theirs], lr=0.05, weight_decay=0.4, momentum=0.8, adjust_lr_fn="match_rms_adamw"
    )
    group = {"params": [ours], "weight_decay": 2.0}
    moved = stepped(ours, Muon([group], lr=0.01, momentum=0.8))
    torch.testing.assert_close(moved, stepped(theirs, reference), rtol=0, atol=2e-3)


@pytest.mark.parametrize("shape", [(12, 3, 3, 3), (7, 30)])
def test_a_kernel_is_the_matrix_of_its_outputs(shape: tuple[int, ...]) -> None:
    kernel, matrix = nn.Parameter(randn(*shape)), nn.Parameter(randn(*shape).flatten(1))
    kernel.data = kernel.data.to(memory_format=torch.channels_last) if len(shape) == 4 else kernel
    kernel.grad, matrix.grad = randn(*shape, seed=1), randn(*shape, seed=1).flatten(1)
    first = matrix.detach().clone()
    for parameter in (kernel, matrix):
        Muon([{"params": [parameter]}], lr=0.01).step()
    assert torch.equal(kernel.detach().flatten(1), matrix.detach())
    assert (matrix - first).square().mean().sqrt().item() == pytest.approx(0.01, rel=0.2)


@pytest.mark.parametrize(
    ("shape", "is_head"),
    [((9,), False), ((6, 1, 1), False), ((6, 1, 3, 3), False), ((1, 6), False), ((9, 4), True)],
    ids=["vector", "factor a channel", "depthwise", "one output", "head"],
)
def test_all_else_moves_by_the_sign_of_its_momentum(shape: tuple[int, ...], is_head: bool) -> None:
    weight = nn.Parameter(randn(*shape))
    expected, mean = weight.detach().double(), torch.zeros(shape, dtype=torch.float64)
    for step in range(4):
        gradient = randn(*shape, seed=step + 1).double()
        mean = 0.8 * mean + 0.2 * gradient
        expected = expected * (1 - 0.01 * 0.5) - 0.01 * (0.2 * gradient + 0.8 * mean).sign()
    group = {"params": [weight], "is_head": is_head, "weight_decay": 0.5}
    moved = stepped(weight, Muon([group], lr=0.01, momentum=0.8))
    torch.testing.assert_close(moved, expected.float())


def test_what_has_no_gradient_stays_also_from_decay() -> None:
    weight = nn.Parameter(randn(4, 4))
    Muon([{"params": [weight], "weight_decay": 1.0}], lr=0.1).step()
    assert torch.equal(weight.detach(), randn(4, 4))


def test_the_rows_of_a_head_are_not_made_orthogonal_to_each_other() -> None:
    layer, head = nn.Linear(6, 4, bias=False), nn.Linear(4, 5, bias=False)
    settings = OptimConfig(type="muon", lr=0.01, weight_decay=0.0)
    optimizer = build_optimizer(parameter_groups([layer], head, settings), settings)
    before = [m.weight.detach().clone() for m in (layer, head)]
    head(layer(randn(3, 6))).square().sum().backward()
    optimizer.step()
    moves = [(m.weight - old).abs() for m, old in zip((layer, head), before, strict=True)]
    assert torch.allclose(moves[1], torch.full_like(moves[1], 0.01))
    assert moves[0].max() > 1.2 * moves[0].min()
