import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from facesearch.cli.doctor import places


def store(path: Path, version: str | None) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE runs (id TEXT)")
        if version:
            database.execute("CREATE TABLE alembic_version (version_num TEXT)")
            database.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        database.commit()
    return path


@pytest.mark.parametrize(
    ("version", "state"), [("new", "ok"), ("old", "note"), (None, "ok"), ("strange", "wrong")]
)
def test_the_schema_of_a_store_is_compared(tmp_path: Path, version: str | None, state: str) -> None:
    path = store(tmp_path / "mlflow.db", version)
    before = path.read_bytes()
    (finding,) = places.look_at_sqlite(path, "new", frozenset({"old", "new"}))
    assert finding.state == state and str(path) in finding.found
    assert path.read_bytes() == before


def test_a_damaged_store_is_wrong_and_a_missing_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database at all, and longer than its header is" * 9)
    (finding,) = places.look_at_sqlite(tmp_path / "mlflow.db", "new", frozenset())
    assert finding.state == "wrong" and "not a database" in finding.found
    (finding,) = places.look_at_sqlite(tmp_path / "none.db", "new", frozenset())
    assert finding.state == "ok" and not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(("free_gb", "state"), [(100.0, "ok"), (2.0, "note"), (0.1, "wrong")])
def test_a_full_disk_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_gb: float, state: str
) -> None:
    usage = type("Usage", (), {"free": free_gb * 2**30})
    monkeypatch.setattr(places.shutil, "disk_usage", lambda folder: usage)
    (finding,) = places.look_at_folder("runs", tmp_path / "a" / "b", "use --runs")
    assert finding.state == state and ("use --runs" in finding.mend) == (state != "ok")
    assert not (tmp_path / "a").exists()


def test_a_folder_that_cannot_be_written_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (finding,) = places.look_at_folder("runs", tmp_path / "file" / "runs", "use --runs")
    assert finding.state == "wrong" and "is a file" in finding.found


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (finding,) = places.look_at_folder("runs", tmp_path / "runs", "use --runs")
    assert finding.state == "wrong" and "cannot be written" in finding.found


def test_the_variable_for_faces_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state(value: str) -> str:
        monkeypatch.setenv("FACESEARCH_DATA", value)
        return next(iter(places.look_at_faces())).state

    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    assert state("") == "ok" and state(str(tmp_path)) == "ok"
    assert state(str(tmp_path / "none")) == state(str(tmp_path / "file")) == "wrong"
    assert state(str(tmp_path / "empty")) == "wrong"
