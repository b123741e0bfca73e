"""Asks a heavy library about itself in a process of its own, so that its crash is a finding.

``python -m facesearch.cli.doctor.probe NAME`` prints what `PROBES` finds, as JSON on its last line.
Not here: what is right and what is wrong (`device.py`, `services.py`).
"""

import importlib
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Facts = dict[str, Any]


def ask_all(names: Mapping[str, list[str]], timeout_s: float) -> dict[str, Facts]:
    """Ask several libraries at a time.

    Args:
        names: Names of `PROBES`, with their arguments.
        timeout_s: Of each.

    Returns:
        The facts by name; ``{"error": line}`` of one that failed.

    """
    with ThreadPoolExecutor(len(names) or 1) as pool:
        answers = {name: pool.submit(ask, name, rest, timeout_s) for name, rest in names.items()}
        return {name: answer.result() for name, answer in answers.items()}


def ask(name: str, arguments: list[str], timeout_s: float) -> Facts:
    """Run one probe and return its facts, or ``{"error": line}``."""
    command = [sys.executable, "-m", "facesearch.cli.doctor.probe", name, *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {timeout_s:.0f} s"}
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        words = (done.stderr.strip() or f"ended with status {done.returncode}").splitlines()
        return {"error": words[-1][:200]}
    facts: Facts = json.loads(lines[-1])
    return facts


def _torch(deep: str = "") -> Facts:
    import torch

    from facesearch.training.precision import has_fast_bf16

    num_gpus = torch.cuda.device_count()
    gpus = [_gpu(number) for number in range(num_gpus)] if torch.cuda.is_available() else []
    facts: Facts = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda or "",
        "gpus": gpus,
        "cpu_bf16": has_fast_bf16(torch.device("cpu")),
        "mps": torch.backends.mps.is_available(),
    }
    try:
        version = "" if deep else torchvision_version()
        version = version or importlib.import_module("torchvision").__version__
    except Exception as error:
        return {**facts, "torchvision_error": f"{type(error).__name__}: {error}"[:200]}
    return {**facts, "torchvision": version}


def torchvision_version() -> str:
    """Load what of torchvision is built for one torch, and return its version.

    That is where a wrong pair breaks; to import all of it takes two seconds more. Returns "" if
    its files are not as expected here.

    Raises:
        Exception: Many kinds; if the library and torch are not of one build.

    """
    import torch

    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.origin:
        return ""
    folder = Path(spec.origin).parent
    libraries = [path for path in folder.glob("_C*") if path.suffix in (".so", ".pyd")]
    file = folder / "version.py"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    version = re.search(r"^__version__ = ['\"](.+)['\"]", text, re.MULTILINE)
    if not version or len(libraries) != 1:
        return ""
    torch.ops.load_library(libraries[0])  # type: ignore[no-untyped-call]
    assert torch.ops.torchvision.nms, "no operators"
    return version[1]


def _gpu(number: int) -> Facts:
    import torch

    from facesearch.training.precision import has_fast_bf16

    device = torch.device("cuda", number)
    try:
        free, total = torch.cuda.mem_get_info(device)
        with torch.cuda.device(device):
            has_bf16 = has_fast_bf16(device)
            works = torch.ones(8, device=device).sum().item() == 8
    except RuntimeError as error:
        return {"name": torch.cuda.get_device_name(device), "error": str(error).splitlines()[0]}
    return {
        "name": torch.cuda.get_device_name(device), "free": free, "total": total,
        "bf16": has_bf16, "error": "" if works else "computes wrong sums",
    }  # fmt: skip


def _ray(deep: str = "") -> Facts:
    import ray

    facts: Facts = {"version": ray.__version__}
    if deep:
        from facesearch.tuning.cluster import Cluster, ray_session

        with ray_session(Cluster(None)) as resources:
            facts["resources"] = {k: v for k, v in resources.items() if k in ("CPU", "GPU")}
    return facts


def _mlflow(uri: str, runs_dir: str) -> Facts:
    from facesearch.tracking.store import resolve_store

    with TemporaryDirectory() as folder:
        store = resolve_store(uri or None, Path(runs_dir))
        if store.is_absent():  # a look makes nothing: another one is made and opened
            client = resolve_store(f"sqlite:///{folder}/mlflow.db", Path(folder)).client()
        else:
            client = store.reader()
        experiments = client.search_experiments(max_results=1)
    return {"experiments": len(experiments)}


PROBES: dict[str, Callable[..., Facts]] = {"torch": _torch, "ray": _ray, "mlflow": _mlflow}

if __name__ == "__main__":
    print("\n" + json.dumps(PROBES[sys.argv[1]](*sys.argv[2:])))
