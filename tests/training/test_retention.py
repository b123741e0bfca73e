"""Checkpoints of a trial: who may write, what is kept, what is gone on from after a crash."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from facesearch.config import RunConfig
from facesearch.data.faces import load_faces
from facesearch.errors import StorageError
from facesearch.training import fit
from facesearch.training.fit import Training
from facesearch.training.retention import (
    Checkpoints,
    Superseded,
    claim,
    forget,
    keep_final,
    size_bytes,
)

CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    claim(tmp_path / "trial", 1)
    return tmp_path / "trial"


def new(config: RunConfig) -> Training:
    return Training(config, load_faces(config.data), CPU)


def save(folder: Path, training: Training, scores: dict[int, float], attempt: int = 1) -> None:
    """Save after each of some epochs, as if it had been trained."""
    for epoch, score in scores.items():
        training.epochs_done = epoch
        Checkpoints(folder, attempt).save(training, score)


def kept(folder: Path) -> list[str]:
    return sorted(path.name.split("-score")[0] for path in folder.glob("*.ckpt"))


def test_a_crashed_training_goes_on_as_if_nothing_had_been(
    folder: Path, small_config: RunConfig
) -> None:
    whole = [result.metrics for result in new(small_config).epochs()]
    first = new(small_config)
    for result in first.epochs():
        Checkpoints(folder, 1).save(first, result.metrics["val/rank1"])
        if result.epoch == 2:
            break
    claim(folder, 2)
    second = new(small_config)
    assert Checkpoints(folder, 2).load(second, most_epochs=2) == []
    assert [result.metrics for result in second.epochs()] == whole[2:]


def test_the_last_two_and_the_best_are_kept(folder: Path, small_config: RunConfig) -> None:
    training = new(small_config)
    path = Checkpoints(folder, 1).save(training, 1e-05)
    assert path.name == "epoch-0000-a1-score1e-05.ckpt" and path.is_file()
    save(folder, training, {1: 0.5, 2: 0.9, 3: float("nan"), 4: 0.2, 5: 0.3})
    assert kept(folder) == ["epoch-0002-a1", "epoch-0004-a1", "epoch-0005-a1"]
    # of equals, the newest
    save(folder, training, {6: 0.9})
    assert kept(folder) == ["epoch-0005-a1", "epoch-0006-a1"]
    save(folder, training, {7: -0.5, 8: float("-inf"), 9: float("inf"), 10: 0.0, 11: 0.0})
    assert kept(folder) == ["epoch-0009-a1", "epoch-0010-a1", "epoch-0011-a1"]


def test_of_several_objectives_the_best_by_each_is_kept(
    folder: Path, small_config: RunConfig
) -> None:
    training = new(small_config)
    # two that vary, the second below 0, and a cost that is the same after every epoch
    course = {1: (0.9, -0.5), 2: (0.5, -0.1), 3: (0.6, -0.3), 4: (0.7, float("nan")), 5: (0.8, -1)}
    for epoch, scores in course.items():
        training.epochs_done = epoch
        path = Checkpoints(folder, 1).save(training, *scores, -1.25)
        assert path.is_file()
    assert path.name == "epoch-0005-a1-score0.8_-1.0_-1.25.ckpt"
    assert kept(folder) == [f"epoch-000{epoch}-a1" for epoch in (1, 2, 4, 5)]
    keep_final(folder)
    assert kept(folder) == [f"epoch-000{epoch}-a1" for epoch in (1, 2, 5)]
    resumed = new(small_config)
    assert Checkpoints(folder, 1).load(resumed, most_epochs=9) == []
    assert resumed.epochs_done == 5


def test_files_of_an_earlier_version_with_the_first_score_alone_are_read(
    folder: Path, small_config: RunConfig
) -> None:
    training = new(small_config)
    save(folder, training, {1: 0.9, 2: 0.2, 3: 0.3})
    resumed = new(small_config)
    assert Checkpoints(folder, 1).load(resumed, most_epochs=9) == [] and resumed.epochs_done == 3
    for epoch, scores in {4: (0.4, -0.1), 5: (0.5, -0.3), 6: (0.1, -0.2)}.items():
        resumed.epochs_done = epoch
        Checkpoints(folder, 1).save(resumed, *scores)
    # the first by the first score, the fourth by the second, and the last two
    assert kept(folder) == [f"epoch-000{epoch}-a1" for epoch in (1, 4, 5, 6)]


def test_the_course_of_an_older_attempt_is_given_up_epoch_by_epoch(
    folder: Path, small_config: RunConfig
) -> None:
    training = new(small_config)
    save(folder, training, {3: 0.3, 4: 0.9, 5: 0.5, 6: 0.4})
    claim(folder, 2)
    resumed = new(small_config)
    # of what came after epoch 5, nobody has been told
    assert Checkpoints(folder, 2).load(resumed, most_epochs=5) == []
    assert resumed.epochs_done == 5
    assert Checkpoints(folder, 2).load(new(small_config), most_epochs=3) == []
    save(folder, resumed, {5: 0.1}, attempt=2)
    assert kept(folder) == ["epoch-0004-a1", "epoch-0005-a2"]


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    folder: Path, small_config: RunConfig
) -> None:
    training = new(small_config)
    save(folder, training, {1: 0.1, 2: 0.2, 3: 0.1})
    third, second = sorted(folder.glob("*.ckpt"), reverse=True)
    content = bytearray(third.read_bytes())
    content[len(content) // 2] ^= 1
    third.write_bytes(content)
    resumed = new(small_config)
    [told] = Checkpoints(folder, 1).load(resumed, most_epochs=9)
    assert resumed.epochs_done == 2 and "\n" not in told
    assert told.startswith(str(third)) and "SHA-256 differs" in told
    second.write_bytes(b"")
    fresh, untouched = new(small_config), new(small_config)
    assert len(Checkpoints(folder, 1).load(fresh, most_epochs=9)) == 2
    assert fresh.epochs_done == 0
    torch.testing.assert_close(fresh.network.state_dict(), untouched.network.state_dict())


def test_a_checkpoint_of_another_config_is_passed_over(
    folder: Path, small_config: RunConfig
) -> None:
    save(folder, new(small_config), {1: 0.1})
    optim = small_config.optim.model_copy(update={"lr": 0.2})
    other = new(small_config.model_copy(update={"optim": optim}))
    [told] = Checkpoints(folder, 1).load(other, most_epochs=9)
    assert "of another config" in told and other.epochs_done == 0


def test_junk_and_missing_folders_are_survived(folder: Path, small_config: RunConfig) -> None:
    training = new(small_config)
    for name in (
        "notes.txt",
        "epoch-x-a1-score1.ckpt",
        "epoch-0009-a1-score1_.ckpt",
        "epoch-0009-a1-score1e.e.ckpt",
        "epoch-1",
    ):
        (folder / name).write_bytes(b"junk")
    (folder / ".epoch-0001-a1-score0.5.ckpt.77.tmp").write_bytes(b"half")
    (folder / "epoch-0008-a1-score0.1.ckpt").mkdir()  # a folder where a file should be
    [told] = Checkpoints(folder, 1).load(training, most_epochs=99)
    assert "no checkpoint that can be read" in told and training.epochs_done == 0
    # loading is also for others than the one that writes here
    assert list(folder.glob(".*.tmp")) and (folder / "notes.txt").is_file()
    save(folder, training, {1: 0.5})
    keep_final(folder)
    for missing in (folder / "gone", folder / "notes.txt"):
        assert Checkpoints(missing, 1).load(training, most_epochs=9) == []
        keep_final(missing)
        forget(missing)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_checkpoint_is_passed_over(folder: Path, small_config: RunConfig) -> None:
    training = new(small_config)
    save(folder, training, {1: 0.1, 2: 0.2})
    max(folder.glob("*.ckpt")).chmod(0)
    assert len(Checkpoints(folder, 1).load(training, most_epochs=9)) == 1
    assert training.epochs_done == 1


def test_only_the_newest_attempt_may_write(folder: Path, small_config: RunConfig) -> None:
    training = new(small_config)
    claim(folder, 2)
    with pytest.raises(Superseded, match="belongs to attempt 2, not to attempt 1"):
        Checkpoints(folder, 1).save(training, 0.5)
    Checkpoints(folder, 2).save(training, 0.5)
    (folder / "attempt").write_text("?")
    with pytest.raises(Superseded, match="belongs to nobody any more"):
        Checkpoints(folder, 2).save(training, 0.5)
    forget(folder)
    with pytest.raises(Superseded, match="nobody"):
        Checkpoints(folder, 2).save(training, 0.5)
    assert not folder.exists()


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_an_attempt_that_wakes_up_after_its_write_takes_it_back(
    folder: Path, small_config: RunConfig, monkeypatch: pytest.MonkeyPatch, is_forgotten: bool
) -> None:
    """It was stopped with its checkpoint written, and nothing deleted yet."""
    training, write = new(small_config), fit.save_checkpoint
    save(folder, training, {1: 0.1, 2: 0.2})

    def stopped(path: Path, state: dict[str, Any]) -> None:
        if is_forgotten:
            forget(folder)
        else:
            claim(folder, 2)
        write(path, state)  # it makes a folder that is gone

    monkeypatch.setattr(fit, "save_checkpoint", stopped)
    training.epochs_done = 3
    with pytest.raises(Superseded, match="nobody" if is_forgotten else "attempt 2"):
        Checkpoints(folder, 1).save(training, 0.5)
    assert kept(folder) == ([] if is_forgotten else ["epoch-0001-a1", "epoch-0002-a1"])
    assert folder.exists() is not is_forgotten


def test_what_is_final_is_the_best_and_the_last(folder: Path, small_config: RunConfig) -> None:
    training = new(small_config)
    save(folder, training, {1: 0.9, 2: 0.2, 3: 0.3})
    (folder / ".x.1.tmp").touch()
    keep_final(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "epoch-0001-a1-score0.9.ckpt", "epoch-0003-a1-score0.3.ckpt",
    ]  # fmt: skip
    with pytest.raises(Superseded):
        Checkpoints(folder, 1).save(training, 0.5)


def test_a_claim_removes_what_killed_writers_left_and_is_never_given_back(folder: Path) -> None:
    (folder / ".epoch-0001-a1-score0.5.ckpt.77.tmp").write_bytes(b"half")
    claim(folder, 3)
    claim(folder, 3)
    with pytest.raises(Superseded, match="attempt 3, not to attempt 2"):
        claim(folder, 2)
    assert [path.name for path in folder.iterdir()] == ["attempt"]
    assert (folder / "attempt").read_text() == "3"


def test_a_full_disk_leaves_the_older_checkpoints(
    folder: Path, small_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = new(small_config)
    save(folder, training, {1: 0.1, 2: 0.2})
    before = kept(folder)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    training.epochs_done = 3
    with pytest.raises(StorageError, match=r"no space left at .*; a checkpoint needs [\d.]+ MB"):
        Checkpoints(folder, 1).save(training, 0.5)
    assert kept(folder) == before and not list(folder.glob(".*.tmp"))


@pytest.mark.parametrize(
    ("optim", "ema_decay", "head"),
    [
        ("sgd", 0.0, "arcface"),
        ("adamw", 0.9, "subcenter_arcface"),
        ("lion", 0.0, "softmax"),
        ("muon", 0.9, "arcface"),
    ],
)
def test_the_size_is_told_before(
    folder: Path, small_config: RunConfig, optim: str, ema_decay: float, head: str
) -> None:
    raw = small_config.model_dump() | {"head": {"type": head}}
    raw["optim"] |= {"type": optim, "ema_decay": ema_decay, "lr": 0.001}
    raw["model"]["width"], raw["train"]["epochs"] = 64, 1
    config = RunConfig.model_validate(raw)
    training = new(config)
    next(training.epochs())
    found = Checkpoints(folder, 1).save(training, 0.5).stat().st_size
    told = size_bytes(config, len(training.faces.identities))
    assert 0 < found - told < 60_000  # names, shapes, the config
    assert found > 500_000
