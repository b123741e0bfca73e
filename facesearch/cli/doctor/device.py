"""What torch can compute on: judged from the facts of `probe.py`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facesearch.cli.doctor.finding import Finding, gigabytes

_REINSTALL = "install both from one index: pip install --force-reinstall torch torchvision"


def look_at_torch(facts: dict[str, Any], driver: str) -> Iterator[Finding]:
    """Judge torch, torchvision and the GPUs.

    Args:
        facts: Of the probe.
        driver: Version of NVIDIA's kernel driver; empty without one.

    """
    if "error" in facts:
        yield Finding("torch", "wrong", f"cannot be imported: {facts['error']}", _REINSTALL)
        return
    yield _torchvision(facts)
    if facts["gpus"]:
        for gpu in facts["gpus"]:
            yield _gpu(gpu, driver)
    else:
        yield _no_gpu(facts, driver)
    how = "bf16 in hardware" if facts["cpu_bf16"] else "no bf16 in hardware, float32"
    yield Finding("CPU", "ok", how)


def driver_version(file: Path = Path("/proc/driver/nvidia/version")) -> str:
    """Return the version of NVIDIA's kernel driver, or nothing."""
    try:
        found = re.search(r"\s(\d+\.\d+(?:\.\d+)?)\s", file.read_text())
    except OSError:
        return ""
    return found[1] if found else "unknown"


def _torchvision(facts: dict[str, Any]) -> Finding:
    if "torchvision_error" in facts:
        found = f"cannot be imported beside torch {facts['torch']}: {facts['torchvision_error']}"
        return Finding("torchvision", "wrong", found, _REINSTALL)
    builds = [facts[name].partition("+")[2] for name in ("torch", "torchvision")]
    pair = f"torch {facts['torch']}, torchvision {facts['torchvision']}"
    if builds[0] and builds[1] and builds[0] != builds[1]:
        return Finding("torch", "wrong", f"{pair}: of two builds", _REINSTALL)
    if bool(builds[0]) != bool(builds[1]):
        return Finding("torch", "note", f"{pair}: may be of two builds", _REINSTALL)
    return Finding("torch", "ok", pair)


def _gpu(gpu: dict[str, Any], driver: str) -> Finding:
    by = f", driver {driver}" if driver else ""
    if gpu["error"]:
        return Finding(
            "GPU", "wrong", f"{gpu['name']}{by}: {gpu['error']}",
            "nvidia-smi shows who uses it; a torch for this GPU: https://pytorch.org/get-started",
        )  # fmt: skip
    memory = f"{gigabytes(gpu['free'])} free of {gigabytes(gpu['total'])}"
    bf16 = "bf16" if gpu["bf16"] else "no bf16, float32"
    found = f"{gpu['name']}, {memory}, {bf16}{by}"
    if gpu["free"] < gpu["total"] / 2:
        return Finding("GPU", "note", found, "another program uses it: see nvidia-smi")
    return Finding("GPU", "ok", found)


def _no_gpu(facts: dict[str, Any], driver: str) -> Finding:
    if facts["mps"]:
        return Finding("GPU", "note", "Apple's is not used; trainings run on the CPU")
    if driver and not facts["cuda"]:
        return Finding(
            "GPU", "wrong", f"NVIDIA driver {driver}, and torch is a build for the CPU",
            "install torch and torchvision for CUDA: https://pytorch.org/get-started",
        )  # fmt: skip
    if driver:
        return Finding(
            "GPU", "wrong", f"driver {driver}, but torch (CUDA {facts['cuda']}) sees no GPU",
            "a newer driver, or a torch for an older CUDA; see CUDA_VISIBLE_DEVICES, nvidia-smi",
        )  # fmt: skip
    return Finding("GPU", "ok", "none; trainings run on the CPU")
