import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from facesearch.config import RunConfig
from facesearch.errors import InputError, StorageError, TrialFailure
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.distributed import (
    _failure,
    _follow,
    _Inbox,
    train_stage_distributed,
    worker_resources,
)
from facesearch.final.model import FaceModel, build_member
from facesearch.final.rank import Stage
from facesearch.training.fit import EpochResult
from facesearch.tuning.cluster import Cluster, ray_session

# What a local Ray leaves behind when it shuts down: its own warnings and sockets.
IGNORED = (
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning",
    "ignore::UserWarning", "ignore::pytest.PytestUnraisableExceptionWarning",
)  # fmt: skip


def ignore(told: object) -> None:
    pass


@pytest.mark.parametrize(
    ("workers", "nodes", "expected"),
    [
        (2, [{"CPU": 2}], {"CPU": 1}),
        (2, [{"CPU": 9.0}], {"CPU": 4}),
        (3, [{"CPU": 8}, {"CPU": 4}], {"CPU": 4}),
        (2, [{"CPU": 16, "GPU": 2}], {"CPU": 8, "GPU": 1}),
        (2, [{"CPU": 16, "GPU": 1}, {"CPU": 4, "GPU": 1}, {"CPU": 64}], {"CPU": 4, "GPU": 1}),
    ],
)
def test_a_worker_asks_for_what_fits(
    workers: int, nodes: list[dict[str, float]], expected: dict[str, int]
) -> None:
    assert worker_resources(workers, nodes) == expected


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([{"CPU": 2}], "3 workers need a CPU each, but Ray has room for 2"),
        ([{"CPU": 8, "GPU": 2}, {"CPU": 8}], "3 workers need a GPU and a CPU each.* room for 2"),
    ],
)
def test_a_cluster_that_is_too_small_is_refused(
    nodes: list[dict[str, float]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        worker_resources(3, nodes)


def test_every_whole_line_is_passed_on_once(tmp_path: Path) -> None:
    results: list[EpochResult] = []
    notes: list[str] = []
    inbox = _Inbox(tmp_path, results.append, notes.append)
    inbox.look()
    lines = [
        {"note": "nöte"},
        {"epoch": 1, "metrics": {"train/loss": 2.0}, "seconds": 0.5},
        {"epoch": 2, "metrics": {"train/loss": float("nan")}, "seconds": 0.5},
    ]
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    for number, byte in enumerate(content):
        with (tmp_path / "rank-0.jsonl").open("ab") as file:
            file.write(bytes([byte]))
        inbox.look()
        assert len(results) + len(notes) == content[: number + 1].count(b"\n")
    (tmp_path / "rank-1.jsonl").write_text('{"failure": "InputError", "message": "x"}\n')
    inbox.look()
    assert notes == ["nöte"] and [result.epoch for result in results] == [1, 2]
    assert results[0] == EpochResult(1, {"train/loss": 2.0}, 0.5)
    assert inbox.num_epochs == 2 and inbox.failures[0]["message"] == "x"


@pytest.mark.parametrize(
    ("kind", "before", "expected", "text"),
    [
        ("InputError", "", InputError, "text"),
        ("StorageError", "", StorageError, "text"),
        ("TrialFailure", "", TrialFailure, "text"),
        ("out_of_memory", "", TrialFailure, "text"),
        ("InputError", "no memory", TrialFailure, "no memory; text"),
    ],
)
def test_a_failure_comes_back_as_what_it_was(
    kind: str, before: str, expected: type[Exception], text: str
) -> None:
    error = _failure({"failure": kind, "message": "text", "outcome": "diverged"}, before)
    assert type(error) is expected and str(error) == text
    if isinstance(error, TrialFailure):
        is_memory = kind != "TrialFailure"
        assert error.outcome == ("out_of_memory" if is_memory else "diverged")


def test_what_is_told_is_passed_on_in_this_thread_and_an_exception_is_returned(
    tmp_path: Path,
) -> None:
    notes: list[str] = []

    def fit() -> None:
        (tmp_path / "rank-0.jsonl").write_text('{"note": "first"}\n')
        while not notes:
            time.sleep(0.01)
        with (tmp_path / "rank-0.jsonl").open("a") as file:
            file.write('{"note": "last"}\n')
        raise ValueError("end")

    error = _follow(fit, _Inbox(tmp_path, ignore, notes.append), poll_s=0.05)
    assert isinstance(error, ValueError) and notes == ["first", "last"]


def changed(config: RunConfig, **parts: dict[str, Any]) -> RunConfig:
    raw = config.model_dump()
    for part, values in parts.items():
        raw[part] = values if part == "head" else raw[part] | values
    return RunConfig.model_validate(raw)


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    with ray_session(Cluster()):
        yield


@pytest.mark.slow
@pytest.mark.filterwarnings(*IGNORED)
@pytest.mark.usefixtures("local_ray")
class TestWithRay:
    def test_two_workers_train_a_model(
        self, small_config: RunConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        first = build_member(small_config, num_identities=8)
        names = tuple(f"g{number:06d}" for number in range(8))
        save_bundle(tmp_path / "before", FaceModel((first,), small_config, names))
        config = changed(small_config, optim={"ema_decay": 0.5, "lr": 1e-9})
        stage = Stage(config, tmp_path / "stage1", tmp_path / "before")
        results: list[EpochResult] = []
        model = train_stage_distributed(stage, 2, results.append, ignore)
        assert [result.epoch for result in results] == [1, 2, 3]
        assert all(result.metrics["train/loss"] > 0 for result in results)
        assert model.identities == names
        # so small a rate leaves the weights of the stage before where they were
        for name, weight in first.network.named_parameters():
            found = model.members[0].network.get_parameter(name)
            torch.testing.assert_close(found, weight, rtol=1e-3, atol=1e-4)
        loaded = load_bundle(stage.place / "model").members[0]
        torch.testing.assert_close(
            loaded.network.state_dict(), model.members[0].network.state_dict()
        )
        assert [path.name for path in stage.place.iterdir()] == ["model"]
        assert capfd.readouterr() == ("", "")

    def test_a_training_that_diverges_is_not_tried_again(
        self, small_config: RunConfig, tmp_path: Path
    ) -> None:
        config = changed(small_config, head={"type": "softmax"})
        member = build_member(config, num_identities=8)
        with torch.no_grad():
            for weight in member.network.embedding.parameters():
                weight.fill_(3e38)
        names = tuple(f"g{number:06d}" for number in range(8))
        save_bundle(tmp_path / "before", FaceModel((member,), config, names))
        stage = Stage(config, tmp_path / "stage1", tmp_path / "before")
        notes: list[str] = []
        with pytest.raises(TrialFailure, match="not finite in epoch 1") as caught:
            train_stage_distributed(stage, 2, ignore, notes.append)
        assert caught.value.outcome == "diverged" and notes == []

    def test_what_only_one_rank_finds_wrong_ends_all(
        self, small_config: RunConfig, tmp_path: Path
    ) -> None:
        stage = Stage(small_config, tmp_path / "stage1", tmp_path / "nowhere")
        with pytest.raises(InputError, match="not a whole facesearch model"):
            train_stage_distributed(stage, 2, ignore, ignore)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_it_goes_on(small_config: RunConfig, tmp_path: Path) -> None:
    """Kill a worker, then the command; no finished epoch is trained again."""
    num_epochs = 150
    config = changed(small_config, train={"epochs": num_epochs}, optim={"lr": 0.01})
    command = Command(tmp_path, config)
    command.start()
    command.wait_for(lambda: len(command.epochs()) >= 5)
    workers = command.processes("RayTrainWorker")
    assert len(workers) == 2
    os.kill(workers[-1], signal.SIGKILL)
    command.wait_for(lambda: "a worker has ended" in command.log)
    before = len(command.epochs())
    command.wait_for(lambda: len(command.epochs()) >= before + 5)
    command.process.kill()
    command.process.wait()
    last = max(command.epochs())
    assert last < num_epochs, "it was too fast to be killed"
    command.wait_for(lambda: not command.processes("RayTrainWorker"))
    command.start()
    command.wait_for(lambda: command.process.poll() is not None, 600)
    assert command.process.returncode == 0, command.log
    # an epoch that was told, but not saved yet, is trained again after each kill: no other
    steps = [b - a for a, b in itertools.pairwise(command.epochs())]
    assert set(steps) <= {0, 1} and steps.count(0) <= 2
    assert sorted(set(command.epochs())) == list(range(1, num_epochs + 1))
    assert load_bundle(tmp_path / "stage" / "model").config == config
    command.wait_for(lambda: not command.processes("raylet"))


SCRIPT = """
import sys
from pathlib import Path
from facesearch.config import RunConfig
from facesearch.final.distributed import Stage, train_stage_distributed
config = RunConfig.model_validate_json(Path("config.json").read_text())
train_stage_distributed(
    Stage(config, Path("stage")), 2,
    lambda result: print("epoch", result.epoch, flush=True), lambda note: print(note, flush=True),
)
"""


class Command:
    """A command that trains a stage in a process of its own."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        (folder / "config.json").write_text(config.model_dump_json())

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT], cwd=self.folder, stdout=log, stderr=log,
                start_new_session=True, env={**os.environ, "MARK": str(self.folder)},
            )  # fmt: skip

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def epochs(self) -> list[int]:
        return [int(number) for number in re.findall(r"^epoch (\d+)$", self.log, re.MULTILINE)]

    def processes(self, word: str) -> list[int]:
        """Return the living processes of this command by their name, in the order they began."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    is_own = f"MARK={self.folder}\0".encode() in (entry / "environ").read_bytes()
                    if is_own and word in (entry / "cmdline").read_text():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return sorted(found)

    def wait_for(self, is_true: Any, timeout_s: float = 300) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_true():
            assert time.monotonic() < deadline, self.log[-3000:]
            assert self.process.poll() in (None, 0, -signal.SIGKILL), self.log[-3000:]
            time.sleep(0.05)
