from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import run
from finals import final_folder
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli
from facesearch.errors import InputError
from facesearch.report.log import runs_where


def test_a_sweep_gets_a_page_beside_its_ledger_and_in_mlflow(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path / "runs", trials=3, num_failed=1)
    store = in_mlflow(folder)
    told = run("report", str(folder))
    page = folder / "report.html"
    assert told.startswith(f"{page}: ") and "<title>Sweep made-up-0001</title>" in page.read_text()
    figures = {path.suffix for path in (folder / "figures").iterdir()}
    assert figures == {".svg", ".png"}
    (sweep,) = runs_where(store, "tags.`facesearch.kind` = 'sweep'")
    assert f"logged to MLflow run {sweep.info.run_id}" in told
    logged = store.client().list_artifacts(sweep.info.run_id, "report")
    assert [one.path for one in logged] == ["report/figures", "report/report.html"]


def test_it_can_be_written_elsewhere_and_kept_to_oneself(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path / "runs", trials=2)
    out = tmp_path / "out"
    told = run("report", str(folder), "--out", str(out), "--no-log")
    assert (out / "report.html").is_file() and not (folder / "report.html").exists()
    assert "MLflow" not in told and not list((tmp_path / "runs").glob("*.db"))


def test_a_store_that_fails_is_no_error(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path / "runs", trials=2)
    words = ["report", str(folder), "--tracking-uri", "http://127.0.0.1:9"]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0 and (folder / "report.html").is_file()
    (note,) = [line for line in result.stderr.splitlines() if line.startswith("note: ")]
    assert "MLflow at http://127.0.0.1:9" in note


def test_a_final_model_gets_a_page_in_its_folder(tmp_path: Path) -> None:
    folder = final_folder(tmp_path / "runs")
    told = run("report", "final-12345678", "--runs", str(tmp_path / "runs"), "--no-log")
    assert told.startswith(str(folder / "report.html"))
    assert "<title>Final model final-12345678</title>" in (folder / "report.html").read_text()


def test_several_get_a_page_each(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    words = [str(final_folder(runs, folder=f"final-12345678-{end}")) for end in ("aaaa", "bbbb")]
    run("report", *words, "--no-log")
    assert all((Path(word) / "report.html").is_file() for word in words)
    with pytest.raises(InputError, match="one folder for 2 reports"):
        run("report", *words, "--no-log", "--out", str(tmp_path / "out"))
    with pytest.raises(InputError, match="2 final models begin with 'final-12345678'"):
        run("report", "final-12345678", "--runs", str(runs), "--no-log")


def test_what_is_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'nothing' is no sweep"):
        run("report", "nothing", "--runs", str(tmp_path))
    assert not list(tmp_path.iterdir())
