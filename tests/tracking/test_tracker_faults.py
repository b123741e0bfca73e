"""The store fails in every way; in the end it equals the records."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests

from facesearch.tracking import agenda
from facesearch.tracking.store import Store


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a few milliseconds."""
    monkeypatch.setattr(agenda, "FIRST_PAUSE_S", 0.002)
    monkeypatch.setattr(agenda, "MAX_PAUSE_S", 0.02)


class Unlucky:
    """Fails 30 % of the calls, half of them after they were done."""

    def __init__(self, seed: int) -> None:
        self.random, self.failures = Random(seed), 0
        self.calls = threading.Semaphore(0)

    def __call__(self, name: str, when: str) -> None:
        self.calls.release()
        if self.random.random() < 0.163:  # 1 - 0.837 ** 2 = 30 %
            self.failures += 1
            raise ConnectionError(f"{name} {when}")


class Dead:
    """Lets some calls through; then the process has been killed."""

    def __init__(self, calls: int, when: str) -> None:
        self.calls, self.when, self.died = calls, when, threading.Event()

    def __call__(self, name: str, when: str) -> None:
        if when != self.when:
            return
        self.calls -= 1
        if self.calls < 0:
            self.died.set()
            threading.Event().wait()


def test_a_dead_store_is_told_of_once_and_does_not_hold_the_end_up(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "GRACE_S", 1.0)
    player = toy()
    tracker = player.track(Store("http://127.0.0.1:9"))  # nobody listens on the discard port
    player.run(tracker)
    begin = time.monotonic()
    assert tracker.close() is False
    assert time.monotonic() - begin < 5
    assert len(player.told) == 1 and "127.0.0.1" in player.told[0]
    assert tracker.parent_id is None and player.sweep.trials[0].run_id is None


def test_a_file_that_cannot_be_opened_is_told_of_at_once(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "GRACE_S", 0.2)
    (tmp_path / "file").write_text("no folder")
    player = toy()
    tracker = player.track(Store(f"sqlite:///{tmp_path}/file/mlflow.db"))
    assert tracker.close() is False
    assert len(player.told) == 1 and "cannot be opened" in player.told[0]


@pytest.mark.parametrize("seed", range(10))
def test_calls_that_fail_before_or_after_they_are_done(
    seed: int, hooked: Any, toy: Any, assert_equal: Any, quick: None
) -> None:
    unlucky, recoveries = Unlucky(seed), []
    player = toy(trials=8, seed=seed)
    # about one event to a call, so that trials change while they are written
    player.pace = lambda: unlucky.calls.acquire(timeout=0.01)
    tracker = player.track(hooked(unlucky), on_recovery=lambda: recoveries.append(1))
    player.run(tracker)
    assert tracker.close()
    assert unlucky.failures >= 3
    assert len(player.told) == len(recoveries) <= unlucky.failures
    assert_equal(player.sweep)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("calls", [0, 2, 3, 5, 7, 9, 12])
def test_a_tracker_that_is_killed_has_a_successor(
    calls: int, when: str, hooked: Any, store: Any, toy: Any, assert_equal: Any
) -> None:
    dead = Dead(calls, when)
    player = toy(trials=5, seed=calls)
    tracker = player.track(hooked(dead))
    for number in range(5):
        player.start(tracker, number)
        player.epochs(tracker, number, 2)
    player.end(tracker, 0, "failed")
    assert dead.died.wait(20)
    again = player.track(store)
    player.run(again)
    assert again.close() and player.told == []
    assert_equal(player.sweep)


def test_the_end_looks_for_calls_that_were_done_after_all(
    hooked: Any, store: Any, toy: Any, rows: Any, assert_equal: Any, quick: None
) -> None:
    player = toy(trials=2)
    late: list[dict[str, str]] = []

    def stall(name: str, when: str) -> None:
        if name == "create_run" and when == "before" and len(late) < 2:
            late.append({"facesearch.sweep_id": player.sweep.sweep_id})
            raise TimeoutError

    recovered = threading.Event()
    tracker = player.track(hooked(stall), on_recovery=recovered.set)
    assert recovered.wait(20)
    client = store.client()
    kinds = ({"facesearch.kind": "sweep"}, {"facesearch.kind": "trial", "facesearch.trial": "0"})
    for tags, kind in zip(late, kinds, strict=True):
        client.create_run(store.experiment_id(client), tags={**tags, **kind})
    player.run(tracker)
    assert tracker.close()
    assert rows("select count(*) from runs where lifecycle_stage = 'deleted'") == [(2,)]
    assert_equal(player.sweep)


def test_one_broken_trial_does_not_hold_the_others_up(
    store: Any, toy: Any, rows: Any, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "GRACE_S", 1.0)
    player = toy(trials=4)
    broken = player.sweep.trials[1]
    broken.point = {"x": type("Bug", (str,), {"__str__": lambda self: 1 / 0})()}
    tracker = player.track(store)
    player.run(tracker)
    assert tracker.close() is False
    assert len(player.told) == 1 and player.told[0].startswith("ZeroDivisionError")
    assert rows("select count(*) from runs where status != 'RUNNING'") == [(4,)]


def test_a_locked_database_is_waited_for(db: Path, store: Any, toy: Any, assert_equal: Any) -> None:
    player = toy(trials=4, seed=3)
    tracker = player.track(store)
    player.start(tracker, 0)
    player.epochs(tracker, 0, 2)
    holder = sqlite3.connect(db, isolation_level=None, check_same_thread=False, timeout=20)
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(2.0, holder.close)
    release.start()
    player.run(tracker)
    assert tracker.close()
    release.join()
    assert player.told == []
    assert_equal(player.sweep)


def test_a_read_only_database_is_written_when_it_can_be(
    db: Path, toy: Any, assert_equal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "GRACE_S", 0.5)
    _set_write_version(db, 3)
    player = toy(seed=4)
    tracker = player.track(Store(f"sqlite:///{db}"))
    player.run(tracker)
    assert tracker.close() is False
    assert len(player.told) == 1 and "readonly database" in player.told[0]
    _set_write_version(db, 1)
    # another address of the same file, as MLflow keeps its connections for as long as we live
    again = player.track(Store(f"sqlite:///{db}?timeout=20"))
    assert again.close() and len(player.told) == 1
    assert_equal(player.sweep)


def _set_write_version(db: Path, version: int) -> None:
    """Set byte 18; SQLite only reads files whose version is above 2, even for the root user."""
    with db.open("r+b") as file:
        file.seek(18)
        file.write(bytes([version]))


def _serve(db: Path, port: int) -> subprocess.Popen[bytes]:
    words = ["server", "--backend-store-uri", f"sqlite:///{db}", "--port", str(port), "--workers"]
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *words, "1"],
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    for _ in range(600):
        try:
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=1).ok:
                return server
        except requests.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError("the server does not answer")


def _kill(server: subprocess.Popen[bytes]) -> None:
    os.killpg(server.pid, signal.SIGKILL)  # the server has workers of its own
    server.wait()


@pytest.mark.slow
def test_a_server_that_is_killed_and_comes_back(db: Path, toy: Any, assert_equal: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = _serve(db, port)
    player = toy(trials=6, seed=5)
    failed, recovered = threading.Event(), threading.Event()
    try:
        tracker = player.track(Store(f"http://127.0.0.1:{port}"), on_recovery=recovered.set)
        tracker.on_failure = lambda reason: (player.told.append(reason), failed.set())[0]
        player.start(tracker, 0)
        player.epochs(tracker, 0, 300)
        _kill(server)
        player.run(tracker)
        assert failed.wait(30)
        server = _serve(db, port)
        assert recovered.wait(60)
        assert tracker.close()
    finally:
        _kill(server)
    assert len(player.told) == 1
    assert_equal(player.sweep)
