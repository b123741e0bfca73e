import os
import shutil
from pathlib import Path

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli.run_sources import Sources, open_sources
from facesearch.errors import InputError


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
