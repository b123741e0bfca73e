import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from facesearch.cli import cli, complete
from facesearch.config import CATALOGUE
from facesearch.config.catalogue import PARTS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.yaml", "searchspaces/arcface.yaml", "searchspaces/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for sweep in ("runs/arcface-0001", "elsewhere/heads-0002"):
        (tmp_path / sweep / "trials" / "004").mkdir(parents=True)
        (tmp_path / sweep / "ledger").write_text("")
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
    ],
)
def test_the_shell_proposes_what_is_there(words: list[str], expected: list[str]) -> None:
    assert proposed(*words) == expected


def test_behind_a_slash_the_trials_of_a_sweep_are_proposed() -> None:
    context = click.Context(cli)
    assert "arcface-0001/004" in set(complete._trials(context, "arcface-0001/"))


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
        "[done.get_completions([c], '') for c in ('tune', 'extend', 'list', 'identify')]; "
        "print([m for m in ('torch', 'ray', 'mlflow', 'optuna', 'pydantic', 'yaml', 'rich') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr
