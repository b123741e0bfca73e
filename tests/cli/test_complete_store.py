from pathlib import Path

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import complete_store
from facesearch.cli.complete_store import keys, run_ids, trial_numbers


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sweep, of six trials, in MLflow."""
    folder = tmp_path_factory.mktemp("my runs")
    in_mlflow(simulated_sweep(folder, trials=6, num_failed=1))
    return folder


@pytest.fixture(autouse=True)
def usual_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def ids(runs: Path, kind: str = "") -> list[str]:
    """All ids of a kind, by what they begin with."""
    return [one for digit in "0123456789abcdef" for one in run_ids(None, runs, digit, kind)]


def test_the_ids_are_those_of_mlflow_and_short_until_they_are_typed(runs: Path) -> None:
    from facesearch.tracking.store import resolve_store

    store = resolve_store(None, runs)
    client = store.client()
    whole = [run.info.run_id for run in client.search_runs([store.experiment_id(client)])]
    assert sorted(ids(runs)) == sorted(one[:8] for one in whole) and len(whole) == 7
    assert len(ids(runs, "trial")) == 6 and len(ids(runs, "sweep")) == 1
    assert list(run_ids(None, runs, whole[0][:8])) == [whole[0]]


@pytest.mark.parametrize("beginning", ["", "made-up", "%", "8' OR '1'='1", "g", "A"])
def test_what_begins_no_id_asks_nothing(
    runs: Path, beginning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(complete_store, "_asked", lambda *asked: pytest.fail("it was asked"))
    assert list(run_ids(None, runs, beginning)) == []


def test_keys_are_params_and_metrics_of_trials(runs: Path) -> None:
    found = set(keys(None, runs))
    assert {"lr", "head", "val/rank1", "best/score", "train/loss"} <= found
    assert "trials" not in found


def test_a_server_or_a_store_that_is_not_there_proposes_nothing(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(keys("http://127.0.0.1:9", runs)) == []
    assert list(keys(None, tmp_path)) == [] and list(tmp_path.iterdir()) == []
    for kind in ("sqlite", "sqlite+pysqlite"):
        assert "lr" in set(keys(f"{kind}:///{runs / 'mlflow.db'}", tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert list(keys(None, runs)) == []


def test_trials_are_those_that_were_started(runs: Path) -> None:
    numbers = [f"{n:03d}" for n in range(6)]
    assert sorted(trial_numbers(runs / "made-up-0001")) == numbers
    assert sorted(trial_numbers(runs / "made-up")) == numbers
    assert list(trial_numbers(runs / "nothing")) == []
