"""The folder of a final model: its name, who may work in it, and what its siblings have trained.

    runs/final-3f2b91c0-5d07a3/    of trial 3f2b91c0..., with options that give 5d07a3
    runs/final-3f2b91c0/           as it was named before names held the options

The same command finds the same folder again, and other options give another one: no model replaces
another, and no report stands beside a model that it is not of. A network that a sibling has trained
is taken over from it, as hard links; so each folder is whole, and may be moved or removed alone.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.errors import InputError
from facesearch.final.bundle import MANIFEST
from facesearch.final.targets import REPORTED

PREFIX = "final-"
# The folder of the bundle in that of a final model, and in the artifacts of its run.
BUNDLE = "model"
REPORT = "report.json"
_FORMAT = 1
_MEMBERS, _LOCK, _CURVE = "members", ".lock", "curve.jsonl"
# Fewer characters of a run's id stand for too many runs.
_LEAST_WORD = len(PREFIX) + 3
_SHOWN = 8


# --- names --------------------------------------------------------------------------------


def folder_name(run_id: str, options: Any) -> str:
    """Return the name of a final model's folder.

    Args:
        run_id: Of the trial.
        options: All that makes another model or another report of the trial, as plain JSON.

    """
    text = json.dumps([_FORMAT, options], sort_keys=True)
    return f"{PREFIX}{run_id[:8]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def reporting_digest(folder: FaceFolder) -> str:
    """Return 32 characters that follow from the files of the reporting sets and whose they are.

    Their contents are not read: names and sizes tell other files apart quickly enough.
    """
    lines = [line for part in REPORTED for line in _lines(part, getattr(folder, part), folder.root)]
    pairs = folder.pairs
    for sides in zip(pairs.first, pairs.second, pairs.is_same, strict=True):
        lines.append(f"pairs {_place(sides[0], folder.root)} {_place(sides[1], folder.root)}")
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _lines(part: str, faces: FaceList, root: Path) -> list[str]:
    pairs = zip(faces.paths, faces.identities, strict=True)
    return [f"{part} {_place(path, root)} {path.stat().st_size} {name}" for path, name in pairs]


def _place(path: Path, root: Path) -> Path:
    """Return a path from the folder on: faces that were moved are no other faces."""
    return path.relative_to(root) if path.is_relative_to(root) else Path(path.name)


def find_final(word: str, runs_dir: Path) -> Path | None:
    """Return the folder of the one final model that a word stands for; None if there is none.

    Args:
        word: A folder, or how its name begins, with its path or from ``runs_dir`` on; with or
            without the ``model`` in it.
        runs_dir: Where final models are.

    Raises:
        InputError: If several begin so; it names them.

    """
    typed = Path(word)
    typed = typed.parent if typed.name == BUNDLE else typed
    for path in (typed, runs_dir / typed):
        found = [path] if is_final(path) else _beginning(path)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(str(one) for one in found[:_SHOWN])
            more = ", ..." if len(found) > _SHOWN else ""
            raise InputError(
                f"{len(found)} final models begin with '{word}'; write which: {names}{more}."
            )
    return None


def is_final(path: Path) -> bool:
    """Whether a folder holds a final model, or at least its report."""
    try:
        return (path / BUNDLE / MANIFEST).is_file() or (path / REPORT).is_file()
    except (OSError, ValueError):  # too long a name, or none
        return False


def final_folders(runs_dir: Path) -> list[Path]:
    """Return the folders of all final models, by name."""
    with contextlib.suppress(OSError):
        return sorted(path for path in runs_dir.iterdir() if is_final(path))
    return []


def _beginning(path: Path) -> list[Path]:
    if not path.name.startswith(PREFIX) or len(path.name) < _LEAST_WORD:
        return []
    return [one for one in final_folders(path.parent) if one.name.startswith(path.name)]


# --- who works in it ----------------------------------------------------------------------


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let only one command at a time work in a folder; it is made if it is missing.

    Raises:
        InputError: If another one does, or it cannot be written.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, timeout=0):
            yield
    except Timeout:
        raise InputError(f"{folder}: another finalize is at work here; wait.") from None
    except OSError as error:
        if error.filename is None or Path(error.filename) not in (folder, folder / _LOCK):
            raise
        reason = error.strerror
        raise InputError(f"{folder}: cannot be written ({reason}); use --runs FOLDER.") from None


def _is_at_work(folder: Path) -> bool:
    if not (folder / _LOCK).exists():
        return False
    try:
        with FileLock(folder / _LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # somebody else's, and read only: nobody can tell
        return False


# --- what its siblings have trained -------------------------------------------------------


def take_over(member: Path, num_stages: int) -> Path | None:
    """Link a member from the sibling that has trained most of it, if it is not here already.

    Args:
        member: ``<runs>/<final>/members/<key>``.
        num_stages: Stages in which it is trained, a count.

    Returns:
        The sibling's folder, or None.

    Raises:
        InputError: If a sibling is training it at this moment.

    """
    if member.exists():
        return None
    own = member.parents[1]
    others = [one for one in own.parent.glob(f"{PREFIX}*/{_MEMBERS}/{member.name}") if one.is_dir()]
    if not others:
        return None
    best = max(others, key=_progress)
    if _progress(best)[0] < num_stages and _is_at_work(best.parents[1]):
        raise InputError(
            f"{best.parents[1]}: another finalize trains the same network here; wait for it, and "
            "it is taken over."
        )
    return best.parents[1] if _linked(best, member, own) else None


def _progress(member: Path) -> tuple[int, int]:
    """Return how many stages of a member are whole, and the bytes of its curve."""
    curve = member / _CURVE
    whole = list(member.glob(f"stage*/{BUNDLE}/{MANIFEST}"))
    return len(whole), curve.stat().st_size if curve.is_file() else 0


def _linked(source: Path, member: Path, own: Path) -> bool:
    """Link a member's files; all of them appear at once, or none does."""
    beside = own / f".{member.name}"
    shutil.rmtree(beside, ignore_errors=True)
    left_out = shutil.ignore_patterns("ray", "*.tmp")
    try:
        shutil.copytree(source, beside, copy_function=_link, ignore=left_out)
        member.parent.mkdir(parents=True, exist_ok=True)
        os.replace(beside, member)
    except OSError:  # it was removed meanwhile: trained here, then
        shutil.rmtree(beside, ignore_errors=True)
        return False
    return True


def _link(source: str, target: str) -> None:
    """Link a file; one that is appended to, or on a disk without links, is copied."""
    if Path(source).name != _CURVE:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)
