import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli, complete
from facesearch.config import CATALOGUE
from facesearch.config.catalogue import PARTS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.yaml", "searchspaces/arcface.yaml", "searchspaces/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for sweep in ("runs/arcface-0001", "elsewhere/heads-0002"):
        (tmp_path / sweep).mkdir(parents=True)
        started = '73e044c4 {"event":"started","t":0.003,"trial":4,"attempt":1}'
        (tmp_path / sweep / "ledger").write_text(f"{started}\n{started}\n")
    (tmp_path / "runs" / "final-3f2b91c0" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def proposed(*words: str) -> list[str]:
    completer = ShellComplete(cli, {}, "facesearch", "_FACESEARCH_COMPLETE")
    *before, incomplete = words
    return [item.value for item in completer.get_completions(before, incomplete)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tune", ""], ["a.yaml", "searchspaces/arcface.yaml"]),
        (["preview", "sea"], ["searchspaces/arcface.yaml"]),
        (["validate", "a.yaml", "searchspaces/"], ["searchspaces/arcface.yaml"]),
        (["extend", ""], ["arcface-0001"]),
        (["extend", "--runs", "elsewhere", ""], ["heads-0002"]),
        (["tune", "a.yaml", "--learn-from", ""], ["arcface-0001"]),
        (["finalize", "--run-id", "arc"], ["arcface-0001"]),
        (["ui", "arc"], ["arcface-0001"]),
        (["report", ""], ["arcface-0001", "runs/final-3f2b91c0"]),
        (["identify", "runs/"], ["runs/final-3f2b91c0/model"]),
        (["-q", "list", "arc"], ["arcface"]),
        (["list", "nothing"], []),
        (["completion", "f"], ["fish"]),
        (["runs", "--sort", "sc"], ["score"]),
        (["runs", "--sort", "nothing"], []),
        (["show", "arcface-0001/"], ["arcface-0001/004"]),
        (["show", "abc"], ["abc"]),
    ],
)
def test_the_shell_proposes_what_is_there(words: list[str], expected: list[str]) -> None:
    assert proposed(*words) == expected


def test_ids_of_runs_are_proposed_once_they_begin(folder: Path) -> None:
    store = in_mlflow(simulated_sweep(folder / "runs", trials=2, num_failed=0))
    client = store.client()
    run_id = client.search_runs([store.experiment_id(client)])[0].info.run_id
    for words in (["show"], ["diff", "arcface-0001"], ["finalize", "--run-id"], ["report"]):
        assert run_id[:8] in proposed(*words, run_id[:3]), words
        assert run_id[:8] not in proposed(*words, ""), words
    assert run_id[:8] not in proposed("verify", run_id[:3])  # that takes final models
    assert "best/score" in proposed("runs", "--sort", "best")


def test_an_error_proposes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(context: click.Context) -> Path:
        raise RuntimeError

    monkeypatch.setattr(complete, "_runs", fail)
    assert proposed("runs" if "runs" in cli.commands else "extend", "arc") in ([], ["arc"])


def test_the_topics_are_those_of_the_catalogue() -> None:
    assert set(complete.TOPICS) == {*CATALOGUE, *PARTS}


def test_nothing_heavy_is_imported() -> None:
    script = (
        "import sys; from click.shell_completion import ShellComplete; "
        "from facesearch.cli import cli; done = ShellComplete(cli, {}, 'f', 'F'); "
        "[done.get_completions([c], 'a') for c in ('tune', 'show', 'list', 'identify')]; "
        "print([m for m in ('torch', 'ray', 'mlflow', 'optuna', 'pydantic', 'yaml', 'rich') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr
