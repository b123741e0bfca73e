import pytest
import torch
from torch import nn

from facesearch.config import OptimConfig
from facesearch.config.optim import LR_SCALINGS as LR_SCALINGS_CATALOGUE
from facesearch.config.optim import OPTIMIZERS as OPTIMIZERS_CATALOGUE
from facesearch.config.optim import SCHEDULES as SCHEDULES_CATALOGUE
from facesearch.training.optim import (
    LR_SCALINGS,
    OPTIMIZERS,
    SCHEDULES,
    build_optimizer,
    lr_factor,
    parameter_groups,
    peak_lr,
)


def test_the_catalogues_name_what_is_built() -> None:
    assert list(OPTIMIZERS) == list(OPTIMIZERS_CATALOGUE)
    assert list(SCHEDULES) == list(SCHEDULES_CATALOGUE)
    assert list(LR_SCALINGS) == list(LR_SCALINGS_CATALOGUE)


def test_norms_and_biases_are_not_decayed() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    decayed, free = parameter_groups([module], nn.Identity(), OptimConfig(weight_decay=0.1))
    assert [p.ndim for p in decayed["params"]] == [4, 2]
    assert [p.ndim for p in free["params"]] == [1, 1, 1, 1]
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.1, 0.0)


def test_each_layer_and_the_head_have_their_factor() -> None:
    layers: list[nn.Module] = [nn.Linear(2, 2, bias=False) for _ in range(3)]
    head = nn.Linear(2, 5, bias=False)
    groups = parameter_groups(layers, head, OptimConfig(layer_decay=0.5), head_lr_factor=10.0)
    factor = {id(p): group["lr_factor"] for group in groups for p in group["params"]}
    found = [factor[id(m.weight)] for m in [*layers, head]]
    assert found == [0.25, 0.5, 1.0, 10.0]


def test_frozen_weights_are_left_out() -> None:
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad_(False)
    groups = parameter_groups([layer], nn.Identity(), OptimConfig())
    assert [p for group in groups for p in group["params"]] == [layer.weight]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_rises_to_one_and_never_rises_again(schedule: str) -> None:
    settings = OptimConfig(schedule=schedule, warmup_fraction=0.25)
    factors = [lr_factor(step, 100, settings) for step in range(100)]
    assert all(0 < f <= 1 for f in factors) and max(factors) == pytest.approx(1, abs=0.02)
    peak = factors.index(max(factors))
    assert 20 <= peak <= 26
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)
    # wsd falls straight over a quarter of what follows the warm-up: its last step is one of 18.75
    least = 1 / 18.75 + 1e-9 if schedule == "wsd" else 0.01
    assert (factors[-1] < least) == (schedule != "constant")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_walks_downhill(name: str) -> None:
    weight = nn.Parameter(torch.tensor([[3.0, -2.0]]))
    groups = [{"params": [weight], "weight_decay": 0.0, "lr_factor": 1.0}]
    optimizer = build_optimizer(groups, OptimConfig(type=name, lr=0.02))
    first = weight.square().sum().item()
    for _ in range(60):
        optimizer.zero_grad()
        weight.square().sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert weight.square().sum().item() < 0.6 * first


def test_sgd_has_nesterov_momentum() -> None:
    groups = parameter_groups([nn.Linear(2, 2)], nn.Identity(), OptimConfig())
    group = build_optimizer(groups, OptimConfig(momentum=0.8)).param_groups[0]
    assert group["momentum"] == 0.8 and group["nesterov"]


@pytest.mark.parametrize(("rule", "expected"), [("none", 0.1), ("linear", 0.4), ("sqrt", 0.2)])
def test_the_rate_follows_the_batch_by_the_rule(rule: str, expected: float) -> None:
    assert peak_lr(OptimConfig(lr=0.1, lr_scaling=rule), 256) == pytest.approx(expected)
    assert peak_lr(OptimConfig(lr=0.1, lr_scaling=rule), 64) == pytest.approx(0.1)
