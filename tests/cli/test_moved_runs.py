"""A runs folder that was copied, and whose old place is gone, works as before."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import run
from finals import in_registry, small_final
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli
from facesearch.data.cache import cache_root
from facesearch.final.locate import find_bundle
from facesearch.tracking.overview import open_overview
from facesearch.tracking.store import find_run, resolve_store

CHAMPION = "models:/faces@champion"


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The new place of a folder with a sweep, a champion and a report in MLflow."""
    tmp_path = tmp_path_factory.mktemp("places")
    old, new = tmp_path / "old" / "runs", tmp_path / "new place" / "runs"
    store = in_mlflow(simulated_sweep(old, trials=3))
    final = small_final(old / "final-12345678")
    run_id, _ = in_registry(store, final, "faces", "champion")
    store.client().log_artifacts(run_id, str(final / "model"), "model")
    run("report", "made-up", "--runs", str(old))
    shutil.copytree(old, new)
    shutil.rmtree(old.parent)
    return new


def test_every_look_up_finds_what_it_did(moved: Path) -> None:
    words = ["--runs", str(moved)]
    shown = json.loads(run("show", "made-up-0001", "--json", *words))
    assert len(shown["runs"]) == 3
    assert "model/manifest.json" in run("show", final_run(moved), *words)
    assert "made-up-0001: 3 trials" in run("runs", *words)
    assert CHAMPION in run("models", *words)
    assert find_run(resolve_store(None, moved), "made-up").data.tags["facesearch.kind"] == "trial"
    bundle = find_bundle(CHAMPION, runs_dir=moved)
    assert bundle.is_relative_to(cache_root()) and (bundle / "manifest.json").is_file()
    assert not (moved.parents[1] / "old").exists()


def final_run(runs: Path) -> str:
    (one,) = json.loads(run("models", "--json", "--runs", str(runs)))
    return str(one["run_id"])


def test_artifacts_are_listed_and_written_in_the_new_place(moved: Path) -> None:
    store = resolve_store(None, moved)
    overview = open_overview(store, "3.17.2")
    assert overview.num_trials == 3
    client = store.reader()
    (sweep,) = [
        one for one in client.search_runs([store.experiment(client).experiment_id])
        if one.data.tags.get("facesearch.kind") == "sweep"
    ]  # fmt: skip
    listed = [one.path for one in client.list_artifacts(sweep.info.run_id, "report")]
    assert listed == ["report/figures", "report/report.html"]
    told = run("report", "made-up", "--runs", str(moved))
    assert f"logged to MLflow run {sweep.info.run_id}" in told
    assert list((moved / "artifacts").rglob("report.html"))
    assert not (moved.parents[1] / "old").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("runs",), ("show", "3f2b91c0"), ("diff", "3f2b91c0", "88d0e17a"), ("report", "3f2b91c0"),
        ("models",), ("models", "show", "3f2b91c0"), ("ui", "--no-open"), ("sync", "made-up"),
        ("finalize", "--run-id", "x"), ("finalize", "--run-id", "3f2b91c0"),
        ("verify", "3f2b91c0", "a.jpg", "b.jpg"), ("export", CHAMPION, "out"),
        ("compare", "3f2b91c0", "88d0e17a"), ("models", "remove", "3f2b91c0", "--yes"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_look_into_an_empty_folder_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, list(words))
    assert (result.exit_code != 0) == (words != ("models",))
    assert list(tmp_path.iterdir()) == []
