import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from facesearch.config import RunConfig
from facesearch.data.faces import load_faces
from facesearch.heads import HEADS, Head
from facesearch.training.average import Average, kept_part
from facesearch.training.evaluate import evaluate
from facesearch.training.fit import Training

CPU = torch.device("cpu")


class OneWeight(Head):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("seen", torch.tensor(0))


def test_the_average_is_exponential_in_the_weights_after_a_warm_up() -> None:
    network, head = nn.Linear(1, 1, bias=False), OneWeight()
    nn.init.zeros_(network.weight)
    average = Average(network, head, 0.5)  # type: ignore[arg-type]
    average.update(network, head)  # type: ignore[arg-type] # the first one copies
    expected, kept = 0.0, [2 / 11, 3 / 12, 4 / 13]
    for value in (1.0, 2.0, -1.0):
        nn.init.constant_(network.weight, value)
        nn.init.constant_(head.weight, -value)
        head.seen += 1
        average.update(network, head)  # type: ignore[arg-type]
        part = kept.pop(0)
        expected = part * expected + (1 - part) * value
    assert average.network.weight.item() == pytest.approx(expected)  # type: ignore[operator]
    assert average.head.weight.item() == pytest.approx(-expected)  # type: ignore[operator]
    # what counts is not averaged
    assert average.head.seen == 3 and average.num_averaged == 4


def test_in_the_long_run_the_decay_is_the_one_that_was_asked_for() -> None:
    assert kept_part(0.9, 79) < 0.9 == kept_part(0.9, 80) == kept_part(0.9, 10_000)
    # after few steps the first weights are forgotten, whatever the decay
    left = 1.0
    for step in range(1, 40):
        left *= kept_part(0.9999, step)
    assert left < 1e-3


def test_the_statistics_of_batch_norm_are_averaged_like_the_weights() -> None:
    torch.manual_seed(0)
    network, head = nn.BatchNorm1d(2), OneWeight()
    average = Average(network, head, 0.5)  # type: ignore[arg-type]
    means = []
    for _ in range(3):
        network(torch.randn(8, 2) + 5)
        average.update(network, head)  # type: ignore[arg-type]
        means.append(network.running_mean.clone())
    second = torch.lerp(means[1], means[0], 2 / 11)
    torch.testing.assert_close(average.network.running_mean, torch.lerp(means[2], second, 3 / 12))
    assert average.network.num_batches_tracked == 3


def training_of(config: RunConfig, **changes: Any) -> Training:
    raw = config.model_dump()
    for part, values in changes.items():
        raw[part] = values if part == "head" else raw[part] | values
    config = RunConfig.model_validate(raw)
    return Training(config, load_faces(config.data), CPU)


def follow(training: Training, decay: float) -> dict[str, dict[str, Tensor]]:
    """Let a training keep an average in 64 bits beside its own, and return it, by module."""
    kept: dict[str, dict[str, Tensor]] = {}
    step, steps = training._step, 0

    def followed(*args: Any) -> Tensor:
        nonlocal steps
        loss = step(*args)
        part = 0.0 if steps == 0 else min(decay, (1 + steps) / (10 + steps))
        steps += 1
        for name, module in (("network", training.network), ("head", training.head)):
            before = kept.setdefault(name, {})
            for key, tensor in module.state_dict().items():
                new = tensor.clone() if not tensor.is_floating_point() else tensor.double()
                is_kept = key in before and tensor.is_floating_point()
                before[key] = part * before[key] + (1 - part) * new if is_kept else new
        return loss

    training._step = followed  # type: ignore[method-assign]
    return kept


@pytest.mark.parametrize("center_weight", [0.0, 0.1])
@pytest.mark.parametrize("name", HEADS)
def test_network_and_every_head_are_averaged_alike_and_scored_and_kept_so(
    small_config: RunConfig, name: str, center_weight: float
) -> None:
    head = {"type": name, "center_weight": center_weight}
    training = training_of(small_config, optim={"ema_decay": 0.8}, head=head)
    expected = follow(training, 0.8)
    result = next(training.epochs())
    best = {"network": training.best_network, "head": training.best_head}
    for part, module in best.items():
        state = module.state_dict()
        torch.testing.assert_close(
            {k: v.double() for k, v in state.items()},
            {k: v.double() for k, v in expected[part].items()}, rtol=1e-4, atol=1e-6,
        )  # fmt: skip
    found = evaluate(best["network"], training.best_head, training.faces, training.autocast)
    assert found.metrics.items() <= result.metrics.items() and "val/top1" in found.metrics
    # the last weights are others, and are those that are trained on
    assert any(
        not torch.equal(own, last)
        for own, last in zip(
            [*training.best_network.parameters(), *training.best_head.buffers()],
            [*training.network.parameters(), *training.head.buffers()], strict=True,
        )
    )  # fmt: skip
    assert all(p.grad is None for module in best.values() for p in module.parameters())


def test_top1_is_that_of_the_averaged_head(small_config: RunConfig) -> None:
    training = training_of(small_config, optim={"ema_decay": 0.9})
    next(training.epochs())
    before = training.score().metrics["val/top1"]
    with torch.no_grad():
        for parameter in training.head.parameters():
            parameter.zero_()
    assert training.score().metrics["val/top1"] == before
    with torch.no_grad():
        for parameter in training.best_head.parameters():
            parameter.copy_(-parameter)
    assert training.score().metrics["val/top1"] != before


def test_no_decay_is_no_average(small_config: RunConfig) -> None:
    training = training_of(small_config)
    assert training.average is None
    assert training.best_network is training.network and training.best_head is training.head


class _Looks(TorchDispatchMode):
    """Counts the looks at a value, each of which makes a GPU wait."""

    num_looks = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.num_looks += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_a_step_looks_at_no_value(small_config: RunConfig) -> None:
    training = training_of(small_config, optim={"ema_decay": 0.9})
    with _Looks() as looks:
        assert torch.ones(()).item() == 1 and looks.num_looks == 1
        for _ in range(3):
            assert training.average is not None
            training.average.update(training.network, training.head)
    assert looks.num_looks == 1


def of_network_alone(training: Training) -> dict[str, Any]:
    """Return the state of a training as it was saved when the EMA was torch's, of the network."""
    assert training.average is not None
    wrapped = torch.optim.swa_utils.AveragedModel(training.network, use_buffers=True)
    wrapped.module.load_state_dict(training.best_network.state_dict())
    wrapped.n_averaged.fill_(training.average.num_averaged)
    return {**training.state(), "average": wrapped.state_dict()}


def test_an_average_of_the_network_alone_is_continued_and_told_once(
    small_config: RunConfig, tmp_path: Path
) -> None:
    first = training_of(small_config, optim={"ema_decay": 0.9})
    next(first.epochs())
    saved = copy.deepcopy(of_network_alone(first))
    second = training_of(small_config, optim={"ema_decay": 0.9})
    [note] = second.take_over(saved, "an old one")
    assert "earlier version, whose EMA was of the network alone" in note
    assert second.average is not None and first.average is not None
    assert second.average.num_averaged == first.average.num_averaged > 0
    torch.testing.assert_close(second.best_network.state_dict(), first.best_network.state_dict())
    torch.testing.assert_close(second.best_head.state_dict(), first.head.state_dict())
    # its network is trained and averaged as it would have been
    next(second.epochs())
    next(first.epochs())
    torch.testing.assert_close(second.best_network.state_dict(), first.best_network.state_dict())
    second.save(tmp_path / "c")
    third = training_of(small_config, optim={"ema_decay": 0.9})
    assert third.resume(tmp_path / "c") == []
    torch.testing.assert_close(third.best_head.state_dict(), second.best_head.state_dict())


def test_the_network_is_averaged_as_torch_averages(small_config: RunConfig) -> None:
    training = training_of(small_config, optim={"ema_decay": 0.9})

    def move(kept: list[Tensor], new: list[Tensor], count: Tensor) -> None:
        for own, other in zip(kept, new, strict=True):
            if own.is_floating_point():
                own.lerp_(other, 1 - kept_part(0.9, int(count)))
            else:
                own.copy_(other)

    theirs = torch.optim.swa_utils.AveragedModel(
        training.network, multi_avg_fn=move, use_buffers=True
    )
    step = training._step

    def both(*args: Any) -> Tensor:
        loss = step(*args)
        theirs.update_parameters(training.network)
        return loss

    training._step = both  # type: ignore[method-assign]
    next(training.epochs())
    torch.testing.assert_close(
        training.best_network.state_dict(), theirs.module.state_dict(), rtol=0, atol=0
    )
