"""Leak guards: nobody and nothing that was trained on may be in a set that is reported.

Exact copies are found by the SHA-256 of the files' bytes. A model carries the digests of what it
was trained on, so that it can be asked about any folder.
"""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.data.layouts import STRANGER, FaceFolder, FaceList
from facesearch.errors import InputError, first_names
from facesearch.final.figures import Report
from facesearch.final.targets import Targets

# The file of a bundle that holds the digests.
DIGESTS = "trained_on.sha256"
# Of each digest so many bytes are kept: a chance match of 100,000 x 100,000 pictures is 1e-9.
_BYTES = 8
PARTS = ("dev", "test", "known", "unknown_dev", "unknown_test")
# Whoever is in one of these should be a stranger to the model.
_STRANGE = ("known", "unknown_dev")


@dataclass(frozen=True)
class Leaks:
    """What was found: names that are in training too, and rows of each set that are copies."""

    shared_names: dict[str, tuple[str, ...]]
    copies: dict[str, np.ndarray]

    def __bool__(self) -> bool:
        return bool(self.shared_names) or any(len(rows) for rows in self.copies.values())

    def lines(self) -> list[str]:
        """Return a sentence for each leak."""
        names = [
            f"LEAK: {len(found)} names of {part} are names of training too ({first_names(found)}): "
            "if these are the same people, its figures are not of strangers, and too good."
            for part, found in self.shared_names.items()
        ]
        copies = [
            f"LEAK: {len(rows)} pictures of {part} are exact copies of training pictures; they "
            "are left out of its figures."
            for part, rows in self.copies.items()
            if len(rows)
        ]
        return names + copies

    def without_copies(self, targets: Targets) -> Targets:
        """Return the labelled sets without the copies; unlabelled ones are left whole."""
        kept: dict[str, Any] = {}
        for part, rows in self.copies.items():
            faces = targets.labelled(part)
            if faces is not None and len(rows):
                kept[part] = _without(faces, rows)
        groups = targets.groups
        if groups and len(self.copies.get("unknown_dev", ())):
            gone = set(self.copies["unknown_dev"].tolist())
            groups = tuple(group for row, group in enumerate(groups) if row not in gone)
        return replace(targets, **kept, groups=groups)

    def tell(self, report: Report) -> None:
        """Write the leaks at the top of a report's notes."""
        report.notes[:0] = self.lines()


def training_digests(faces: FaceList) -> bytes:
    """Return the digests of the pictures of training, sorted, eight bytes each."""
    return b"".join(sorted(_digests(faces.paths)))


def find_leaks(trained: bytes, identities: Iterable[str], folder: FaceFolder) -> Leaks:
    """Compare the reporting sets of a folder with what was trained on.

    Args:
        trained: From `training_digests`.
        identities: Names of the people who were trained on.
        folder: Where the reporting sets are.

    """
    known = {trained[i : i + _BYTES] for i in range(0, len(trained), _BYTES)}
    copies = {}
    for part in PARTS:
        faces: FaceList = getattr(folder, part)
        is_copy = [digest in known for digest in _digests(faces.paths)]
        copies[part] = np.flatnonzero(is_copy)
    names, shared = set(identities), {}
    for part in _STRANGE:
        both = names & set(getattr(folder, part).identities) - {"", STRANGER}
        if both:
            shared[part] = tuple(sorted(both))
    return Leaks(shared, copies)


def _digests(paths: Iterable[Path]) -> list[bytes]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_digest, paths))


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()[:_BYTES]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None


def _without(faces: FaceSet, rows: np.ndarray) -> FaceSet:
    stays = np.ones(len(faces), dtype=bool)
    stays[rows] = False
    return replace(faces, index_M=faces.index_M[stays], labels_M=faces.labels_M[stays])
