import shutil
from pathlib import Path

import pytest
from finals import in_registry, small_final
from sweeps import in_mlflow, simulated_sweep

from facesearch.errors import InputError
from facesearch.report.locate import Subject, find_subject
from facesearch.report.log import runs_where
from facesearch.tracking.store import Store


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated_sweep(tmp_path_factory.mktemp("here") / "runs", trials=2, num_failed=0)


@pytest.fixture(scope="module")
def store(sweep: Path) -> Store:
    return in_mlflow(sweep)


@pytest.mark.parametrize("word", ["made-up", "made-up-0001", "path"])
def test_a_sweep_by_its_names(sweep: Path, store: Store, word: str) -> None:
    what = str(sweep) if word == "path" else word
    found = find_subject(what, store, sweep.parent)
    assert found.kind == "sweep" and found.folder.samefile(sweep)
    (run,) = runs_where(store, "tags.`facesearch.kind` = 'sweep'")
    assert found.run_id(store) == run.info.run_id


def test_a_sweep_by_its_run_and_by_that_of_a_trial(sweep: Path, store: Store) -> None:
    runs = runs_where(store, "")
    assert len(runs) == 3
    for run in runs:
        for what in (run.info.run_id, run.info.run_id[:12]):
            assert find_subject(what, store, sweep.parent) == Subject("sweep", sweep)


def test_a_final_model_by_its_folder_and_its_run(sweep: Path, store: Store) -> None:
    runs_dir, client = sweep.parent, store.client()
    folder = runs_dir / "final-12345678"
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text("{}")
    tags = {"facesearch.kind": "final", "facesearch.trial_run_id": "12345678abc"}
    run_id = client.create_run(store.experiment_id(client), tags=tags).info.run_id
    try:
        by_run = find_subject(run_id, store, runs_dir)
        assert by_run == Subject("final", folder, run_id) and by_run.run_id(store) == run_id
        by_folder = find_subject("final-12345678", store, runs_dir)
        assert by_folder == Subject("final", folder) and by_folder.run_id(store) == run_id
        (folder / "report.json").unlink()
        folder.rmdir()
        with pytest.raises(InputError, match="is not there"):
            find_subject(run_id, store, runs_dir)
    finally:
        client.delete_run(run_id)


def test_a_report_stands_beside_the_model_that_it_is_of(sweep: Path, store: Store) -> None:
    runs_dir, client = sweep.parent, store.client()
    folders = [small_final(runs_dir / f"final-12345678{end}") for end in ("", "-aaaaaa")]
    runs = [in_registry(store, folder, "facesearch-staff")[0] for folder in folders]
    try:
        for folder, run_id in zip(folders, runs, strict=True):
            found = find_subject(run_id, store, runs_dir)
            assert found == Subject("final", folder, run_id)
            assert Subject("final", folder).run_id(store) == run_id
        # a folder of before, whose model a later finalize has replaced
        small_final(folders[0], replaced=True)
        with pytest.raises(InputError, match=r"final-12345678 .* holds another model now"):
            find_subject(runs[0], store, runs_dir)
        assert Subject("final", folders[0]).run_id(store) == ""
        # one that was renamed is still it
        moved = folders[1].rename(runs_dir / "the-best")
        assert find_subject(runs[1], store, runs_dir).folder == moved
    finally:
        for run_id in runs:
            client.delete_run(run_id)
        for folder in (*folders, runs_dir / "the-best"):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("word", ["nobody", "x", "a' OR '1' = '1", "y" * 5000, "../..", "%%%"])
def test_what_is_nothing_is_refused_with_what_there_is(
    sweep: Path, store: Store, word: str
) -> None:
    with pytest.raises(InputError, match=r"^report: ") as told:
        find_subject(word, store, sweep.parent)
    assert "made-up-0001" in str(told.value) or "no name of a folder" in str(told.value)


def test_a_run_whose_sweep_is_elsewhere_is_told(sweep: Path, store: Store, tmp_path: Path) -> None:
    run = runs_where(store, "tags.`facesearch.kind` = 'sweep'")[0]
    with pytest.raises(InputError, match=r"has no folder in .*; use --runs"):
        find_subject(run.info.run_id, store, tmp_path)
