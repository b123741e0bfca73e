from pathlib import Path
from typing import Any

import pytest

from facesearch.cli.doctor.device import driver_version, look_at_torch

FACTS: dict[str, Any] = {
    "torch": "2.14.1+cu130", "torchvision": "0.29.1+cu130", "cuda": "13.0", "gpus": [],
    "cpu_bf16": False, "mps": False,
}  # fmt: skip
GPU: dict[str, Any] = {
    "name": "A GPU", "free": 70e9, "total": 80e9, "bf16": True, "error": "",
}  # fmt: skip


def states(driver: str = "", **facts: Any) -> dict[str, str]:
    return {f.about: f.state for f in look_at_torch({**FACTS, **facts}, driver)}


def test_a_machine_without_gpu_is_right() -> None:
    assert states() == {"torch": "ok", "GPU": "ok", "CPU": "ok"}


def test_builds_that_do_not_fit_are_told() -> None:
    assert states(torch="2.14.1+cpu")["torch"] == "wrong"
    assert states(torch="2.14.1+cpu", torchvision="0.29.1")["torch"] == "note"
    error = "RuntimeError: operator torchvision::nms does not exist"
    assert states(torchvision_error=error)["torchvision"] == "wrong"


@pytest.mark.parametrize(
    ("change", "state"),
    [({}, "ok"), ({"free": 10e9}, "note"), ({"error": "no kernel image"}, "wrong")],
)
def test_a_gpu_is_judged(change: dict[str, Any], state: str) -> None:
    assert states("580.1", gpus=[{**GPU, **change}])["GPU"] == state


def test_a_gpu_that_torch_cannot_use_is_wrong() -> None:
    findings = list(look_at_torch({**FACTS, "cuda": "", "torch": "2.14.1"}, "580.1"))
    assert any(f.state == "wrong" and "build for the CPU" in f.found for f in findings)
    assert states("470.1")["GPU"] == "wrong"
    assert states(mps=True)["GPU"] == "note"


def test_a_torch_that_cannot_be_imported_is_one_finding() -> None:
    (finding,) = look_at_torch({"error": "ImportError: libc10.so"}, "")
    assert finding.state == "wrong" and "libc10.so" in finding.found


def test_the_version_of_the_driver_is_read(tmp_path: Path) -> None:
    file = tmp_path / "version"
    file.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 1\n")
    assert driver_version(file) == "580.95.05"
    assert driver_version(tmp_path / "none") == ""
