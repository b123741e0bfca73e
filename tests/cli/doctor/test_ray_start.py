import socket
from pathlib import Path

import pytest

from facesearch.cli.doctor import machine, ray_start
from facesearch.cli.doctor.finding import Finding


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    (tmp_path / "ray").mkdir()
    return tmp_path / "ray"


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_where_nothing_names_a_cluster_nothing_is_told() -> None:
    assert list(ray_start.look_at_other_rays()) == []


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "nonsense"])
def test_ray_address_is_told(
    address: str, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address.format(closed_port))
    (finding,) = ray_start.look_at_other_rays()
    assert finding.state == "note" and address.format(closed_port) in finding.found
    assert "--address auto" in finding.mend


def test_a_cluster_that_has_died_is_told(folder: Path, closed_port: int) -> None:
    (folder / "ray_current_cluster").write_text(f"127.0.0.1:{closed_port}")
    (finding,) = ray_start.look_at_other_rays()
    assert finding.state == "note" and f"rm {folder}/ray_current_cluster" in finding.mend


def test_a_long_folder_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / ("x" * 60)))
    (finding,) = ray_start.look_at_ray_folder()
    assert finding.state == "note" and "RAY_TMPDIR" in finding.found


def test_before_a_ray_starts_the_same_is_told_as_by_doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Finding("open files", "wrong", "at most 100 in a process", "ulimit")
    monkeypatch.setattr(ray_start, "look_at_open_files", lambda: iter([found]))
    monkeypatch.setattr(ray_start, "free_memory", lambda: (20 * 2**30, None))
    monkeypatch.setattr(ray_start, "look_at_shared_memory", lambda: machine.look_at_cores())
    assert found in list(ray_start.look_before_ray())
    ray_start.say_ray_findings()
    assert "note: open files: at most 100 in a process; mend: ulimit" in capsys.readouterr().err
