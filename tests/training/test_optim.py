import pytest
from torch import nn

from facesearch.config import OptimConfig
from facesearch.training.optim import build_optimizer, lr_factor, parameter_groups


def test_norms_and_biases_are_not_decayed() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    decayed, free = parameter_groups([module], nn.Identity(), OptimConfig(weight_decay=0.1))
    assert [p.ndim for p in decayed["params"]] == [4, 2]  # type: ignore[attr-defined]
    assert [p.ndim for p in free["params"]] == [1, 1, 1, 1]  # type: ignore[attr-defined]
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.1, 0.0)


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "constant"])
def test_a_schedule_rises_to_one_and_never_rises_again(schedule: str) -> None:
    settings = OptimConfig(schedule=schedule, warmup_fraction=0.25)  # type: ignore[arg-type]
    factors = [lr_factor(step, 100, settings) for step in range(100)]
    assert all(0 < f <= 1 for f in factors) and max(factors) == pytest.approx(1, abs=0.02)
    peak = factors.index(max(factors))
    assert 20 <= peak <= 26
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)
    assert (factors[-1] < 0.01) == (schedule != "constant")


def test_the_optimizer_is_the_one_asked_for() -> None:
    module = nn.Linear(2, 2)
    assert type(build_optimizer([module], OptimConfig(type="adamw"))).__name__ == "AdamW"
    sgd = build_optimizer([module], OptimConfig(momentum=0.8))
    assert sgd.param_groups[0]["momentum"] == 0.8 and sgd.param_groups[0]["nesterov"]
