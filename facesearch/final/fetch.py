"""A bundle from the artifacts of an MLflow run, in the cache.

From MLflow come only the files that the bundle's manifest lists, of kinds that are read and never
run, each with the SHA-256 that it states; `load_bundle` proves the rest.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from facesearch.data.cache import writing_to_cache
from facesearch.errors import InputError
from facesearch.final.bundle import MANIFEST
from facesearch.final.folder import BUNDLE

# Data and text only: nothing that a loader would run.
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.(json|safetensors|sha256|csv|md|txt)")


def fetched(client: Any, run_id: str) -> Path:
    """Return the bundle of a run in the cache; its name there follows from its content."""
    # MLflow draws a bar for every file
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    files = client.list_artifacts(run_id, BUNDLE)
    there = {str(file.path): int(file.file_size or 0) for file in files}
    if f"{BUNDLE}/{MANIFEST}" not in there:
        status = client.get_run(run_id).info.status
        raise InputError(f"run {run_id[:12]} holds no model (its status is {status}).")
    with TemporaryDirectory(prefix="facesearch-") as temporary:
        text = _download(client, run_id, MANIFEST, Path(temporary))
    digests = _digests(run_id, text)
    with writing_to_cache(sum(there.values())) as root:
        folder = root / f"model-{hashlib.sha256(text).hexdigest()[:24]}"
        with FileLock(folder.with_suffix(".lock")):
            if not _is_whole(folder, text, digests):
                _build(client, run_id, folder, text, digests)
    return folder


def _download(client: Any, run_id: str, name: str, folder: Path) -> bytes:
    return Path(client.download_artifacts(run_id, f"{BUNDLE}/{name}", str(folder))).read_bytes()


def _digests(run_id: str, text: bytes) -> dict[str, str]:
    what = f"the model of run {run_id[:12]}"
    try:
        digests = TypeAdapter(dict[str, str]).validate_json(text)
    except ValidationError:
        raise InputError(f"{what}: its {MANIFEST} is damaged or altered.") from None
    strange = sorted(name for name in digests if not _FILE.fullmatch(name))
    if strange:
        name = strange[0][:80]
        raise InputError(f"{what}: lists '{name}', no file that a model is made of.")
    return digests


def _is_whole(folder: Path, text: bytes, digests: dict[str, str]) -> bool:
    try:
        is_same = (folder / MANIFEST).read_bytes() == text
        return is_same and all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
            for name, digest in digests.items()
        )
    except OSError:
        return False


def _build(client: Any, run_id: str, folder: Path, text: bytes, digests: dict[str, str]) -> None:
    """Fetch all files beside, prove them, and rename: a reader never sees half a bundle."""
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        whole = Path(temporary) / BUNDLE
        whole.mkdir()
        for name, digest in digests.items():
            if hashlib.sha256(_download(client, run_id, name, whole)).hexdigest() != digest:
                what = f"{name} of run {run_id[:12]}"
                raise InputError(f"{what}: damaged or altered, its SHA-256 differs.")
        (whole / MANIFEST).write_bytes(text)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(whole, folder)
