"""What a figure came from: code, space, faces, versions."""

import hashlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("facesearch", "torch", "torchvision", "ray", "optuna", "mlflow", "numpy", "pillow")


def git_commit(folder: Path) -> str:
    """Return the commit of the code, with ``+changes`` if edited, or ``unknown``."""
    try:
        commit = _git(folder, "rev-parse", "--short=12", "HEAD")
        return commit + ("+changes" if _git(folder, "status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


def provenance(space_text: str, faces_fingerprint: str, folder: str = "") -> dict[str, str]:
    """Return the tags that tie a run to its code, its space, its faces and its versions.

    Args:
        space_text: The space, or the config, as it was written.
        faces_fingerprint: Of the faces.
        folder: Name of the sweep's folder.

    """
    tags = {
        "facesearch.git": git_commit(Path(__file__).parent),
        "facesearch.space_sha256": hashlib.sha256(space_text.encode()).hexdigest()[:16],
        "facesearch.faces_sha256": faces_fingerprint[:16],
        "facesearch.python": sys.version.split()[0],
    }
    if folder:
        tags["facesearch.folder"] = folder
    for package in _PACKAGES:
        try:
            tags[f"facesearch.version.{package}"] = version(package)
        except PackageNotFoundError:
            continue
    return tags
