from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from finals import in_registry, small_final
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from facesearch.errors import InputError
from facesearch.final.listing import FinalModel, final_models
from facesearch.final.removal import refuse_champion, remove_model
from facesearch.tracking.store import Store, resolve_store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NAME = "facesearch-staff"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two models of one data set: the champion, and another."""
    store = resolve_store(None, tmp_path)
    in_registry(store, small_final(tmp_path / "final-first"), NAME, "champion")
    in_registry(store, small_final(tmp_path / "final-other"), NAME, "challenger")
    return store


def named(store: Store, runs: Path, name: str) -> FinalModel:
    return next(model for model in final_models(runs, store) if model.name == name)


def left(store: Store, runs: Path) -> dict[str, Any]:
    client = store.client()
    experiment = [store.experiment_id(client)]
    return {
        "folders": sorted(path.name for path in runs.iterdir() if path.is_dir()),
        "runs": len(client.search_runs(experiment)),
        "versions": [int(v.version) for v in client.search_model_versions(f"name='{NAME}'")],
        "aliases": client.get_registered_model(NAME).aliases,
    }


def test_folder_run_and_version_go_and_nothing_else(store: Store, tmp_path: Path) -> None:
    other = named(store, tmp_path, "final-other")
    remove_model(other, store)
    assert left(store, tmp_path) == {
        "folders": ["final-first"], "runs": 1, "versions": [1], "aliases": {"champion": 1},
    }  # fmt: skip
    assert store.client().get_run(other.run_id).info.lifecycle_stage == "deleted"
    first = named(store, tmp_path, "final-first")
    with pytest.raises(InputError, match="is the champion, models:/facesearch-staff@champion"):
        refuse_champion(first)
    remove_model(first, store)
    assert left(store, tmp_path) == {"folders": [], "runs": 0, "versions": [], "aliases": {}}


def test_a_model_without_run_or_without_folder_can_go(store: Store, tmp_path: Path) -> None:
    small_final(tmp_path / "final-alone")
    nowhere = Store("sqlite:////nowhere/at/all.db")
    remove_model(named(store, tmp_path, "final-alone"), nowhere)
    (tmp_path / "final-other").rename(tmp_path.parent / f"{tmp_path.name}-moved")
    (away,) = [model for model in final_models(tmp_path, store) if model.folder is None]
    remove_model(away, store)
    told = left(store, tmp_path)
    assert told["folders"] == ["final-first"] and told["versions"] == [1] and told["runs"] == 1


def test_nothing_goes_while_it_is_worked_on_or_the_store_fails(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, before = named(store, tmp_path, "final-other"), left(store, tmp_path)
    with FileLock(tmp_path / "final-other" / ".lock"):
        with pytest.raises(InputError, match="another finalize is at work here"):
            remove_model(other, store)

    def refuse(*_: object) -> None:
        raise MlflowException("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "delete_model_version", refuse)
        with pytest.raises(InputError, match=r"was not removed wholly: .*the disk is gone"):
            remove_model(other, store)
    found = left(store, tmp_path)
    assert {**found, "aliases": before["aliases"]} == before
    remove_model(named(store, tmp_path, "final-other"), store)
    assert left(store, tmp_path)["versions"] == [1]


def test_a_link_is_not_followed(store: Store, tmp_path: Path) -> None:
    real = small_final(tmp_path.parent / f"{tmp_path.name}-real")
    (tmp_path / "final-link").symlink_to(real)
    with pytest.raises(InputError, match="is a link"):
        remove_model(named(store, tmp_path, "final-link"), store)
    assert (real / "model").is_dir()
