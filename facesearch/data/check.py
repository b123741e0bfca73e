"""What a folder of faces holds, in words, and everything that is wrong with it, in one run.

Faults stop a search; notes do not.
"""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from facesearch.data.decode import decode_image
from facesearch.data.layouts import FaceFolder, FaceList, FacePairs, scan_layout
from facesearch.data.layouts.folder import SUFFIXES
from facesearch.errors import InputError

_PARTS = ("train", "dev", "test", "known", "unknown_dev", "unknown_test")
_SHOWN = 30


@dataclass
class Findings:
    """What was found: faults stop a search, notes do not."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_folder(
    root: Path, image_px: int, allow_corrupt: int, layout: str = "auto"
) -> Iterator[str]:
    """Yield a line for each part of the folder and each note; decode all its pictures.

    Args:
        root: The folder.
        image_px: Side at which the pictures are decoded.
        allow_corrupt: So many unreadable pictures are notes and not faults.
        layout: A name of a layout, or ``auto``.

    Raises:
        InputError: With every fault, after the lines.

    """
    folder, faults = scan_layout(root, layout)
    yield f"{root}: layout {folder.layout}"
    findings = Findings(faults=list(faults))
    for part in _PARTS:
        faces: FaceList = getattr(folder, part)
        if len(faces):
            yield f"  {part:<13}{_describe(faces)}"
            findings.notes += _lonely(part, faces)
    if len(folder.pairs):
        yield f"  {'pairs':<13}{_describe_pairs(folder.pairs)}"
    _look_at_files(root, findings)
    _look_at_pictures(folder, image_px, allow_corrupt, findings)
    yield from (f"  note: {note}" for note in _shortened(findings.notes))
    if findings.faults:
        count = len(findings.faults)
        head = f"{root}: {count} fault{'s' if count > 1 else ''}"
        raise InputError("\n  ".join([head, *_shortened(findings.faults)]))
    yield "  every picture can be read"


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return lines if more <= 0 else [*lines[:_SHOWN], f"... and {more} more"]


def _describe(faces: FaceList) -> str:
    counts = Counter(faces.identities)
    if set(counts) == {""}:
        return f"{len(faces)} pictures, no labels"
    groups = f" in {len(set(faces.groups))} groups" if faces.groups else ""
    text = f"{len(faces)} pictures of {len(counts)} identities{groups}, {min(counts.values())} to "
    return f"{text}{max(counts.values())} each"


def _describe_pairs(pairs: FacePairs) -> str:
    folds = len(set(pairs.folds))
    same = sum(pairs.is_same)
    return f"{len(pairs)} pairs in {folds} fold{'s' if folds > 1 else ''}, {same} of one person"


def _lonely(part: str, faces: FaceList) -> list[str]:
    """Note identities with one picture where that is not the rule."""
    counts = Counter(identity for identity in faces.identities if identity)
    single = sorted(name for name, count in counts.items() if count == 1)
    if part not in ("train", "dev") or not single or len(single) == len(counts):
        return []
    names = ", ".join(single[:3]) + (", ..." if len(single) > 3 else "")
    return [f"{part}: {len(single)} identities with one picture cannot be matched: {names}"]


def _look_at_files(root: Path, findings: Findings) -> None:
    """Find what the layouts pass over: empty folders, pipes, links to elsewhere, twins by case."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        twins: dict[str, list[str]] = defaultdict(list)
        for name in sorted(folders):
            twins[name.casefold()].append(name)
            if not name.startswith(".") and not any((here / name).iterdir()):
                findings.faults.append(f"{here / name}: empty folder; remove it, or fill it")
        for names in twins.values():
            if len(names) > 1:
                findings.faults.append(
                    f"{here}: {' and '.join(names)} differ in upper and lower case only; they "
                    "become one on other disks; merge or rename them"
                )
        for name in sorted(files):
            _look_at_file(root, here / name, findings)


def _look_at_file(root: Path, path: Path, findings: Findings) -> None:
    if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
        return
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        findings.faults.append(f"{path}: a link out of the folder; copy the picture")
    elif not path.is_file():
        findings.faults.append(f"{path}: neither file nor link, or a link to nothing; remove it")


def _look_at_pictures(
    folder: FaceFolder, image_px: int, allow_corrupt: int, findings: Findings
) -> None:
    """Decode every picture once; find unreadable ones, and the same one at two places."""
    places = _places(folder)

    def digest_of(path: Path) -> bytes | InputError:
        try:
            decode_image(path, image_px)
            return hashlib.sha256(path.read_bytes()).digest()
        except InputError as error:
            return error

    unreadable: list[str] = []
    first: dict[bytes, Path] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, found in zip(places, pool.map(digest_of, places), strict=True):
            if isinstance(found, InputError):
                unreadable.append(str(found))
            elif found in first:
                _compare(first[found], path, places, findings)
            else:
                first[found] = path
    target = findings.notes if len(unreadable) <= allow_corrupt else findings.faults
    target += unreadable


def _places(folder: FaceFolder) -> dict[Path, tuple[str, str]]:
    """Return part and identity of every picture."""
    places: dict[Path, tuple[str, str]] = {}
    for part in _PARTS:
        faces: FaceList = getattr(folder, part)
        for path, identity in zip(faces.paths, faces.identities, strict=True):
            places.setdefault(path, (part, identity))
    for path in (*folder.pairs.first, *folder.pairs.second):
        places.setdefault(path, ("pairs", ""))
    return places


def _compare(
    one: Path, other: Path, places: dict[Path, tuple[str, str]], findings: Findings
) -> None:
    """Say what it means that two files hold the same bytes."""
    (part, identity), (other_part, other_identity) = places[one], places[other]
    if part != other_part:
        findings.faults.append(
            f"{other}: the same picture as {one}: {other_part} would be scored on {part}; remove "
            "one"
        )
    elif identity != other_identity:
        findings.faults.append(
            f"{other}: the same picture as {one}, but of another identity; one of them is wrong"
        )
    else:
        findings.notes.append(f"{other}: the same picture as {one}")
