import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli.run_sources import Sources, open_sources
from facesearch.errors import InputError
from facesearch.tracking.boards import StoreReader
from facesearch.tuning.board import read_board, read_trial
from facesearch.tuning.ledger import Ledger


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sweeps: in MLflow and here, in MLflow only, here only."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        in_mlflow(simulated_sweep(folder, trials=2, seed=seed, num_failed=0))
    simulated_sweep(folder, trials=2, seed=2, num_failed=0)
    shutil.rmtree(folder / "made-up-0002")
    (folder / "damaged").mkdir()
    (folder / "damaged" / "ledger").write_text("nonsense\n")
    os.utime(folder / "made-up-0003" / "space.yaml", (1e9, 1e9))
    return folder


def test_sweeps_of_store_and_disk_are_known_once_each(runs: Path) -> None:
    known = open_sources(None, runs).known()
    assert [(one.name, one.run is not None, one.folder is not None) for one in known] == [
        ("made-up-0002", True, False), ("made-up-0001", True, True), ("made-up-0003", False, True),
    ]  # fmt: skip


def test_a_sweep_is_read_from_where_it_is(runs: Path) -> None:
    sources = open_sources(None, runs)
    read = {one.name: sources.board(one) for one in sources.known()}
    assert all(len(board.rows) == 2 for board in read.values())
    kinds = [read[f"made-up-000{n}"].source.split(" ")[0] for n in (1, 2, 3)]
    assert kinds == ["MLflow", "MLflow", "the"]
    (note,) = sources.notes
    assert note.startswith("made-up-0003 is not in MLflow")


def test_a_name_is_that_of_the_disk_first(runs: Path) -> None:
    sources = open_sources(None, runs)
    assert sources.find("made-up").name == "made-up-0003"
    assert sources.find("made-up-0002").folder is None
    assert sources.find(str(runs / "made-up-0001")).run is not None
    assert sources.detail("made-up-0002/1").row.trial == 1
    with pytest.raises(InputError, match="holds no trial 009"):
        sources.detail("made-up-0002/9")
    with pytest.raises(InputError, match=r"'other' is no sweep in .* and in MLflow"):
        sources.find("other")


def test_without_a_store_ids_are_not_known(runs: Path) -> None:
    sources = open_sources("http://127.0.0.1:9", runs)
    assert sources.reader is None and "Read from the ledgers in" in sources.notes[0]
    assert len(sources.known()) == 2
    with pytest.raises(InputError, match="Only MLflow knows the ids of runs"):
        sources.detail("3f2b91c0")


def test_an_address_that_can_be_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown kind"):
        open_sources("ftp://host", tmp_path)
    assert Sources(tmp_path, None).known() == []


def cut_mlflow_short(folder: Path) -> list[str]:
    """Leave in MLflow what it knows of a sweep whose driver lost it, and was killed later."""
    store = in_mlflow(folder)
    reader = StoreReader(store)
    ids = [row.run_id for row in reader.board(reader.sweeps()[0]).rows]
    with sqlite3.connect(folder.parent / "mlflow.db") as database:
        database.execute("DELETE FROM metrics WHERE step > 2 OR key IN ('epochs', 'best/score')")
        database.execute("DELETE FROM latest_metrics WHERE key IN ('epochs', 'best/score')")
        database.execute("UPDATE latest_metrics SET step = 2, value = value / 2")
        database.execute("UPDATE tags SET value = 'running' WHERE key = 'facesearch.outcome'")
        database.execute("UPDATE runs SET status = 'RUNNING', end_time = NULL")
    return ids


def test_what_mlflow_was_not_told_is_read_from_the_ledger(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=3, num_failed=1, epochs=5)
    ids = cut_mlflow_short(folder)
    sources = open_sources(None, tmp_path)
    known = sources.find(folder.name)
    board, ledger = sources.board(known), read_board(folder)
    told = [(row.trial, row.outcome, row.epochs, row.score, row.params) for row in board.rows]
    assert told == [(r.trial, r.outcome, r.epochs, r.score, r.params) for r in ledger.rows]
    assert [row.run_id for row in board.rows] == ids and all(r.started_s for r in board.rows)
    assert board.facts["status"] == "finished"
    (note,) = sources.notes
    assert "MLflow was not told all of 3 trials" in note
    assert f"`facesearch sync {folder.name} --runs" in note
    for number, run_id in enumerate(ids):
        for word in (run_id, f"{folder.name}/{number}"):
            detail, theirs = sources.detail(word), read_trial(folder, number)
            assert detail.row == board.rows[number] and detail.status == ""
            assert (detail.curves, detail.message) == (theirs.curves, theirs.message)
    with Ledger(folder):  # at work, MLflow is told in a moment
        assert {row.outcome for row in sources.board(known).rows} == {"running"}


def test_after_a_sync_nothing_is_noted(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=3, num_failed=1, epochs=5)
    cut_mlflow_short(folder)
    in_mlflow(folder)
    sources = open_sources(None, tmp_path)
    rows = sources.board(sources.find(folder.name)).rows
    assert [row.epochs for row in rows] == [row.epochs for row in read_board(folder).rows]
    assert sources.notes == []
