import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sweeps import TEXT, in_mlflow, simulated_sweep

from facesearch.errors import InputError
from facesearch.final.listing import final_models
from facesearch.final.locate import find_bundle
from facesearch.report.log import runs_where
from facesearch.tracking.boards import StoreReader
from facesearch.tracking.overview import open_overview
from facesearch.tracking.store import Store, find_run, resolve_store, sweep_trials
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import read_ledger


def test_the_default_is_sqlite_in_the_runs_folder(tmp_path: Path) -> None:
    assert resolve_store(None, tmp_path).uri == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_the_environment_and_the_option_choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert resolve_store(None, tmp_path).uri == "http://127.0.0.1:5000"
    assert resolve_store("http://127.0.0.1:6000", tmp_path).uri == "http://127.0.0.1:6000"


def test_a_folder_that_cannot_be_made_is_told_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = resolve_store(None, tmp_path / "file" / "runs")
    with pytest.raises(InputError, match=r"mlflow.db cannot be opened \(.*Not a directory"):
        store.client()


def test_the_first_sweep_of_a_folder_prints_nothing_of_mlflow(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from facesearch.tracking import store; "
    code += "store.resolve_store(None, Path(sys.argv[1])).client()"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True,
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.stdout + done.stderr == "" and (tmp_path / "mlflow.db").stat().st_size


def test_two_commands_that_begin_at_one_time_share_the_experiment(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = store.client()
    number = store.experiment_id(client)
    seen = iter([None, client.get_experiment(number)])
    monkeypatch.setattr(client, "get_experiment_by_name", lambda name: next(seen))
    assert store.experiment_id(client) == number


def test_a_file_that_is_no_database_is_told_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("a letter to the archivist " * 99)
    with pytest.raises(InputError, match=r"mlflow.db cannot be opened .*not a database"):
        find_run(resolve_store(None, tmp_path), "abc")


def test_only_finished_trials_are_found(store: Store) -> None:
    client = store.client()
    experiment = store.experiment_id(client)
    ids = []
    for outcome in ("completed", "diverged", "killed", "waiting", "running", "paused"):
        tags = {"facesearch.kind": "trial", "facesearch.outcome": outcome}
        ids.append(client.create_run(experiment, tags=tags).info.run_id)
        client.log_metric(ids[-1], "best/score", 0.5)
    assert find_run(store, ids[0][:10]).info.run_id == ids[0]
    assert find_run(store, ids[2]).info.run_id == ids[2]
    for run_id, outcome in ((ids[1], "diverged"), (ids[3], "waiting"), (ids[5], "paused")):
        with pytest.raises(InputError, match=f"outcome '{outcome}'"):
            find_run(store, run_id)
    with pytest.raises(InputError, match=rf"No run 'fffffff' .*{ids[0][:8]} \(0.500\)"):
        find_run(store, "fffffff")
    for bad in ("../../x", "-rf", "", ids[0][:2], "a" * 101):
        with pytest.raises(InputError, match=f"No run '{bad[:100]}' in MLflow at .*db"):
            find_run(store, bad)


@pytest.mark.parametrize("name", ["a", "bc", "my.data-2"])
def test_a_name_that_is_exact_always_matches(tmp_path: Path, name: str) -> None:
    text = TEXT.replace("name: made-up", f"name: {name}")
    store = in_mlflow(simulated_sweep(tmp_path, trials=3, num_failed=0, text=text))
    best = find_run(store, name)
    assert best.data.tags["facesearch.kind"] == "trial"
    # and goes before the beginning of an id
    run_id = best.info.run_id
    other = text.replace(f"name: {name}", f"name: '{run_id[:4]}'")
    in_mlflow(simulated_sweep(tmp_path, trials=3, num_failed=0, text=other))
    named = find_run(store, run_id[:4])
    assert named.data.tags["facesearch.folder"] == f"{run_id[:4]}-0001"
    assert find_run(store, run_id[:6]).info.run_id == run_id


def test_looking_for_a_run_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sweep has been tracked there"):
        find_run(resolve_store(None, tmp_path / "runs"), "3f2b91c")
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_is_not_finalized_by_a_trial_that_is_still_trained(store: Store) -> None:
    client = store.client()
    experiment = store.experiment_id(client)
    ids = []
    for outcome, score in (("running", 0.9), ("completed", 0.5), ("failed", 0.95)):
        tags = {"facesearch.kind": "trial", "facesearch.outcome": outcome,
                "facesearch.sweep_id": "s", "facesearch.trial": str(len(ids))}  # fmt: skip
        ids.append(client.create_run(experiment, tags=tags).info.run_id)
        client.log_metric(ids[-1], "best/score", score)
    tags = {"facesearch.kind": "sweep", "facesearch.sweep_id": "s", "mlflow.runName": "sweep",
            "facesearch.best_run_id": ids[0]}  # fmt: skip
    sweep = client.create_run(experiment, tags=tags).info.run_id
    assert find_run(store, "sweep").info.run_id == ids[1]
    client.set_tag(ids[1], "facesearch.outcome", "running")
    with pytest.raises(InputError, match="'sweep' is a sweep without a finished trial"):
        find_run(store, sweep)


def test_of_a_deleted_experiment_it_is_told_how_it_comes_back(store: Store) -> None:
    client = store.client()
    number = store.experiment_id(client)
    client.delete_experiment(number)
    restore = f"mlflow experiments restore --experiment-id {number}$"
    for ask in (
        lambda: find_run(store, "abc"), lambda: StoreReader(store), lambda: runs_where(store, ""),
        lambda: open_overview(store, "3.17.2"), lambda: store.experiment_id(store.client()),
        lambda: find_bundle("abcdef", store), lambda: final_models(Path("none"), store),
    ):  # fmt: skip
        with pytest.raises(InputError, match=restore):
            ask()
    client.restore_experiment(number)
    assert store.experiment_id(client) == number


def test_a_sweep_is_found_by_its_name_and_stands_for_its_best_trial(tmp_path: Path) -> None:
    in_mlflow(simulated_sweep(tmp_path, trials=6, num_failed=0))
    store = in_mlflow(simulated_sweep(tmp_path, trials=6, num_failed=0, seed=1))
    newest = find_run(store, "made-up")
    assert newest.data.tags["facesearch.kind"] == "trial"
    assert newest.info.run_id == find_run(store, "made-up-0002").info.run_id
    assert newest.info.run_id != find_run(store, "made-up-0001").info.run_id
    best = sweep_trials(store, newest)[0]
    assert best.data.metrics["best/score"] == newest.data.metrics["best/score"]
    with pytest.raises(InputError, match="No run 'made-up-0009'"):
        find_run(store, "made-up-0009")


def test_the_store_ranks_as_the_sweep_does_by_the_mean_of_what_was_repeated(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=6, num_failed=0, epochs=4, repeat_top=2,
                             repeat_seeds=2, scheduler={"type": "none"})  # fmt: skip
    store = in_mlflow(folder)
    best = find_run(store, folder.name)
    sweep = fold(read_ledger(folder))
    assert sweep.best is not None and best.data.tags["facesearch.trial"] == str(sweep.best.number)
    numbers = [int(run.data.tags["facesearch.trial"]) for run in sweep_trials(store, best)]
    assert numbers == [trial.number for trial in sweep.ranked()]
    board = StoreReader(store).board(StoreReader(store).sweeps()[0])
    again = {row.trial: row.repeat_of for row in board.rows if row.repeat_of is not None}
    assert again == {
        t.number: t.repeat_of for t in sweep.trials.values() if t.repeat_of is not None
    }


@pytest.mark.parametrize("outcome", ["diverged", "out_of_memory", "failed", "running"])
def test_a_repeat_that_did_not_end_counts_in_the_store_as_in_the_sweep(
    tmp_path: Path, store: Store, toy: type[Any], outcome: str
) -> None:
    made = toy(trials=5, max_epochs=2)
    sweep, tracker = made.sweep, made.track(store)
    repeated = {3: 0, 4: 1}
    sweep.trials |= {
        number: replace(sweep.trials[number], repeat_of=first, seed_offset=1)
        for number, first in repeated.items()
    }
    scores = {0: 0.9, 1: 0.5, 2: 0.95, 3: 0.9, 4: 0.5}
    for number, score in scores.items():
        made.start(tracker, number)
        last = outcome if number == 3 else "completed"
        for _ in range(0 if number == 3 else 2):
            sweep.trials[number].curve.append({"score": score})
            tracker.epoch_done(sweep.trials[number])
        if last != "running":
            made.end(tracker, number, last)
    tracker.close()
    first = find_run(store, str(sweep.trials[0].run_id))
    numbers = [int(run.data.tags["facesearch.trial"]) for run in sweep_trials(store, first)]
    assert numbers == [trial.number for trial in sweep.ranked()]
    assert numbers[-1] == 2 and set(numbers) == {0, 1, 2}
