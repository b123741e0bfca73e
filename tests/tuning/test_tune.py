"""What is handed to the workers is what the driver has, whatever was changed after loading."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle
from rich.console import Console

from facesearch.config import SearchConfig
from facesearch.errors import InputError
from facesearch.space import SearchSpace, load_space
from facesearch.tracking.store import resolve_store
from facesearch.tuning import tune as tune_module
from facesearch.tuning.controller import Controller
from facesearch.tuning.folder import load_sweep
from facesearch.tuning.ledger import read_ledger
from facesearch.tuning.trial import TrialTask

SPACE = """
name: toy
data: {image_px: 16, synthetic: {num_identities: 12, faces_per_identity: 6}}
model: {width: {int: [4, 8]}, num_stages: 2}
optim: {lr: {uniform: [0.01, 1.0]}}
train: {epochs: 9, batch_size: 8}
"""
# For each setting, one that is not its default.
OTHERS: dict[str, Any] = {
    "objective": {"val/rank1": 1.0, "cost/gflops": 0.5}, "trials": 7, "time_s": 60.0, "epochs": 70,
    "gpu_hours": 1.5, "patience_trials": 4, "repeat_top": 2, "repeat_seeds": 4,
    "limits": {"cost/mparams": 2.0}, "sampler": "random", "grid_levels": 5, "seed": 11,
    "scheduler": {"type": "hyperband", "eta": 2}, "first_points": [{"optim.lr": 0.5}],
}  # fmt: skip
METRICS = {"val/rank1": 0.4, "val/top1": 0.8, "cost/gflops": 3.0, "cost/mparams": 2.0}


def test_there_is_another_value_of_every_setting() -> None:
    assert set(OTHERS) == set(SearchConfig.model_fields)


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[TrialTask]:
    """Let `tune` come to where it runs trials; collect what it would hand to the workers."""
    tasks: list[TrialTask] = []

    def ends_at_once(controller: Controller, task: TrialTask, *rest: Any) -> None:
        tasks.append(cloudpickle.loads(cloudpickle.dumps(task)))
        controller.sweep.is_interrupted = True

    monkeypatch.setattr(tune_module, "run_trials", ends_at_once)
    monkeypatch.setattr(tune_module, "ray_session", lambda *_: contextlib.nullcontext({}))
    monkeypatch.setattr(tune_module, "trial_resources", lambda *_: {"cpu": 1.0, "gpu": 0.0})
    monkeypatch.setattr(tune_module, "raylet_watch", lambda *_: contextlib.nullcontext())
    return tasks


def written(tmp_path: Path) -> SearchSpace:
    path = tmp_path / "space.yaml"
    path.write_text(SPACE)
    return load_space(path)


def tuned(space: SearchSpace, tmp_path: Path, **how: Any) -> Path:
    store = resolve_store(None, tmp_path / "runs")
    console = Console(file=io.StringIO())
    result = tune_module.tune(space, store, runs_dir=tmp_path / "runs", console=console, **how)
    return result.folder


def check_same(task: TrialTask, space: SearchSpace) -> None:
    point = {"model.width": 6, "optim.lr": 0.25}
    assert task.space.settings == space.settings
    assert task.space.config(point) == space.config(point)
    assert task.space.settings.search.scores(METRICS) == space.settings.search.scores(METRICS)


class NoTracker:
    """A tracker that writes nothing; making MLflow's tables takes seconds."""

    parent_id = None

    def __init__(self, *_: Any) -> None:
        """Take what the real one takes."""

    def close(self) -> bool:
        return True


@pytest.mark.parametrize("name", OTHERS)
def test_workers_have_the_settings_in_force(
    name: str, handed: list[TrialTask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune_module, "Tracker", NoTracker)
    plain = written(tmp_path)
    space = plain.with_settings(**{name: OTHERS[name]})
    assert getattr(space.settings.search, name) != getattr(plain.settings.search, name)
    folder = tuned(space, tmp_path)
    (task,) = handed
    check_same(task, space)
    # and whoever reads the sweep later has them too
    read, _ = load_sweep(folder)
    assert read.settings == space.settings and read.template == space.template


def test_an_objective_that_was_changed_after_loading_is_what_is_told_of_everywhere(
    handed: list[TrialTask], tmp_path: Path
) -> None:
    space = written(tmp_path).with_settings(objective=OTHERS["objective"], seed=3)
    folder = tuned(space, tmp_path)
    assert handed[0].space.settings.search.scores(METRICS) == [pytest.approx(0.4 - 0.5 * 3)]
    opened = next(read_ledger(folder))
    assert opened["objective"] == {"val/rank1": 1.0, "cost/gflops": -0.5}
    assert opened["identity"]["search.seed"] == 3
    store = resolve_store(None, tmp_path / "runs")
    client = store.client()
    (run,) = client.search_runs([store.experiment_id(client)])
    told = json.loads(run.data.tags["facesearch.search"])
    assert told == {"objective": opened["objective"], "seed": 3}
    with pytest.raises(InputError, match=r"search.objective.*\n.*\n.*\n.*search.seed: was 3, is 0"):
        tuned(written(tmp_path), tmp_path)


def test_a_budget_of_a_later_command_is_that_of_the_sweep_from_then_on(
    handed: list[TrialTask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune_module, "Tracker", NoTracker)
    tuned(written(tmp_path).with_settings(epochs=40, trials=4), tmp_path)
    folder = tuned(written(tmp_path).with_settings(epochs=90, trials=9), tmp_path)
    space, _ = load_sweep(folder)  # as `extend` does
    assert (space.settings.search.epochs, space.settings.search.trials) == (90, 9)
    tuned(space, tmp_path, growth=tune_module.Growth(trials=2))
    check_same(handed[2], space)


def test_a_file_that_was_edited_since_it_was_read_is_not_stored_as_what_is_searched(
    tmp_path: Path,
) -> None:
    space = written(tmp_path)
    (tmp_path / "space.yaml").write_text(SPACE.replace("[4, 8]", "[4, 99]"))
    with pytest.raises(InputError, match=r"space.yaml: was changed since it was read"):
        tuned(space, tmp_path)
