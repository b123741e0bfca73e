"""One process of a final training; several are in `test_distributed`."""

from pathlib import Path
from typing import Any

import torch
from models import CONFIG

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.final.bundle import load_bundle
from facesearch.final.rank import Job, Stage, train_stage
from facesearch.training.average import Average
from facesearch.training.checkpoint import load_checkpoint, save_checkpoint
from facesearch.training.fit import Training
from facesearch.training.parallel import Ranks
from facesearch.training.retention import Checkpoints, claim

CPU = torch.device("cpu")
AVERAGED = RunConfig.model_validate(
    {**CONFIG, "optim": {"ema_decay": 0.9}, "train": {"epochs": 2, "batch_size": 8}}
)


def train(stage: Stage) -> list[dict[str, Any]]:
    claim(stage.place / "checkpoints", 1)
    told: list[dict[str, Any]] = []
    train_stage(
        Job(stage, 1, 1, torch.get_num_threads()), Ranks(), CPU, lambda **line: told.append(line)
    )
    return told


def test_network_and_head_of_the_bundle_are_the_averaged_ones(tmp_path: Path) -> None:
    alone = Training(AVERAGED, load_all_faces(AVERAGED.data), CPU)
    list(alone.epochs())
    told = train(Stage(AVERAGED, tmp_path))
    assert [line["epoch"] for line in told] == [1, 2]
    [member] = load_bundle(tmp_path / "model").members
    for ours, kept, last in (
        (member.network, alone.best_network, alone.network),
        (member.head, alone.best_head, alone.head),
    ):
        torch.testing.assert_close(ours.state_dict(), kept.state_dict())
        assert any(not torch.equal(v, last.state_dict()[k]) for k, v in ours.state_dict().items())


def test_a_stage_begins_with_network_and_head_of_the_one_before(tmp_path: Path) -> None:
    train(Stage(AVERAGED, tmp_path / "a"))
    before = load_bundle(tmp_path / "a" / "model").members[0]
    later = Training(AVERAGED, load_all_faces(AVERAGED.data), CPU)
    later.start_from(before.network, before.head)
    assert isinstance(later.average, Average) and later.average.num_averaged == 0
    for module, wanted in (
        (later.head, before.head), (later.best_head, before.head),
        (later.network, before.network), (later.best_network, before.network),
    ):  # fmt: skip
        torch.testing.assert_close(module.state_dict(), wanted.state_dict())


def test_a_checkpoint_of_an_earlier_version_is_continued_and_told(tmp_path: Path) -> None:
    """Its average is torch's, of the network alone."""
    folder = tmp_path / "checkpoints"
    training = Training(AVERAGED, load_all_faces(AVERAGED.data), CPU)
    next(training.epochs())
    claim(folder, 1)
    path = Checkpoints(folder, 1).save(training, 1.0)
    state = load_checkpoint(path)
    network = {f"module.{k}": v for k, v in training.best_network.state_dict().items()}
    state["average"] = {"n_averaged": torch.tensor(6), **network}
    save_checkpoint(path, state)
    told = train(Stage(AVERAGED, tmp_path))
    assert "EMA was of the network alone" in told[0]["note"]
    assert [line.get("epoch") for line in told] == [None, 2]
    load_bundle(tmp_path / "model")
