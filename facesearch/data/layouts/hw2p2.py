"""The CMU 11-785 HW2P2 task of two terms: classification and verification side by side."""

import re
from dataclasses import replace
from pathlib import Path

from facesearch.data.layouts.csv_file import read_groups
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import (
    FaceFolder,
    by_identity,
    flat,
    identity_faults,
)
from facesearch.data.layouts.hw2p2_labels import CSV_LAYOUTS, read_labels
from facesearch.errors import first_names

_CLASSIFICATION = re.compile("classification")
_VERIFICATION = re.compile("verification")
# The archives of the course, whose names tell the term: strangers came with S23.
_ARCHIVE = re.compile(r"11-?785-[sf](\d\d)-hw2p2", re.IGNORECASE)
_FIRST_WITH_STRANGERS = 23
# The names of the course's people.
_NAME = re.compile(r"n\d{6}")
_NAMED = 5


def recognises_f22(root: Path) -> bool:
    """Whether the folder is one of term F22 (or S22, which looks alike)."""
    return _term(root) == "hw2p2-f22"


def recognises_s23(root: Path) -> bool:
    """Whether the folder is one of the terms from S23 to S24."""
    return _term(root) == "hw2p2-s23"


def read_f22(root: Path, faults: Faults) -> FaceFolder:
    """List a folder of term F22: every query is somebody known."""
    return _read(root, "hw2p2-f22", faults)


def read_s23(root: Path, faults: Faults) -> FaceFolder:
    """List a folder of term S23: some queries are strangers."""
    return _read(root, "hw2p2-s23", faults)


def _parts(root: Path) -> tuple[Path | None, Path | None]:
    return (
        _find(root, ("train", "dev"), _CLASSIFICATION),
        _find(root, ("known", "unknown_dev"), _VERIFICATION),
    )


def told_term(root: Path) -> str | None:
    """Return the term that the file of labels tells, or else the names of the course's archives.

    None: nothing in the folder tells it, so that whether queries may be strangers is not known.
    """
    classification, verification = _parts(root)
    if verification is not None:
        present = [t for name, t in CSV_LAYOUTS.items() if (verification / name).is_file()]
        if present:
            return present[0]
    for part in (verification, classification):
        names = () if part is None else part.relative_to(root.parent).parts
        for archive in filter(None, map(_ARCHIVE.match, names)):
            return "hw2p2-s23" if int(archive[1]) >= _FIRST_WITH_STRANGERS else "hw2p2-f22"
    return None


def _term(root: Path) -> str | None:
    """Return the term that is told, or else the likeliest."""
    classification, verification = _parts(root)
    if verification is not None:
        return told_term(root) or "hw2p2-f22"
    if classification is None:
        return None
    told = told_term(root)
    return told if told or _is_of_others(classification) else _closed_set(classification)


def _is_of_others(part: Path) -> bool:
    """Whether train/ and dev/ in a folder of any name hold what the course does not have.

    That is another name than those of its people, somebody of dev/ who is not in train/, or a
    folder in test/: `split_folders` reads all of them.
    """
    if _CLASSIFICATION.search(part.name):
        return False
    try:
        train, dev, test = (
            {p.name for p in (part / name).iterdir() if p.is_dir() and p.name[0] != "."}
            if (part / name).is_dir() else set()
            for name in ("train", "dev", "test")
        )  # fmt: skip
    except OSError:
        return False
    return bool(test or dev - train) or not all(map(_NAME.fullmatch, train))


def _closed_set(classification: Path) -> str:
    """Name the term of a folder without a verification part by its inner folder."""
    is_inner = classification.name == "classification"
    return "hw2p2-f22" if is_inner else "hw2p2-s23"


def _find(root: Path, inside: tuple[str, str], pattern: re.Pattern[str]) -> Path | None:
    """Return the folder that holds both, or by its name should: the root, or two levels down."""
    try:
        named = [p for p in sorted(root.iterdir()) if pattern.search(p.name) and p.is_dir()]
    except OSError:
        return None
    deeper = [p / pattern.pattern for p in named if (p / pattern.pattern).is_dir()]
    candidates = [root, *named, *deeper]
    for candidate in candidates:
        if all((candidate / name).is_dir() for name in inside):
            return candidate
    for candidate in candidates:
        is_named = pattern.search(candidate.name)
        if is_named and any((candidate / name).is_dir() for name in inside):
            return candidate
    return None


def _read(root: Path, layout: str, faults: Faults) -> FaceFolder:
    classification, verification = _parts(root)
    if classification is None and verification is None:
        faults.append(f"{root}: neither classification/ nor verification/ of HW2P2 in it")
    folder = FaceFolder(root, layout)
    if verification is not None:
        folder = _with_open_set(folder, verification, faults)
        _note_groups(root, verification, faults)
    if classification is not None:
        folder = _with_closed_set(folder, classification, faults)
        _note_groups(root, classification, faults)
    return folder


def _note_groups(root: Path, part: Path, faults: Faults) -> None:
    """Note what is to be known of the groups.csv of a part; it is read when a report needs it."""
    found = Faults()
    read_groups(part, (), found)
    place = "" if part == root else f"{part.relative_to(root)}/"
    faults.notes += (f"{place}{note}" for note in found.notes)
    faults.read |= found.read


def _with_closed_set(folder: FaceFolder, classification: Path, faults: Faults) -> FaceFolder:
    folder = replace(
        folder,
        train=by_identity(classification / "train", folder.root, faults),
        dev=by_identity(classification / "dev", folder.root, faults),
        test=flat(classification / "test", folder.root, faults),
    )
    if _is_whole(classification, ("train", "dev"), faults):
        faults += identity_faults(folder.train, classification / "train")
        faults += _difference(classification, folder)
    return folder


def _with_open_set(folder: FaceFolder, verification: Path, faults: Faults) -> FaceFolder:
    """List the verification part; the labels of unknown_dev are in the term's CSV file."""
    folder = replace(
        folder,
        known=by_identity(verification / "known", folder.root, faults),
        unknown_dev=flat(verification / "unknown_dev", folder.root, faults),
        unknown_test=flat(verification / "unknown_test", folder.root, faults),
    )
    if not _is_whole(verification, ("known", "unknown_dev"), faults):
        return folder
    return replace(folder, unknown_dev=read_labels(folder, verification, faults))


def _is_whole(part: Path, inside: tuple[str, str], faults: Faults) -> bool:
    lacking = [name for name in inside if not (part / name).is_dir()]
    faults += (
        f"{part}: no {name}/ in it; unpack the archive of the course again, whole"
        for name in lacking
    )
    return not lacking


def _difference(classification: Path, folder: FaceFolder) -> list[str]:
    """Return a fault if dev holds people that nobody was trained on: none could be right."""
    only = sorted(set(folder.dev.identities) - set(folder.train.identities))
    if not only:
        return []
    return [
        f"{classification}: in dev/ and not in train/: {first_names(only, _NAMED)} "
        f"({len(only)} in all); remove them from dev/"
    ]
