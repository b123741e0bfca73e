"""Leak guards: nobody and nothing that was trained on may be in a set that is reported.

Exact copies are found by the SHA-256 of the files' bytes. A model carries the digests of what it
was trained on, so that it can be asked about any folder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.data.layouts import STRANGER, FaceFolder, FaceList, FacePairs
from facesearch.data.layouts.pair_truth import people_of_pairs
from facesearch.errors import first_names
from facesearch.final.figures import Report
from facesearch.final.file_digests import NUM_BYTES, file_digests
from facesearch.final.targets import REPORTED, Targets

# The file of a bundle that holds the digests.
DIGESTS = "trained_on.sha256"
# Whoever is in one of these should be a stranger to the model.
_STRANGE = ("known", "unknown_dev", "known_test", "unknown_test")


def _no_rows() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class GalleryLoss:
    """What a gallery has lost.

    Args:
        name: Of the gallery.
        probes: The sets that are searched in it.
        identities: Identities all of whose images there are copies, a count.
        is_all: Whether that is everybody.

    """

    name: str
    probes: tuple[str, ...]
    identities: int
    is_all: bool

    def line(self) -> str:
        """Return what follows from it, a sentence."""
        probes = " and ".join(self.probes)
        if self.is_all:
            return (
                f"LEAK: no picture is left in the gallery ({self.name}), so nobody can be searched "
                f"for: nothing of {probes} is measured."
            )
        return (
            f"LEAK: {self.identities} people of {self.name} have no picture left in the gallery; "
            f"their pictures in {probes} are left out, as they are no strangers."
        )


@dataclass(frozen=True)
class Leaks:
    """What was found.

    Args:
        shared_names: By set, the names that are in training too; ``pairs`` is a set as well.
        copies: By set, the rows that are copies of training pictures.
        pairs: Rows of the list of pairs with such a copy in them.
        num_pairs: Pairs of the list, a count.
        losses: Of each gallery that has lost identities to copies, what.
        doubles: By set of probes, the rows that are copies of the gallery's images or of each
            other: nothing is recognised in the same file.

    """

    shared_names: dict[str, tuple[str, ...]]
    copies: dict[str, np.ndarray]
    pairs: np.ndarray = field(default_factory=_no_rows)
    num_pairs: int = 0
    losses: tuple[GalleryLoss, ...] = ()
    doubles: dict[str, np.ndarray] = field(default_factory=dict)

    def __bool__(self) -> bool:
        rows = [*self.copies.values(), *self.doubles.values(), self.pairs]
        return bool(self.shared_names) or any(len(some) for some in rows)

    def lines(self) -> list[str]:
        """Return a sentence for each leak."""
        names = [
            f"LEAK: {len(found)} names of {part} are names of training too ({first_names(found)}): "
            "if these are the same people, its figures are not of strangers, and too good."
            for part, found in self.shared_names.items()
        ]
        copies = [
            f"LEAK: {_pictures(len(rows))} of {part} also in training, byte by byte; left out of "
            "its figures."
            for part, rows in self.copies.items()
            if len(rows)
        ]
        doubles = [
            f"LEAK: {_pictures(len(rows))} of {part} also in its gallery, or twice in it, byte by "
            "byte; left out of its figures."
            for part, rows in self.doubles.items()
            if len(rows)
        ]
        return names + copies + doubles + self._consequences()

    def _consequences(self) -> list[str]:
        lines = []
        if len(self.pairs):
            is_empty = len(self.pairs) == self.num_pairs
            rest = "; none is left to measure or to fit on." if is_empty else "."
            lines.append(
                f"LEAK: {len(self.pairs)} of {self.num_pairs} pairs have an exact copy of a "
                f"training picture in them; they are left out{rest}"
            )
        return lines + [loss.line() for loss in self.losses]

    def without_copies(self, targets: Targets) -> Targets:
        """Return the labelled sets without the copies; unlabelled ones are left whole.

        Queries of people who thereby lose all their pictures in the gallery go too, and all of
        unknown_test with a gallery of its own. Labels stay rows of ``gallery_names``. A set of
        which nothing is left becomes None. Faces may have been left out before, pairs not.
        """
        kept: dict[str, Any] = {}
        groups = {"unknown_dev": targets.groups, "dev": targets.dev_groups}
        for part in REPORTED:
            faces = targets.labelled(part)
            if faces is None:
                continue
            stays = self._stay(part, faces)
            if part.startswith("unknown"):
                stays &= ~np.isin(faces.labels_M, self._lost_labels(targets, part))
            if stays.all():
                continue
            kept[part] = _only(faces, stays)
            if groups.get(part):
                groups[part] = tuple(np.array(groups[part])[stays].tolist())
        if targets.known_test is not None and kept.get("known_test", targets.known_test) is None:
            # in the gallery of unknown_dev they would be searched among others, and never found
            kept["unknown_test"] = None
        if targets.pairs is not None and len(self.pairs):
            stays = np.ones(len(targets.pairs.is_same_P), dtype=bool)
            stays[self.pairs] = False
            kept["pairs"] = targets.pairs.only(stays)
        return replace(targets, **kept, groups=groups["unknown_dev"], dev_groups=groups["dev"])

    def _lost_labels(self, targets: Targets, part: str) -> np.ndarray:
        """Return the labels of whom the gallery of a set of probes has copies only."""
        gallery = targets.gallery_of(part)
        if gallery is None:
            return _no_rows()
        stays = self._stay("known" if gallery is targets.known else "known_test", gallery)
        return np.setdiff1d(gallery.labels_M[~stays], gallery.labels_M[stays])

    def _stay(self, part: str, faces: FaceSet) -> np.ndarray:
        """Return which faces of a set are no copies."""
        rows = [some.get(part, _no_rows()) for some in (self.copies, self.doubles)]
        return ~np.isin(faces.index_M, np.concatenate(rows))

    def tell(self, report: Report) -> None:
        """Write the leaks at the top of a report's notes."""
        report.notes[:0] = self.lines()


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


def training_digests(faces: FaceList) -> bytes:
    """Return the digests of the pictures of training, sorted, eight bytes each."""
    return b"".join(sorted(file_digests(faces.paths)))


def digest_set(trained: bytes) -> set[bytes]:
    """Return each of the digests that `training_digests` has joined."""
    return {trained[i : i + NUM_BYTES] for i in range(0, len(trained), NUM_BYTES)}


def find_leaks(trained: bytes, identities: Iterable[str], folder: FaceFolder) -> Leaks:
    """Compare the reporting sets of a folder with what was trained on.

    Args:
        trained: From `training_digests`.
        identities: Names of the people who were trained on.
        folder: Where the reporting sets are.

    """
    known = digest_set(trained)
    digests = {part: file_digests(getattr(folder, part).paths) for part in REPORTED}
    copies = {
        part: np.flatnonzero([digest in known for digest in found])
        for part, found in digests.items()
    }
    people = {part: getattr(folder, part).identities for part in _STRANGE}
    people["pairs"] = tuple(people_of_pairs(folder).values())
    names, shared = set(identities), {}
    for part, whose in people.items():
        both = names & set(whose) - {"", STRANGER}
        if both:
            shared[part] = tuple(sorted(both))
    losses = (_loss(folder, name, copies[name]) for name in ("known", "known_test"))
    return Leaks(
        shared_names=shared,
        copies=copies,
        pairs=_copied_pairs(folder.pairs, known),
        num_pairs=len(folder.pairs),
        losses=tuple(loss for loss in losses if loss.identities),
        # the course says itself which images are asked about
        doubles={} if folder.layout.startswith("hw2p2") else _doubles(digests),
    )


def _doubles(digests: Mapping[str, Sequence[bytes]]) -> dict[str, np.ndarray]:
    """Return the probes that are files of their gallery, or of an earlier probe."""
    galleries = {
        "unknown_dev": digests["known"],
        "unknown_test": digests["known_test"] or digests["known"],
    }
    found = {}
    for part, gallery in galleries.items():
        seen, rows = set(gallery), []
        for row, digest in enumerate(digests[part]):
            if digest in seen:
                rows.append(row)
            seen.add(digest)
        found[part] = np.array(rows, dtype=np.int64)
    return found


def _loss(folder: FaceFolder, gallery: str, copies: np.ndarray) -> GalleryLoss:
    faces: FaceList = getattr(folder, gallery)
    gone, whose = set(copies.tolist()), set(faces.identities)
    left = {name for row, name in enumerate(faces.identities) if row not in gone}
    has_own = bool(len(folder.known_test))
    probes = {
        "known": ("unknown_dev",) if has_own else ("unknown_dev", "unknown_test"),
        "known_test": ("unknown_test",),
    }
    return GalleryLoss(gallery, probes[gallery], len(whose - left), not left)


def _copied_pairs(pairs: FacePairs, known: set[bytes]) -> np.ndarray:
    """Return the rows of the pairs with a picture whose digest is known."""
    paths = tuple(dict.fromkeys((*pairs.first, *pairs.second)))
    copied = {p for p, digest in zip(paths, file_digests(paths), strict=True) if digest in known}
    sides = zip(pairs.first, pairs.second, strict=True)
    return np.flatnonzero([one in copied or other in copied for one, other in sides])


def _only(faces: FaceSet, stays: np.ndarray) -> FaceSet | None:
    if not stays.any():
        return None
    return replace(faces, index_M=faces.index_M[stays], labels_M=faces.labels_M[stays])
