"""What the tracker writes while the store is well."""

import threading
import time
from typing import Any

import pytest

from facesearch.config import RunConfig
from facesearch.tracking.tracker import single_run, write_sweep
from facesearch.tuning.records import PAUSED, SweepRecord


def test_a_sweep_is_written_as_it_was(store: Any, toy: Any, assert_equal: Any) -> None:
    player = toy(trials=6, seed=1)
    tracker = player.track(store)
    player.run(tracker)
    assert tracker.close() and player.told == []
    assert_equal(player.sweep)


def test_a_whole_sweep_is_written_at_once(store: Any, toy: Any, assert_equal: Any) -> None:
    player = toy(seed=2)
    silent = type("Silent", (), dict.fromkeys(("trial_started", "epoch_done", "trial_ended"),
                                              lambda self, trial: None))  # fmt: skip
    player.run(silent())
    for _ in range(2):  # twice is as good as once
        assert write_sweep(store, player.sweep, {}, lambda trial: RunConfig(), player.told.append)
        assert_equal(player.sweep)


def test_an_interrupted_sweep_goes_on_in_the_same_runs(
    hooked: Any, store: Any, toy: Any, assert_equal: Any, rows: Any
) -> None:
    player = toy(trials=4)
    tracker = player.track(store)
    for number in range(3):
        player.start(tracker, number)
        player.epochs(tracker, number, 2)
    player.end(tracker, 0, "completed")
    player.end(tracker, 1, PAUSED)
    player.sweep.is_interrupted = True
    assert tracker.close()
    assert_equal(player.sweep)
    first_ids = {number: trial.run_id for number, trial in player.sweep.trials.items()}
    created = []
    running = threading.Event()

    def watch(name: str, when: str) -> None:
        created.extend([name] if name == "create_run" else [])
        # the parent and the two trials that had begun and the one that had not
        if name == "update_run" and when == "after":
            statuses = rows("select status from runs")
            if [s for (s,) in statuses].count("RUNNING") == 4:
                running.set()

    for trial in player.sweep.trials.values():
        trial.run_id = None
    player.sweep.is_interrupted = False
    again = player.track(hooked(watch))
    assert running.wait(20)
    player.run(again)
    assert again.close() and created == [] and player.told == []
    assert_equal(player.sweep)
    assert {n: t.run_id for n, t in player.sweep.trials.items()} == first_ids
    assert again.parent_id == tracker.parent_id


def test_a_backlog_goes_in_few_calls_with_whole_epochs(
    hooked: Any, toy: Any, assert_equal: Any
) -> None:
    calls: list[str] = []
    gate = threading.Event()

    def hold(name: str, when: str) -> None:
        gate.wait(20)
        calls.extend([name] if when == "before" else [])

    player = toy(trials=1)
    tracker = player.track(hooked(hold))
    player.start(tracker, 0)
    player.epochs(tracker, 0, 600)  # of 4 metrics: 250 epochs a call
    player.end(tracker, 0, "completed")
    gate.set()
    assert tracker.close()
    # params, curve, summary; best_run_id and summary of the sweep; the outcome was known at birth
    assert calls.count("log_batch") == 1 + 3 + 1 + 2
    assert_equal(player.sweep)


def test_events_never_wait_for_the_store(hooked: Any, toy: Any, assert_equal: Any) -> None:
    gate = threading.Event()
    player = toy(trials=3)
    tracker = player.track(hooked(lambda name, when: gate.wait(20) and None))
    begin = time.perf_counter()
    for number in range(3):
        player.start(tracker, number)
        player.epochs(tracker, number, 300)
        player.end(tracker, number, "pruned")
    assert time.perf_counter() - begin < 0.2
    assert tracker.close(timeout_s=0.1) is False
    gate.set()
    again = player.track(hooked(lambda name, when: None))
    assert again.close()
    assert_equal(player.sweep)


def test_a_point_that_moves_is_told_in_a_tag(store: Any, toy: Any, rows: Any) -> None:
    player = toy(trials=1)
    for lr in (0.1, 0.3):
        player.sweep.trials[0].point = {"optim.lr": lr}
        tracker = player.track(store)
        player.start(tracker, 0)
        assert tracker.close() and player.told == []
    assert rows("select key, value from params") == [("lr", "0.1")]
    point = "select value from tags where key = 'facesearch.point'"
    assert rows(point) == [('{"optim.lr": 0.3}',)]


def test_a_second_attempt_is_counted_and_nan_and_inf_are_kept(
    store: Any, toy: Any, rows: Any
) -> None:
    player = toy(trials=1)
    player.sweep.trials[0].curve = [{"score": 0.5, "a": float("nan"), "b": float("inf")}]
    for _ in range(2):
        tracker = player.track(store)
        player.start(tracker, 0)
        assert tracker.close()
    logged = rows("select key, step, is_nan from metrics where key in ('a', 'b', 'attempts')")
    assert sorted(logged) == [("a", 1, 1), ("attempts", 1, 0), ("b", 1, 0)]


def test_what_a_store_refuses_is_told_and_holds_nobody_up(store: Any, toy: Any, rows: Any) -> None:
    player = toy(trials=3)
    player.sweep.trials[1].point["optim.l=r"] = 1
    tracker = player.track(store)
    player.run(tracker)
    assert tracker.close() is False
    assert len(player.told) == 1
    assert player.told[0].startswith("the params of trial 001 was refused: MlflowException: ")
    assert rows("select count(*) from runs where status = 'RUNNING'") == [(0,)]
    steps = "select count(*) from metrics where key = 'score'"
    assert rows(steps) == [(player.sweep.epochs_spent,)]


def test_names_of_params_do_not_depend_on_who_is_written_first(
    store: Any, toy: Any, rows: Any
) -> None:
    player = toy(trials=2)
    player.sweep.trials[0].point = {"optim.lr": 1}
    player.sweep.trials[1].point = {"head.lr": 2}
    tracker = player.track(store)
    player.start(tracker, 1)
    assert tracker.close()
    assert sorted(rows("select key, value from params")) == [("head.lr", "2"), ("lr", "1")]


def test_a_sweep_without_id_is_refused(store: Any, toy: Any) -> None:
    player = toy()
    player.sweep = SweepRecord("s", 1, 1)
    with pytest.raises(ValueError, match="sweep_id must not be empty"):
        player.track(store)


def test_a_single_run_ends_with_its_block(store: Any, rows: Any) -> None:
    with single_run(store, "final", {"a": "b"}) as (client, run_id):
        client.log_metric(run_id, "x", 1.0)
    with pytest.raises(KeyError), single_run(store, "final", {}):
        raise KeyError
    assert sorted(rows("select name, status from runs")) == [
        ("final", "FAILED"),
        ("final", "FINISHED"),
    ]
