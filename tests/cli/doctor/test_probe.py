from pathlib import Path

import pytest

from facesearch.cli.doctor import probe


def test_a_probe_that_fails_is_told_by_its_last_line() -> None:
    assert "KeyError" in probe.ask("nothing", [], 60)["error"]


def test_a_probe_that_hangs_is_given_up() -> None:
    assert probe.ask("torch", [], 0.01) == {"error": "no answer in 0 s"}


@pytest.mark.slow
def test_ray_is_started_and_stopped() -> None:
    facts = probe.ask_all({"ray": ["deep"]}, 180)["ray"]
    assert facts["resources"]["CPU"] >= 1


def test_mlflow_is_tried_without_making_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert probe.ask("mlflow", ["", str(tmp_path / "runs")], 120) == {"experiments": 1}
    assert not (tmp_path / "runs").exists()
    file = tmp_path / "mine.db"
    file.touch()  # as a process leaves it that was killed
    for uri in (f"sqlite+pysqlite:///{tmp_path}/none.db?timeout=3", f"sqlite:///{file}"):
        assert probe.ask("mlflow", [uri, str(tmp_path)], 120) == {"experiments": 1}
    assert list(tmp_path.iterdir()) == [file] and file.stat().st_size == 0
