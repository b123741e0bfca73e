import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from command_line import run
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli
from facesearch.cli.diff import changes
from facesearch.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sweeps, the second in the ledger only."""
    runs = tmp_path_factory.mktemp("runs")
    in_mlflow(simulated_sweep(runs, trials=9))
    simulated_sweep(runs, trials=3, seed=1, num_failed=1)
    return runs


def compared(folder: Path, first: str, second: str) -> Any:
    words = ["diff", first, second, "--runs", str(folder), "--json"]
    return json.loads(CliRunner().invoke(cli, words, catch_exceptions=False).stdout)


def test_only_what_differs_of_a_config_is_told() -> None:
    first = {"a": {"b": 1, "c": [1, 2]}, "d": None, "gone": 1, "e": 2}
    second = {"a": {"b": 1, "c": [1, 3]}, "e": 2.5, "new": None}
    assert changes(first, second) == [
        ("a.c", [1, 2], [1, 3]), ("d", None, None), ("gone", 1, None), ("e", 2, 2.5),
        ("new", None, None),
    ]  # fmt: skip
    assert changes(first, first) == []


def test_two_trials_differ_in_what_was_searched(folder: Path) -> None:
    found = compared(folder, "made-up-0001/001", "made-up-0001/004")  # two of arcface
    assert set(found["config"]) == {
        "augment.strength", "model.width", "model.depth", "head.scale", "head.margin_rad",
        "optim.lr",
    }  # fmt: skip
    assert found["provenance"] == {}
    first, second = found["runs"]
    assert found["metrics"]["score"] == found["metrics"]["val/rank1"]
    text = run("diff", first["label"], second["label"], "--runs", str(folder))
    assert text.splitlines()[0].split() == [first["label"], second["label"]]
    (line,) = [line.split() for line in text.splitlines() if line.startswith("  score ")]
    one, other = found["metrics"]["score"]
    assert line[1:] == [f"{one:.4g}", f"{other:.4g}", f"{other - one:+.4g}"]
    assert "no difference" in text.partition("provenance")[2].partition("metrics")[0]


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal(folder: Path, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = run("diff", "made-up-0001/000", "made-up-0002/001", "--runs", str(folder))
    assert max(map(len, text.splitlines())) <= width


def test_a_sweep_stands_for_its_best_trial(folder: Path) -> None:
    best = json.loads(run("show", "made-up-0001", "--runs", str(folder), "--json"))["best_run"]
    found = compared(folder, "made-up-0001", best[:8])
    assert [one["run"] for one in found["runs"]] == [best, best]
    assert found["config"] == {} and found["provenance"] == {}


def test_what_a_ledger_does_not_know_is_no_difference(folder: Path) -> None:
    found = compared(folder, "made-up-0001", "made-up-0002")
    assert set(found["provenance"]) == {"folder", "sweep_id"}
    assert found["runs"][1]["label"].startswith("made-up-0002/00")


def test_a_sweep_without_a_score_stands_for_nothing(tmp_path: Path) -> None:
    simulated_sweep(tmp_path, trials=1, num_failed=1)
    with pytest.raises(InputError, match="a sweep without a trial that has a score"):
        run("diff", "made-up", "made-up", "--runs", str(tmp_path))
