"""Two real processes that share each batch, against one that computes it whole.

This file is also what the two processes run: all cases in one go, as they take seconds to start.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.errors import InputError, TrialFailure
from facesearch.heads import HEADS
from facesearch.training.fit import Training
from facesearch.training.parallel import Ranks, seed_of

CPU = torch.device("cpu")
Result = dict[str, Any]


def config_of(**parts: dict[str, Any]) -> RunConfig:
    """Return a config that draws nothing while it trains, so that shares add up to the whole."""
    plain: dict[str, dict[str, Any]] = {
        "data": {"image_px": 16, "synthetic": {"num_identities": 8, "faces_per_identity": 6}},
        "model": {"num_stages": 2, "width": 4, "embedding_dim": 8, "dropout": 0.0},
        "head": {"type": "cosface", "scale": 16.0},
        "augment": {"strength": 0.0, "flip_probability": 0.0},
        "train": {"epochs": 2, "batch_size": 8, "precision": "fp32"},
    }
    for name, values in parts.items():
        plain[name] = values if name == "head" else plain.get(name, {}) | values
    return RunConfig.model_validate(plain)


def training_of(config: RunConfig, ranks: Ranks, micro_batches: int = 1) -> Training:
    faces = load_all_faces(config.data)
    return Training(config, faces, CPU, micro_batches=micro_batches, ranks=ranks)


def freeze_statistics(network: nn.Module) -> None:
    """Let batch norm neither use nor keep statistics, which are of a share."""
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module  # type: ignore[method-assign]


def result_of(training: Training) -> Result:
    losses = [result.metrics["train/loss"] for result in training.epochs()]
    # copies: what is trained on must not change them
    return {"losses": losses, **{k: v.clone() for k, v in flat_state(training).items()}}


def flat_state(training: Training) -> dict[str, torch.Tensor]:
    modules = {"network": training.network, "head": training.head, "average": training.average}
    return {
        f"{part}.{name}": tensor
        for part, module in modules.items()
        if module is not None
        for name, tensor in module.state_dict().items()
    }


def without_statistics(config: RunConfig, ranks: Ranks, micro_batches: int = 1) -> Result:
    training = training_of(config, ranks, micro_batches)
    freeze_statistics(training.network)
    return result_of(training)


def drawing(ranks: Ranks) -> Result:
    return result_of(training_of(DRAWING, ranks))


def with_statistics_of_a_head(ranks: Ranks) -> Result:
    head = {"type": "adaface", "center_weight": 0.1}
    return result_of(training_of(config_of(optim={"ema_decay": 0.9}, head=head), ranks))


def resumed(ranks: Ranks) -> Result:
    first = training_of(DRAWING, ranks)
    next(first.epochs())
    second = training_of(DRAWING, ranks)
    if ranks.rank == 0:
        second.take_over(first.state(), "first")
    else:
        with torch.no_grad():  # a rank that begins elsewhere
            next(second.network.parameters()).zero_()
    second.take_over(ranks.from_rank_0(second.state()), "rank 0")
    return result_of(second)


def diverging(ranks: Ranks) -> Result:
    training = training_of(config_of(), ranks)
    if ranks.rank == 1:
        training._gradient.add = lambda *words: torch.tensor(float("nan"))  # type: ignore[method-assign]
    else:
        training._gradient.add = lambda *words: torch.tensor(1.0)  # type: ignore[method-assign]
    try:
        list(training.epochs())
    except TrialFailure as failure:
        return {"outcome": failure.outcome}
    return {}


DRAWING = config_of(
    model={"dropout": 0.2}, augment={"strength": 0.5, "mixup_alpha": 0.3}, optim={"ema_decay": 0.9},
    head={"type": "softmax"}, train={"epochs": 3},
)  # fmt: skip
# Without what is drawn and without statistics: the result must be that of one process.
EQUAL: dict[str, tuple[RunConfig, int]] = {
    "sgd": (config_of(), 1),
    "adamw": (config_of(optim={"type": "adamw", "lr": 0.01}, head={"type": "softmax"}), 1),
    "shares of 5 and 4": (config_of(train={"batch_size": 9}), 1),
    "accumulated": (config_of(train={"batch_size": 9, "accumulate": 2}), 1),
    "in parts": (config_of(train={"batch_size": 9, "accumulate": 2}), 2),
    "whole persons": (config_of(train={"sampling": "identities", "faces_per_identity": 2}), 1),
}
CASES: dict[str, Callable[[Ranks], Result]] = {
    "drawing": drawing, "resumed": resumed, "diverging": diverging,
    "head": with_statistics_of_a_head,
}  # fmt: skip


def main(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    ranks = Ranks(rank, 2)
    results = {n: without_statistics(c, ranks, parts) for n, (c, parts) in EQUAL.items()}
    results |= {name: case(ranks) for name, case in CASES.items()}
    torch.save(results, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Result]]:
    """Return the results of all cases on each of two ranks."""
    folder = tmp_path_factory.mktemp("ranks")
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", __file__, str(rank), str(folder)],
            env={**os.environ, "FACESEARCH_CACHE": str(folder / "cache")},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        said = [process.communicate(timeout=300)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], said
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("name", EQUAL)
def test_two_processes_train_as_one(two: list[dict[str, Result]], name: str) -> None:
    config, micro_batches = EQUAL[name]
    alone = without_statistics(config, Ranks(), micro_batches)
    torch.testing.assert_close(two[0][name], alone, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [*EQUAL, "drawing", "resumed", "head"])
def test_all_ranks_end_with_the_same(two: list[dict[str, Result]], name: str) -> None:
    torch.testing.assert_close(two[0][name], two[1][name], rtol=0, atol=0)


def test_a_resumed_training_goes_on_as_it_would_have(two: list[dict[str, Result]]) -> None:
    whole, rest = (two[0][name].pop("losses") for name in ("drawing", "resumed"))
    assert whole[1:] == rest
    torch.testing.assert_close(two[0]["drawing"], two[0]["resumed"], rtol=0, atol=0)
    two[0]["drawing"]["losses"], two[0]["resumed"]["losses"] = whole, rest


def test_a_loss_that_is_not_finite_on_one_rank_ends_all(two: list[dict[str, Result]]) -> None:
    assert [results["diverging"] for results in two] == [{"outcome": "diverged"}] * 2


def test_each_rank_draws_otherwise_and_the_first_as_one_process() -> None:
    assert Ranks().seed_of(3, 4) == Ranks(0, 2).seed_of(3, 4) == seed_of(3, 4)
    assert len({Ranks(rank, 4).seed_of(3, 4) for rank in range(4)}) == 4


@pytest.mark.parametrize("size", range(6, 30))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_shares_are_the_batch_cut_evenly(size: int, count: int) -> None:
    batch = np.random.default_rng(0).permutation(100)[:size]
    shares = [Ranks(rank, count).share(batch) for rank in range(count)]
    np.testing.assert_array_equal(np.concatenate(shares), batch)
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1 and min(sizes) >= 2


@pytest.mark.parametrize(("persons", "count"), [(8, 2), (5, 2), (7, 3), (64, 8)])
def test_a_share_has_whole_persons(persons: int, count: int) -> None:
    labels = np.repeat(np.arange(persons), 4)
    shares = [Ranks(rank, count).share(labels, faces_each=4) for rank in range(count)]
    np.testing.assert_array_equal(np.concatenate(shares), labels)
    for share in shares:
        assert len(set(share)) >= 2
        assert set(np.bincount(share)) <= {0, 4}


def test_a_share_of_few_persons_has_faces_of_all() -> None:
    labels = np.repeat(np.arange(3), 4)
    shares = [Ranks(rank, 2).share(labels, faces_each=4) for rank in range(2)]
    assert [list(share) for share in shares] == [[0, 0, 1, 1, 2, 2]] * 2


def test_too_many_workers_for_a_batch_are_refused() -> None:
    with pytest.raises(InputError, match="a batch of 8 faces for 5 workers: each needs 2 or more"):
        training_of(config_of(), Ranks(0, 5))


@pytest.mark.parametrize("name", HEADS)
def test_every_weight_gets_a_gradient(name: str) -> None:
    # DDP waits for ever for one that does not
    training = training_of(config_of(head={"type": name}), Ranks())
    training._step(np.arange(12)[None], torch.Generator().manual_seed(0))
    parameters = [*training.network.named_parameters(), *training.head.named_parameters()]
    assert [k for k, p in parameters if p.requires_grad and p.grad is None] == []


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
