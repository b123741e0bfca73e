"""A store whose folder is moved, copied, half made or broken."""

import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, local
from typing import Any

import pytest

from facesearch.errors import InputError
from facesearch.tracking import sqlite_home
from facesearch.tracking.sqlite_home import is_whole, settle
from facesearch.tracking.store import EXPERIMENT, Store, resolve_store


@pytest.fixture
def runs(template: Path, tmp_path: Path) -> Path:
    """A runs folder with a run that has an artifact."""
    folder = tmp_path / "runs"
    folder.mkdir()
    shutil.copy(template, folder / "mlflow.db")
    with sqlite3.connect(folder / "mlflow.db") as database:
        place = (folder / "artifacts").as_uri()
        database.execute("UPDATE experiments SET artifact_location = ?", (place,))
    write(resolve_store(None, folder))
    return folder


def write(store: Store) -> str:
    client = store.client()
    run_id = str(client.create_run(store.experiment_id(client)).info.run_id)
    client.log_text(run_id, "words", "report/page.txt")
    return run_id


def only_run(store: Store) -> Any:
    client = store.reader()
    return client.search_runs([store.experiment(client).experiment_id])[-1]


@pytest.mark.parametrize("is_copied", [False, True])
def test_artifacts_go_where_the_folder_goes(runs: Path, tmp_path: Path, is_copied: bool) -> None:
    there = tmp_path / "other" / "my runs"
    there.parent.mkdir()
    shutil.copytree(runs, there) if is_copied else shutil.move(runs, there)
    before = files(runs)
    store = resolve_store(None, there)
    run = only_run(store)
    got = store.reader().download_artifacts(run.info.run_id, "report/page.txt", str(tmp_path))
    assert Path(got).read_text() == "words"
    assert run.info.artifact_uri.startswith((there / "artifacts").as_uri())
    write(store)
    assert files(runs) == before and runs.exists() == is_copied
    assert len(list((there / "artifacts").iterdir())) == 2
    if is_copied:  # the first one is as it was, and each has its own in one process
        here = resolve_store(None, runs)
        assert only_run(here).info.artifact_uri.startswith(runs.as_uri())
        here.client().log_text(run.info.run_id, "here", "which.txt")
        store.client().log_text(run.info.run_id, "there", "which.txt")
        place = Path("artifacts", run.info.run_id, "artifacts", "which.txt")
        assert [(one / place).read_text() for one in (runs, there)] == ["here", "there"]


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("is_mounted", [True, False])
@pytest.mark.parametrize("has_own", [True, False])
def test_a_place_that_somebody_has_chosen_stays(
    runs: Path, tmp_path: Path, is_mounted: bool, has_own: bool
) -> None:
    chosen = tmp_path / "big" / "artifacts"
    if is_mounted:
        chosen.mkdir(parents=True)
    if not has_own:  # else there are files of runs of before it was chosen
        shutil.rmtree(runs / "artifacts")
    with sqlite3.connect(runs / "mlflow.db") as database:
        database.execute("UPDATE experiments SET artifact_location = ?", (chosen.as_uri(),))
        uri = f"{chosen.as_uri()}/abc/artifacts"
        database.execute(
            "INSERT INTO runs (run_uuid, experiment_id, artifact_uri) VALUES ('abc', 1, ?)", (uri,)
        )
    before = (runs / "mlflow.db").read_bytes()
    settle(runs / "mlflow.db", EXPERIMENT)
    assert (runs / "mlflow.db").read_bytes() == before


def test_a_store_whose_files_are_not_beside_it_still_has_them_where_they_were(
    runs: Path, tmp_path: Path
) -> None:
    away, alone = tmp_path / "away", tmp_path / "alone"
    alone.mkdir()
    shutil.copy(runs / "mlflow.db", alone)
    runs.rename(away)
    store = resolve_store(None, alone)
    run = only_run(store)  # a look while the disk of the files is not mounted
    away.rename(runs)
    got = store.reader().download_artifacts(run.info.run_id, "report/page.txt", str(tmp_path))
    assert Path(got).read_text() == "words"


def test_a_folder_by_another_name_is_no_other_one(runs: Path, tmp_path: Path) -> None:
    before = (runs / "mlflow.db").read_bytes()
    (tmp_path / "link").symlink_to(runs)
    only_run(resolve_store(None, tmp_path / "link"))
    only_run(Store(f"sqlite:///{tmp_path / 'link' / 'mlflow.db'}"))
    assert (runs / "mlflow.db").read_bytes() == before


def test_a_look_makes_nothing(tmp_path: Path) -> None:
    store = resolve_store(None, tmp_path / "runs")
    assert store.is_absent()
    with pytest.raises(InputError, match="no sweep has been tracked there"):
        store.reader()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "mlflow.db").touch()
    with pytest.raises(InputError, match="no sweep has been tracked there"):
        resolve_store(None, tmp_path / "empty").reader()
    assert [path.name for path in tmp_path.rglob("*")] == ["empty", "mlflow.db"]
    assert not (tmp_path / "empty" / "mlflow.db").stat().st_size


def half_made(file: Path, template: Path) -> None:
    """What a process leaves that is killed while MLflow makes its tables."""
    shutil.copy(template, file)
    with sqlite3.connect(file) as database:
        database.execute("DELETE FROM alembic_version")
        database.execute("DROP TABLE params")


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_store_that_was_made_by_half_is_made_whole(
    template: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, is_empty: bool
) -> None:
    file = tmp_path / "mlflow.db"
    file.touch() if is_empty else half_made(file, template)
    before = file.read_bytes()
    write(resolve_store(None, tmp_path))
    assert is_whole(file)
    left = {path.name for path in tmp_path.iterdir()} - {".mlflow.db.lock"}
    halves = [path for path in tmp_path.iterdir() if path.name.startswith("mlflow.db.half-")]
    assert left == {"mlflow.db", "artifacts", *(path.name for path in halves)}
    # what was there is not thrown away, and it is told where it is
    assert [path.read_bytes() for path in halves] == ([] if is_empty else [before])
    told = [one.getMessage() for one in caplog.records if one.name.startswith("facesearch")]
    assert len(told) == len(halves) and all(halves[0].name in line for line in told)


@pytest.mark.parametrize(
    "held", ["", "INSERT INTO inputs VALUES ('i', 'DATASET', 'd', 'RUN', 'r', 0)"]
)
def test_a_store_of_an_older_mlflow_is_left_to_mlflow(
    template: Path, tmp_path: Path, held: str
) -> None:
    file = Path(shutil.copy(template, tmp_path / "mlflow.db"))
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
        database.execute(held)
    before = file.read_bytes()
    for opened in (resolve_store(None, tmp_path).client, resolve_store(None, tmp_path).reader):
        with pytest.raises(InputError, match="mlflow db upgrade"):
            opened()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "held",
    [
        "INSERT INTO inputs VALUES ('i', 'DATASET', 'd', 'RUN', 'r', 0)",
        "INSERT INTO experiments (experiment_id, name) VALUES (7, 'mine')",
        "DELETE FROM experiments; INSERT INTO experiments (experiment_id, name) VALUES (7, 'mine')",
    ],
)
def test_whatever_somebody_has_put_into_half_a_store_stays(
    template: Path, tmp_path: Path, held: str
) -> None:
    half_made(tmp_path / "mlflow.db", template)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.executescript(held)
    before = (tmp_path / "mlflow.db").read_bytes()
    with pytest.raises(InputError, match=r"is no whole store of MLflow\. Move it away"):
        resolve_store(None, tmp_path).client()
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_half_a_store_that_holds_runs_is_left_alone(runs: Path) -> None:
    with sqlite3.connect(runs / "mlflow.db") as database:
        database.execute("DELETE FROM alembic_version")
    before = (runs / "mlflow.db").read_bytes()
    for opened in (resolve_store(None, runs).client, resolve_store(None, runs).reader):
        with pytest.raises(InputError, match=r"is no whole store of MLflow\. Move it away"):
            opened()
    assert (runs / "mlflow.db").read_bytes() == before


@pytest.mark.parametrize("text", [b"garbage " * 999, b"SQLite format 3\0" + b"\1" * 5000])
def test_a_broken_store_gets_one_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "mlflow.db").write_bytes(text)
    store = resolve_store(None, tmp_path)
    for opened in (store.client, store.reader):
        with pytest.raises(InputError, match=r"mlflow.db cannot be opened \(") as told:
            opened()
        assert len(str(told.value).splitlines()) == 1
    assert (tmp_path / "mlflow.db").read_bytes() == text


KILLED = """
import os, sys, threading, time
from pathlib import Path
from facesearch.tracking.store import resolve_store
def kill():
    while not list(Path(sys.argv[1]).glob("**/mlflow.db")):
        time.sleep(0.001)
    time.sleep(0.05)
    os._exit(9)
threading.Thread(target=kill, daemon=True).start()
resolve_store(None, Path(sys.argv[1])).client()
"""


def test_whoever_is_killed_while_it_is_made_leaves_none(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, check=False,
    )  # fmt: skip
    assert done.returncode == 9 and not (tmp_path / "mlflow.db").exists()
    write(resolve_store(None, tmp_path))
    assert is_whole(tmp_path / "mlflow.db")


def test_who_was_slower_to_make_it_takes_what_the_quicker_one_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, both = resolve_store(None, tmp_path), Barrier(2)
    judge = sqlite_home.is_whole
    judged = local()

    def judge_at_the_same_time(file: Path) -> bool:
        found = judge(file)
        if not hasattr(judged, "before"):
            judged.before = found
            both.wait(60)
        return found

    monkeypatch.setattr(sqlite_home, "is_whole", judge_at_the_same_time)
    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(write_first, store) for _ in range(2)]
        written = {one.result(120) for one in made}
    client = store.reader()
    found = client.search_runs([store.experiment_id(client)])
    assert {run.info.run_id for run in found} == written and len(written) == 2


def write_first(store: Store) -> str:
    """Write a run to a store that may be missing."""
    client = store.client()
    return str(client.create_run(store.experiment_id(client)).info.run_id)
