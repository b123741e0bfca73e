import os
import resource
from pathlib import Path

import pytest

from facesearch.cli.doctor import machine
from facesearch.cli.doctor.finding import GIB


@pytest.mark.parametrize(("quotas", "state"), [([], "ok"), ([0.5], "note")])
def test_cores_beyond_the_limit_of_the_container_are_told(
    monkeypatch: pytest.MonkeyPatch, quotas: list[float], state: str
) -> None:
    monkeypatch.setattr(machine, "_cpu_quotas", lambda: iter(quotas))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(os.cpu_count() or 1)))
    (finding,) = machine.look_at_cores()
    assert finding.state == state and bool(finding.mend) == bool(quotas)


def test_a_quota_is_read_from_every_group_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "inner" / "cpu.max").write_text("max 100000\n")
    monkeypatch.setattr(machine, "_groups", lambda: iter([tmp_path / "inner", tmp_path]))
    assert 1.5 in list(machine._cpu_quotas())


@pytest.mark.parametrize(
    ("free", "limit", "state"),
    [(20 * GIB, None, "ok"), (20 * GIB, 2 * GIB, "note"), (0.5 * GIB, None, "wrong")],
)
def test_little_memory_is_told(free: float, limit: float | None, state: str) -> None:
    (finding,) = machine.look_at_memory(free, limit)
    assert finding.state == state
    assert ("container" in finding.found) == (limit is not None)


def test_free_memory_is_positive() -> None:
    free, limit = machine.free_memory()
    assert free > 0 and (limit is None or limit >= 0)


def test_small_shared_memory_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = type("Usage", (), {"free": 64 * 2**20, "total": 64 * 2**20})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: usage)
    (finding,) = machine.look_at_shared_memory(tmp_path)
    assert finding.state == "note" and "--shm-size" in finding.mend
    assert list(machine.look_at_shared_memory(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("hard", "state"), [(100, "wrong"), (1024, "note"), (65536, "ok"), (-1, "ok")]
)
def test_few_open_files_are_told(hard: int, state: str) -> None:
    (finding,) = machine.look_at_open_files(hard)
    assert finding.state == state


def test_a_low_limit_that_ray_raises_by_itself_is_no_finding() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < 4096:
        pytest.skip("this machine lets a process open few files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        (finding,) = machine.look_at_open_files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert finding.state == "ok"
