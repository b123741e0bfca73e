from pathlib import Path

import pytest

from facesearch.errors import InputError
from facesearch.tracking.store import find_run, resolve_store


def test_the_default_is_sqlite_in_the_runs_folder(tmp_path: Path) -> None:
    assert resolve_store(None, tmp_path).uri == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_the_environment_and_the_option_choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert resolve_store(None, tmp_path).uri == "http://127.0.0.1:5000"
    assert resolve_store("http://127.0.0.1:6000", tmp_path).uri == "http://127.0.0.1:6000"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("http://host:99999", "port must be 0 to 65535"),
        ("sqlite:relative.db", "needs an absolute path"),
        ("sqlite:///relative.db", "needs an absolute path"),
        ("ftp://host", "unknown kind"),
    ],
)
def test_a_wrong_address_is_told_with_its_cure(tmp_path: Path, uri: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve_store(uri, tmp_path)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_only_finished_trials_are_found(tmp_path: Path) -> None:
    store = resolve_store(None, tmp_path)
    client = store.client()
    experiment = store.experiment_id(client)
    ids = []
    for outcome in ("completed", "diverged"):
        tags = {"facesearch.kind": "trial", "facesearch.outcome": outcome}
        ids.append(client.create_run(experiment, tags=tags).info.run_id)
        client.log_metric(ids[-1], "best/score", 0.5)
    assert find_run(store, ids[0][:10]).info.run_id == ids[0]
    with pytest.raises(InputError, match="outcome 'diverged'"):
        find_run(store, ids[1])
    with pytest.raises(InputError, match=rf"No run 'fffffff' .*{ids[0][:8]} \(0.500\)"):
        find_run(store, "fffffff")
    for bad in ("../../x", "-rf", "", "a" * 100):
        with pytest.raises(InputError, match="3 to 64 letters"):
            find_run(store, bad)
