"""Real sweeps that are killed for real, and what must be true of them in the end."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mlflow.entities import ViewType

from facesearch.config import SearchConfig
from facesearch.space import load_space
from facesearch.tracking.store import Store, resolve_store
from facesearch.tuning.history import apply
from facesearch.tuning.ledger import read_ledger
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.schedulers import Decision, build_scheduler

SPACE = """
name: small
data: {image_px: 16, synthetic: {num_identities: 12, faces_per_identity: 12}}
model: {width: 4, num_stages: 2, embedding_dim: 8}
head: {choice: [{type: softmax}, {type: arcface, margin_rad: {uniform: [0.0, 0.3]}, scale: 16}]}
optim: {lr: {log_uniform: [0.02, 0.3]}}
train: {epochs: 9, batch_size: 4}
search: {trials: 8, scheduler: {type: %s, grace_epochs: 1, eta: 3}}
"""


@dataclass
class Sweep:
    """One sweep in a folder of its own, run by the command line."""

    folder: Path
    scheduler: str = "asha"
    mark: str = field(default_factory=lambda: f"facesearch-chaos-{uuid.uuid4().hex}")
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "space.yaml").write_text(SPACE % self.scheduler)

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "facesearch.cli", "tune", "space.yaml", *words],
            cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "MARK": self.mark, "OMP_NUM_THREADS": "1", **(env or {})},
        )  # fmt: skip
        log.close()
        return self.process

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def runs(self) -> Path:
        return self.folder / "runs/small-0001"

    def records(self) -> SweepRecord:
        sweep = SweepRecord("", 0, 0)
        if (self.runs / "ledger").exists():
            for event in read_ledger(self.runs):
                apply(sweep, event)
        return sweep

    def processes(self, word: str = "") -> dict[int, str]:
        """Return pid and command of all living processes of this sweep (by their environment)."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self.mark.encode() in (entry / "environ").read_bytes():
                        command = (entry / "cmdline").read_text().replace("\0", " ")
                        if word in command:
                            found[int(entry.name)] = command
                except OSError:
                    continue
        return found

    def wait_for(self, is_true: Callable[[], bool], timeout_s: float = 120) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_true():
            assert time.monotonic() < deadline, self.log[-3000:]
            time.sleep(0.05)

    def wait_gone(self, timeout_s: float = 120) -> None:
        """Wait until no process is left; two agents of Ray notice after a minute that it died."""
        self.wait_for(lambda: not self.processes(), timeout_s)

    def kill(self, victim: str, rng: random.Random) -> bool:
        """SIGKILL a process of the sweep; return whether there was one."""
        assert self.process is not None
        if victim == "driver":
            if self.process.poll() is not None:
                return False
            self.process.kill()
            return True
        word = {"worker": "ray::ImplicitFunc", "raylet": "raylet/raylet"}[victim]
        pids = list(self.processes(word))
        if not pids:
            return False
        try:
            os.kill(rng.choice(sorted(pids)), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


def check(sweep: Sweep, planned: int) -> SweepRecord:
    """Assert that a finished sweep is whole: ledger, rungs, MLflow and processes."""
    records = sweep.records()
    assert len(records.trials) == planned
    assert all(trial.has_ended for trial in records.trials.values())
    check_decisions(sweep)
    check_mlflow(sweep, records)
    assert sweep.processes() == {}
    return records


def check_decisions(sweep: Sweep) -> None:
    """Recompute every early stop from the curves as they were at that moment."""
    space = load_space(sweep.folder / "space.yaml")
    scheduler = build_scheduler(SearchConfig.model_validate(space.settings.search), space)
    records = SweepRecord("", 0, 0)
    for event in read_ledger(sweep.runs):
        if event["event"] in ("ended", "paused") and event.get("outcome") in (None, "pruned"):
            trial = records.trials[event["trial"]]
            if trial.outcome == "running" or trial.outcome == "waiting":
                expected = Decision.PAUSE if event["event"] == "paused" else Decision.STOP
                assert scheduler.after_epoch(records, trial) == expected, event
        apply(records, event)


def check_mlflow(sweep: Sweep, records: SweepRecord, store: Store | None = None) -> None:
    """One run a trial, its curve as in the ledger, nothing RUNNING."""
    store = store or resolve_store(None, sweep.folder / "runs")
    client = store.client()
    runs = client.search_runs([store.experiment_id(client)], run_view_type=ViewType.ALL)
    assert {run.info.status for run in runs} <= {"FINISHED", "FAILED", "KILLED"}
    kinds = [run.data.tags["facesearch.kind"] for run in runs]
    assert kinds.count("sweep") == 1
    by_trial = {
        int(r.data.tags["facesearch.trial"]): r for r in runs if "facesearch.trial" in r.data.tags
    }
    assert len(runs) == len(by_trial) + 1 == len(records.trials) + 1
    for trial in records.trials.values():
        history = client.get_metric_history(by_trial[trial.number].info.run_id, "score")
        written = sorted((m.step, m.value) for m in history)
        assert written == [(i, row["score"]) for i, row in enumerate(trial.curve, 1)]
        assert by_trial[trial.number].data.tags["facesearch.outcome"] == trial.outcome
