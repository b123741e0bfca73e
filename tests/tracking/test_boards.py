import time
from pathlib import Path
from typing import Any

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.errors import InputError
from facesearch.tracking.boards import StoreReader, params_of
from facesearch.tracking.store import EXPERIMENT, Store


def test_a_store_that_nobody_has_written_is_not_made(tmp_path: Path, store: Store) -> None:
    missing = tmp_path / "none" / "mlflow.db"
    with pytest.raises(InputError, match="no sweep has been tracked there"):
        StoreReader(Store(f"sqlite:///{missing}"))
    assert not missing.parent.exists()
    with pytest.raises(InputError, match=r"MLflow at http://127.0.0.1:9: "):
        StoreReader(Store("http://127.0.0.1:9"))


def test_an_empty_store_has_no_sweeps(tmp_path: Path, store: Store) -> None:
    client = store.client()
    client.rename_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id, "other")
    reader = StoreReader(store)
    assert reader.sweeps() == [] and reader.finals() == []
    assert client.get_experiment_by_name(EXPERIMENT) is None


def test_a_sweep_that_runs_shows_how_far_it_is(store: Store, toy: Any) -> None:
    player = toy(seed=3)
    tracker = player.track(store)
    player.start(tracker, 0)
    player.epochs(tracker, 0, 2)
    reader, rows = StoreReader(store), []
    end = time.monotonic() + 60
    while (not rows or rows[0].epochs < 2) and time.monotonic() < end:
        rows = [row for sweep in reader.sweeps() for row in reader.board(sweep).rows]
    assert (rows[0].trial, rows[0].outcome, rows[0].epochs) == (0, "running", 2)
    assert rows[0].score == player.sweep.trials[0].score
    assert tracker.close()


def test_a_point_that_has_moved_is_told_as_it_is_now(store: Store) -> None:
    client = store.client()
    tags = {"facesearch.point": '{"optim.lr": 0.5, "head.b.scale": 8}', "mlflow.runName": "000 lr"}
    run = client.create_run(store.experiment_id(client), tags=tags)
    for name, value in (("lr", "0.1"), ("scale", "3"), ("head.b.scale", "4")):
        client.log_param(run.info.run_id, name, value)
    assert params_of(client.get_run(run.info.run_id)) == {"lr": 0.5, "head.b.scale": 8, "scale": 3}


def test_final_models_are_those_of_the_sweeps_trials(tmp_path: Path) -> None:
    store = in_mlflow(simulated_sweep(tmp_path, trials=3))
    reader = StoreReader(store)
    trial = reader.board(reader.sweeps()[0]).rows[1].run_id
    made = [final_run(store, of, 0.8) for of in (trial, "0" * 32)]
    (found,) = reader.board(reader.sweeps()[0]).finals
    assert (found.run_id, found.trial_run_id, found.status) == (made[0], trial, "finished")
    assert found.figures == {"dev/top1": (0.8, 0.7, 0.9)}
    assert {final.run_id for final in reader.finals()} == set(made)


def final_run(store: Store, trial_run_id: str, value: float) -> str:
    client = store.client()
    tags = {"facesearch.kind": "final", "facesearch.trial_run_id": trial_run_id}
    run_id = client.create_run(store.experiment_id(client), tags=tags).info.run_id
    for end, figure in (("", value), ("/low", value - 0.1), ("/high", value + 0.1)):
        client.log_metric(run_id, f"final/dev/top1{end}", round(figure, 3))
    client.set_terminated(run_id)
    return str(run_id)
