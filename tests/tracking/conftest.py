"""A store with its tables made, a toy sweep, and the check that both agree."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from mlflow import MlflowClient

from facesearch.config import RunConfig
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import Tracker
from facesearch.tuning.records import OUTCOMES, PAUSED, RUNNING, SweepRecord, TrialRecord

# Called with the name of a client's method before and after the real call; may raise or wait.
Hook = Callable[[str, str], None]


class HookedClient:
    def __init__(self, client: MlflowClient, hook: Hook) -> None:
        self._client, self._hook = client, hook

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._hook(name, "before")
            result = getattr(self._client, name)(*args, **kwargs)
            self._hook(name, "after")
            return result

        return call


@dataclass(frozen=True)
class HookedStore(Store):
    hook: Hook = lambda name, when: None

    def client(self) -> Any:
        return HookedClient(super().client(), self.hook)


class Toy:
    """A sweep and a driver of it that trains nothing."""

    def __init__(self, trials: int = 4, max_epochs: int = 6, seed: int = 0) -> None:
        self.sweep = SweepRecord("toy", trials, max_epochs, sweep_id=f"id-{seed}")
        self.random = Random(seed)
        self.told: list[str] = []
        self.pace: Callable[[], Any] = lambda: None
        for number in range(trials):
            point = {"head.type": "arcface", "optim.lr": 0.1 * (number + 1)}
            self.sweep.trials[number] = TrialRecord(number, point)

    def track(self, store: Store, **more: Any) -> Tracker:
        return Tracker(
            store, self.sweep, {"facesearch.git": "abc"}, lambda trial: RunConfig(),
            self.told.append, **more,
        )  # fmt: skip

    def start(self, tracker: Tracker, number: int) -> None:
        trial = self.sweep.trials[number]
        trial.outcome, trial.attempts = RUNNING, trial.attempts + 1
        tracker.trial_started(trial)

    def epochs(self, tracker: Tracker, number: int, count: int = 1) -> None:
        trial = self.sweep.trials[number]
        for _ in range(count):
            score = self.random.random()
            trial.curve.append({"score": score, "seconds": 0.01, "val/rank1": score, "train/x": 2})
            tracker.epoch_done(trial)

    def end(self, tracker: Tracker, number: int, outcome: str) -> None:
        trial = self.sweep.trials[number]
        trial.outcome = outcome
        tracker.trial_ended(trial)

    def run(self, tracker: Tracker) -> None:
        """Bring every trial that has not ended to an end, in random order."""
        left = [n for n, trial in self.sweep.trials.items() if not trial.has_ended]
        for number in left:
            self.start(tracker, number)
        while left:
            self.pace()
            number = self.random.choice(left)
            event = self.random.random()
            if event < 0.75 and self.sweep.trials[number].epochs < self.sweep.max_epochs:
                self.epochs(tracker, number)
            elif event < 0.85:
                self.end(tracker, number, PAUSED)
                self.start(tracker, number)
            else:
                self.end(tracker, number, self.random.choice(OUTCOMES))
                left.remove(number)


STATUS = {"completed": "FINISHED", "pruned": "FINISHED", "interrupted": "KILLED"}


def rows_of(path: Path, query: str, *args: Any) -> list[Any]:
    with sqlite3.connect(path) as database:
        return database.execute(query, args).fetchall()


def check_equal(path: Path, sweep: SweepRecord) -> None:
    """Hold the tables of a store against the records of a sweep that is closed."""
    runs = rows_of(
        path,
        "select t.run_uuid, r.status from tags t join runs r using (run_uuid) where "
        "t.key = 'facesearch.sweep_id' and t.value = ? and r.lifecycle_stage = 'active'",
        sweep.sweep_id,
    )
    seen = []
    for run_id, status in runs:
        tags = dict(rows_of(path, "select key, value from tags where run_uuid = ?", run_id))
        if tags["facesearch.kind"] == "sweep":
            assert status == ("KILLED" if sweep.is_interrupted else "FINISHED")
            assert sweep.best is None or tags["facesearch.best_run_id"] == sweep.best.run_id
            parent_id = run_id
        else:
            seen.append(int(tags["facesearch.trial"]))
            trial = sweep.trials[seen[-1]]
            assert trial.run_id == run_id
            outcome = trial.outcome if trial.has_ended else "interrupted"
            assert tags["facesearch.outcome"] == outcome
            assert status == STATUS.get(outcome, "FAILED")
            check_trial(path, run_id, trial)
    assert sorted(seen) == sorted(sweep.trials) and len(runs) == len(seen) + 1
    assert len(rows_of(path, "select 1 from tags where value = ?", parent_id)) == len(seen)


def check_trial(path: Path, run_id: str, trial: TrialRecord) -> None:
    logged = rows_of(path, "select key, step, value from metrics where run_uuid = ?", run_id)
    keys = [(key, step) for key, step, _ in logged]
    assert len(keys) == len(set(keys))
    curves = {(key, step): value for key, step, value in logged}
    for epoch, row in enumerate(trial.curve, 1):
        for key, value in row.items():
            assert curves.pop((key, epoch)) == value
    last = max(step for key, step in curves if key == "epochs")
    assert curves[("epochs", last)] == trial.epochs
    assert {key for key, _ in curves} <= {"epochs", "best/score", "total_seconds", "attempts"}
    params = dict(rows_of(path, "select key, value from params where run_uuid = ?", run_id))
    assert params == {name.split(".")[-1]: str(value) for name, value in trial.point.items()}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the tables made, which takes seconds."""
    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    store = Store(f"sqlite:///{path}")
    store.experiment_id(store.client())
    return path


@pytest.fixture
def db(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "mlflow.db"))


@pytest.fixture
def store(db: Path) -> Store:
    return Store(f"sqlite:///{db}")


@pytest.fixture
def hooked(db: Path) -> Callable[[Hook], Store]:
    return lambda hook: HookedStore(f"sqlite:///{db}", None, hook)


@pytest.fixture
def toy() -> type[Toy]:
    return Toy


@pytest.fixture
def assert_equal(db: Path) -> Callable[[SweepRecord], None]:
    return lambda sweep: check_equal(db, sweep)


@pytest.fixture
def rows(db: Path) -> Callable[..., list[Any]]:
    return lambda query, *args: rows_of(db, query, *args)
