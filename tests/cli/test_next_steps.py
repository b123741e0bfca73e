"""What is proposed to be typed next works as it is printed."""

import contextlib
import re
import shlex
import shutil
from pathlib import Path

import pytest
from command_line import run
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli
from facesearch.cli.run_sources import open_sources
from facesearch.cli.sweeps import _conclude
from facesearch.errors import InputError
from facesearch.report.locate import find_subject
from facesearch.report.sweep_source import read_source
from facesearch.report.sweep_words import next_commands
from facesearch.tracking.store import Store, find_run, resolve_store, sweep_trials
from facesearch.tuning.folder import read_sweep
from facesearch.tuning.history import fold
from facesearch.tuning.known import left_outcomes
from facesearch.tuning.ledger import Ledger, read_ledger

PROPOSED = re.compile(r"facesearch [a-z][^`\n]*")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs folder with a sweep, in MLflow too."""
    runs = tmp_path_factory.mktemp("made") / "runs"
    in_mlflow(simulated_sweep(runs, trials=8))
    return runs


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sweep, in a runs folder of another name."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, "my runs")
    return Path("my runs") / "made-up-0001"


def proposed(text: str) -> list[list[str]]:
    """Return the commands in a text, split as a shell does."""
    lines = [part for line in text.splitlines() for part in re.split(r"\s{2,}or\s{2,}", line)]
    found = [match[0] for line in lines for match in PROPOSED.finditer(line)]
    return [shlex.split(command.rstrip(" .")) for command in found]


def check(commands: list[list[str]], store: Store) -> None:
    """Hold commands against the command line, and those of runs against the store."""
    assert commands
    for _, *words in commands:
        words = ["space.yaml" if word == "SPACE" else word for word in words]
        command = cli.commands[words[0]]
        context = command.make_context(words[0], list(words[1:]))
        assert Path(str(context.params["runs_dir"])) == Path("my runs"), words
        if words[0] == "finalize":
            assert find_run(store, context.params["run_id"], left_outcomes(Path("my runs")))
        if words[0] == "report":
            (what,) = context.params["what"]
            assert find_subject(what, store, context.params["runs_dir"]).kind == "sweep"
        if words[0] in ("runs", "show", "sync", "extend", "ui"):
            what = context.params.get("sweep") or context.params["run"]
            assert open_sources(None, context.params["runs_dir"]).detail(what)


def test_of_runs_and_show(folder: Path) -> None:
    store = resolve_store(None, folder.parent)
    for words in (["runs"], ["show", folder.name], ["show", f"{folder.name}/001"]):
        check(proposed(run(*words, "--runs", "my runs")), store)


@pytest.mark.parametrize("outcome", ["running", "paused", "failed"])
@pytest.mark.parametrize("is_left", [True, False])
def test_what_runs_or_failed_is_not_to_be_finalized(
    folder: Path, outcome: str, is_left: bool
) -> None:
    store = resolve_store(None, folder.parent)
    best = find_run(store, folder.name).info.run_id
    store.client().set_tag(best, "facesearch.outcome", outcome)
    with contextlib.nullcontext() if is_left else Ledger(folder):
        shown = [run(*words, "--runs", "my runs") for words in (["runs"], ["show", folder.name])]
        own = run("show", best, "--runs", "my runs")
        commands = [words for text in (*shown, own) for words in proposed(text)]
        check(commands, store)
    # what a killed driver could not tell MLflow is no word that a trial goes on
    is_proposed = is_left and outcome != "failed"
    of_best = [words for words in commands if words[1] == "finalize" and words[3] in best[:8]]
    assert len(of_best) == (3 if is_proposed else 0)
    assert ("finalize" in own) == is_proposed


@pytest.mark.parametrize("is_left", [True, False])
def test_a_sweep_of_which_mlflow_knows_no_end_is_told_by_one_word(
    folder: Path, is_left: bool
) -> None:
    store = resolve_store(None, folder.parent)
    client = store.client()
    ids = {}
    for run_ in client.search_runs([store.experiment_id(client)]):
        client.set_tag(run_.info.run_id, "facesearch.outcome", "running")
        ids[run_.data.tags.get("facesearch.trial")] = run_.info.run_id
    with contextlib.nullcontext() if is_left else Ledger(folder):
        commands = proposed(run("runs", "--runs", "my runs"))
        check(commands, store)
        assert ("finalize" in [words[1] for words in commands]) == is_left
        left = left_outcomes(folder.parent)
        if is_left:
            first = find_run(store, ids["1"], left)
            # those that failed are known from the ledger
            assert len(sweep_trials(store, first, left)) == 6
        else:
            with pytest.raises(InputError, match="outcome 'running'"):
                find_run(store, ids["1"], left)
        assert open_sources(None, folder.parent).detail(ids["1"]).row.outcome == (
            read_sweep(folder).trials[1].outcome if is_left else "running"
        )


def test_of_a_sweep_that_only_its_ledger_has(folder: Path) -> None:
    other = simulated_sweep(folder.parent, trials=2)
    text = run("show", f"{other.name}/001", "--runs", "my runs")
    commands = [words for words in proposed(text) if words[1] == "sync"]
    assert commands == [["facesearch", "sync", other.name, "--runs", "my runs"]]
    assert "finalize" not in text
    sources = open_sources(None, folder.parent)
    sources.board(sources.find(other.name))
    assert proposed(sources.notes[0].split("`")[1]) == commands


def test_of_the_report(folder: Path) -> None:
    store = resolve_store(None, folder.parent)
    commands = [shlex.split(command) for command, _ in next_commands(read_source(folder))]
    assert [words[1] for words in commands] == ["finalize", "extend", "baseline"]
    check(commands, store)
    source = read_source(folder)
    for trial in source.sweep.trials.values():
        trial.outcome = "running"
    commands = [shlex.split(command) for command, _ in next_commands(source)]
    assert commands[0][1] == "finalize", "nobody works on it, so its trials are interrupted"
    source.sweep.is_left = False
    assert [command.split()[1] for command, _ in next_commands(source)] == ["extend"]


def test_of_tune(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from facesearch.tracking.address import said_again
    from facesearch.tuning.tune import SweepResult

    sweep = fold(read_ledger(folder))
    store = resolve_store(None, folder.parent)
    assert sweep.best is not None
    sweep.best.run_id = find_run(store, folder.name).info.run_id
    result = SweepResult(sweep, folder, None, is_tracked=True, halted="")
    more = said_again(folder.parent), said_again(folder.parent, None, "my faces")
    _conclude(Console(), read_source(folder).space.settings.search, result, store.place, more)
    commands = proposed(capsys.readouterr().out)
    assert [words[1] for words in commands] == ["report", "ui", "extend", "finalize"]
    check(commands, store)
    assert [words[words.index("--data") + 1] for words in commands if "--data" in words] == (
        ["my faces", "my faces"]
    )
