import time
from pathlib import Path
from typing import Any

import pytest

from facesearch.errors import InputError
from facesearch.tracking.overview import open_overview
from facesearch.tracking.store import EXPERIMENT, Store

VERSION = "3.17.2"


def written(store: Any, toy: Any, seed: int) -> Any:
    player = toy(seed=seed)
    tracker = player.track(store)
    player.run(tracker)
    assert tracker.close()
    return player


def experiment_tags(store: Any) -> dict[str, str]:
    return dict(store.client().get_experiment_by_name(EXPERIMENT).tags)


def test_the_newest_sweep_is_shown_unless_another_is_named(store: Any, toy: Any) -> None:
    for seed in (1, 2):
        written(store, toy, seed)
    assert "facesearch-id-2" in open_overview(store, VERSION).page
    assert "facesearch-id-2" in open_overview(store, VERSION, "toy").page
    assert "facesearch-id-1" in open_overview(store, VERSION, "toy-0001", "id-1").page
    found = open_overview(store, VERSION)
    assert (found.name, found.num_trials, found.note) == ("toy", 4, "")


def test_the_page_is_the_one_that_the_tracker_has_written(store: Any, toy: Any) -> None:
    written(store, toy, 1)
    before = experiment_tags(store)
    assert "mlflow.sharedViewState.facesearch-id-1" in before
    open_overview(store, VERSION)
    assert experiment_tags(store) == before


def test_a_sweep_that_runs_has_a_page_too(store: Any, toy: Any) -> None:
    player = toy(seed=3)
    tracker = player.track(store)
    player.start(tracker, 0)
    player.epochs(tracker, 0, 2)
    while player.sweep.trials[0].run_id is None:
        time.sleep(0.01)
    assert "facesearch-id-3" in open_overview(store, VERSION).page
    assert tracker.close()


def test_an_unknown_version_gets_the_plain_list_and_is_told(store: Any, toy: Any) -> None:
    written(store, toy, 1)
    found = open_overview(store, "3.18.0")
    assert "not known to work with MLflow 3.18.0" in found.note
    assert "searchFilter" in found.page and "viewStateShareKey" not in found.page


def test_what_is_not_there_is_refused_and_not_made(store: Any, toy: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'faces' is no sweep: there is none yet in MLflow at "):
        open_overview(store, VERSION, "faces")
    written(store, toy, 1)
    with pytest.raises(InputError, match=r"'faces' is no sweep in MLflow at .*\. Known: toy"):
        open_overview(store, VERSION, "faces")
    with pytest.raises(InputError, match="yet: first `facesearch sync faces-0001`"):
        open_overview(store, VERSION, "faces-0001", "other")
    missing = tmp_path / "none" / "mlflow.db"
    with pytest.raises(InputError, match="no sweep has been tracked there"):
        Store(f"sqlite:///{missing}").refuse_missing()
    assert not missing.parent.exists()


def test_a_description_that_a_person_wrote_stays(store: Any, toy: Any) -> None:
    client = store.client()
    client.set_experiment_tag(store.experiment_id(client), "mlflow.note.content", "ours, keep")
    written(store, toy, 1)
    tags = experiment_tags(store)
    assert tags["mlflow.note.content"] == "ours, keep"
    assert tags["mlflow.experiment.primaryMetric.greaterIsBetter"] == "True"
