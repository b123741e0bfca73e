"""The leaderboard on simulated sweeps; `show` and `diff` have tests of their own."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from command_line import run
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli
from facesearch.errors import InputError
from facesearch.tracking.server import serving
from facesearch.tracking.store import Store, resolve_store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sweeps, the second in the ledger only; the first with a final model."""
    runs = tmp_path_factory.mktemp("runs")
    store = in_mlflow(simulated_sweep(runs, trials=24))
    rows = table("--runs", str(runs), "--json")["runs"]
    final_run(store, rows[1]["run"])
    simulated_sweep(runs, trials=4, seed=1)
    return runs


def final_run(store: Store, trial_run_id: str) -> None:
    client = store.client()
    tags = {"facesearch.kind": "final", "facesearch.trial_run_id": trial_run_id}
    run_id = client.create_run(store.experiment_id(client), tags=tags).info.run_id
    for name, value in (("dev/top1", 0.8), ("unknown_dev/rank1", 0.6)):
        for end, figure in (("", value), ("/low", value - 0.1), ("/high", value + 0.1)):
            client.log_metric(run_id, f"final/{name}{end}", figure)
    client.set_terminated(run_id)


def table(*words: str) -> Any:
    result = CliRunner().invoke(cli, ["runs", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_table_fits_the_terminal(
    folder: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    told = run("runs", "made-up-0001", "--runs", str(folder)).splitlines()
    table = told[: next(n for n, line in enumerate(told) if line.startswith("next:"))]
    assert max(map(len, table)) <= width  # and commands are whole, to be typed
    assert told[0] == "made-up-0001: 24 trials, 152 epochs"
    assert told[1] == "19 pruned, 3 completed, 1 diverged, 1 out of memory"
    start = told.index("") + 1
    assert told[start].startswith("run       trial  outcome        epochs   score  ")
    assert told[start + 1].split()[1:4] == ["010", "completed", "27"]
    assert told[start + 24].split()[1:5] == ["007", "out", "of", "memory"]
    cells = " ".join(told[start].split())
    if width == 80:  # what is asked for first has a column, the rest is told in words, cut
        assert cells.endswith("head lr and") and told[start + 1].endswith("…")
        assert "arcface  0.0988  width=9" in told[start + 1]
    else:  # a column for each param that all have, then the own ones of each head
        assert cells.endswith("head width depth strength lr and")
        assert told[start + 1].endswith("0.0988  margin_rad=0.397 scale=11")
    assert ("rank1  tar_at_far_1e-3    top1" in told[start]) == (width == 200)


def test_final_models_stand_below_with_their_intervals(folder: Path) -> None:
    rows = table("made-up-0001", "--runs", str(folder), "--json")
    (final,) = rows["finals"]
    assert final["figures"]["dev/top1"] == {"value": 0.8, "low": 0.7000000000000001, "high": 0.9}
    assert final["trial_run"] == rows["runs"][1]["run"]
    told = run("runs", "made-up-0001", "--runs", str(folder))
    (line,) = [line for line in told.splitlines() if line.startswith(final["run"][:8])]
    assert line.split()[1:] == [
        f"{rows['runs'][1]['trial']:03d}", "0.800", "[0.700,", "0.900]", "0.600", "[0.500,",
        "0.700]", "finished",
    ]  # fmt: skip


def test_the_newest_sweep_comes_without_a_name_and_the_others_are_named(folder: Path) -> None:
    result = CliRunner().invoke(cli, ["runs", "--runs", str(folder)], catch_exceptions=False)
    assert result.stdout.startswith("made-up-0002: 4 trials")
    assert "other sweeps: made-up-0001; all in one table: --all" in result.stdout
    # it was never written to MLflow
    assert "made-up-0002 is not in MLflow: read from its ledger." in result.stderr
    assert "facesearch show made-up-0002/00" in result.stdout
    assert "finalize" not in result.stdout


def test_all_sweeps_stand_in_one_table(folder: Path) -> None:
    found = table("--all", "--runs", str(folder), "--json")
    assert len(found["runs"]) == 28
    assert {row["sweep"] for row in found["runs"]} == {"made-up-0001", "made-up-0002"}
    told = run("runs", "--all", "--limit", "3", "--runs", str(folder))
    assert "sweep         run       trial" in told and "... 25 more: --limit 28" in told


def test_where_sort_and_limit_choose(folder: Path) -> None:
    words = ["made-up-0001", "--runs", str(folder), "--where", "head=arcface", "--where", "lr<=0.3"]
    rows = table(*words, "--sort", "lr", "--json")["runs"]
    rates = [row["params"]["lr"] for row in rows]
    assert rates == sorted(rates) and 1 < len(rates) and max(rates) <= 0.3
    assert {row["params"]["head"] for row in rows} == {"arcface"}
    assert table(*words, "--sort", "-lr", "--limit", "2", "--json")["runs"] == rows[::-1][:2]
    told = run("runs", "made-up-0001", "--runs", str(folder), "--where", "score>2")
    assert "none of them fits --where" in told and "next:" not in told
    assert "train/loss" in run("runs", "made-up-0001", "--runs", str(folder), "--sort", "loss")


def test_csv_has_a_column_for_each_field(folder: Path) -> None:
    result = CliRunner().invoke(cli, ["runs", "--all", "--csv", "--runs", str(folder)])
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 28 and len({row["run"] for row in rows}) == 25
    assert list(rows[0])[:7] == ["sweep", "run", "trial", "outcome", "epochs", "score", "started"]
    assert float(rows[0]["val/rank1"]) == float(rows[0]["score"]) and rows[0]["head"] == "arcface"
    softmax = next(row for row in rows if row["head"] == "softmax")
    assert softmax["margin_rad"] == "" and float(softmax["label_smoothing"]) >= 0


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "sqlite:////dev/null/none.db"])
def test_a_store_that_does_not_answer_is_replaced_by_the_ledger(folder: Path, uri: str) -> None:
    words = ["runs", "made-up-0001", "--runs", str(folder)]
    mine = CliRunner().invoke(cli, [*words, "--tracking-uri", uri, "--json"])
    assert mine.exit_code == 0 and "Read from the ledgers" in mine.stderr
    theirs = table(*words[1:], "--json")["runs"]
    keys = ("sweep", "trial", "outcome", "epochs", "score", "params")
    assert [[row[key] for key in keys] for row in json.loads(mine.stdout)["runs"]] == [
        [row[key] for key in keys] for row in theirs
    ]


@pytest.mark.slow
def test_a_server_is_asked_like_a_file(folder: Path, tmp_path: Path) -> None:
    with serving(resolve_store(None, folder)) as server:
        words = ["made-up-0001", "--json", "--runs"]
        far = table(*words, str(tmp_path), "--tracking-uri", server.address)
        assert far["runs"] == table(*words, str(folder))["runs"] and len(far["finals"]) == 1
        label = far["runs"][0]["run"][:8]
        told = run("show", label, "--runs", str(tmp_path), "--tracking-uri", server.address)
        assert told.startswith(f"trial {label}") and "margin_rad:" in told


def test_trials_that_mlflow_lacks_are_told(tmp_path: Path) -> None:
    store = in_mlflow(simulated_sweep(tmp_path, trials=3))
    row = table("--json", "--runs", str(tmp_path))["runs"][0]
    store.client().delete_run(row["run"])
    result = CliRunner().invoke(cli, ["runs", "--runs", str(tmp_path)])
    assert "1 of 3 trials of made-up-0001 are not in MLflow (yet)" in result.stderr


def test_what_cannot_be_listed_is_refused(folder: Path, tmp_path: Path) -> None:
    def call(*words: str, runs: Path = folder) -> None:
        CliRunner().invoke(cli, ["runs", *words, "--runs", str(runs)], catch_exceptions=False)

    with pytest.raises(InputError, match=r"'faces' is no sweep in .*\. Known: made-up-0002"):
        call("faces")
    with pytest.raises(InputError, match=r"no run has 'scor'; did you mean 'score'\?"):
        call("--sort", "scor")
    with pytest.raises(InputError, match="give a SWEEP or --all"):
        call("made-up", "--all")
    with pytest.raises(InputError, match="--csv or --json"):
        call("--csv", "--json")
    with pytest.raises(InputError, match="no sweep has been tracked there"):
        call(runs=tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "words", [["runs"], ["show", "made-up-0001"], ["diff", "made-up-0001/004"]]
)
def test_looking_at_runs_does_not_load_what_trains(folder: Path, words: list[str]) -> None:
    words = [*words, "made-up-0001/010"] if words[0] == "diff" else words
    script = (
        "import sys; from facesearch.cli import cli; "
        f"cli.main({[*words, '--runs', str(folder)]}, standalone_mode=False); "
        "print([m for m in ('torch', 'ray', 'optuna', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
