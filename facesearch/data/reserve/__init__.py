"""A verdict for every folder: what finalize reports on is reserved before the search begins.

Where a folder brings no reporting sets of its own, some images of the trained identities (closed
set) and some whole identities in two parts (``dev`` to fit thresholds on, ``test`` to report on)
are taken out of training. No search and no final training sees them. It follows from the names in
the folder and a seed alone, so every sweep and every `finalize` on these faces has the same.

Not here: how much is reserved (`sizes.py`), and how that is told (`words.py`).
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from facesearch.config import ReserveConfig
from facesearch.data.gallery import gallery_and_probes
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.data.layouts.folder import joined, only
from facesearch.data.reserve.sizes import (
    LEAST_IMAGES,
    LEAST_TRAINED,
    Sizes,
    searchable,
    sizes_for,
)
from facesearch.data.split import LEAST_MATCHABLE
from facesearch.errors import InputError

__all__ = ["Reserve", "reserve_faces"]

# The parts of a folder that a reserve may fill.
PARTS = ("dev", "known", "unknown_dev", "known_test", "unknown_test")


@dataclass(frozen=True)
class Reserve:
    """A folder after some of its training faces were moved into reporting sets.

    Attributes:
        folder: With fewer training faces, and with the reporting sets.
        parts: Which of its parts were filled here.
        seed: Of the choice.
        note: Why there is less than there could be; "" if there is nothing to say.

    """

    folder: FaceFolder
    parts: tuple[str, ...] = ()
    seed: int = 0
    note: str = ""

    def about(self) -> dict[str, Any]:
        """Return what a ledger and a bundle keep of it; empty if nothing is reserved."""
        if not self.parts:
            return {}
        lines = [
            f"{part} {_place(path, self.folder.root)} {_plain(identity)}"
            for part in self.parts
            for path, identity in _entries(getattr(self.folder, part))
        ]
        digest = hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape"))
        counts = {part: len(getattr(self.folder, part)) for part in self.parts}
        return {"seed": self.seed, "sha256": digest.hexdigest()[:32], "images": counts}


def reserve_faces(folder: FaceFolder, wanted: ReserveConfig) -> Reserve:
    """Move faces of a folder from training into the reporting sets that it lacks.

    Args:
        folder: What was listed.
        wanted: How much; by default what the folder allows.

    Raises:
        InputError: If too little is left to train on, or groups are too large to be kept whole.

    """
    if wanted.folds:
        return _without_fold(folder, wanted)
    sizes = sizes_for(folder, wanted)
    train = folder.train
    units = _units(train)
    test = _take(units, sizes.test, f"test {wanted.seed}", ())
    dev = _take(units, sizes.dev, f"dev {wanted.seed}", test)
    if _is_lopsided(sizes, dev, test, searchable(train).keys()):
        sizes, dev, test = _without_identities(sizes, wanted), set(), set()
    held = dev | test
    rest = [i for i, name in enumerate(train.identities) if name not in held]
    closed = set(_closed_rows(folder, rest, sizes.images, wanted.seed))
    filled: dict[str, Any] = {}
    if closed:
        filled["dev"] = only(train, sorted(closed))
    # what the folder's own closed sets have of a reserved identity is asked about as well
    faces = _labelled(folder)
    filled |= _searched(faces, dev, ("known", "unknown_dev"), wanted.seed)
    filled |= _searched(faces, test, ("known_test", "unknown_test"), wanted.seed)
    parts = tuple(part for part in PARTS if part in filled and len(filled[part]))
    left = only(train, [i for i in rest if i not in closed])
    moved = replace(_without_held(folder, held), train=left, **filled) if parts else folder
    return Reserve(moved, parts, wanted.seed, sizes.note)


def _without_fold(folder: FaceFolder, wanted: ReserveConfig) -> Reserve:
    """Leave one of several equal parts of the identities out of training."""
    train = folder.train
    units = _units(train)
    order = sorted(units, key=lambda owner: (_hashed(f"folds {wanted.seed}", owner), owner))
    held = {name for owner in order[wanted.fold :: wanted.folds] for name in units[owner]}
    can_match = searchable(train).keys()
    if min(len(can_match & held), len(can_match - held)) < LEAST_MATCHABLE:
        raise InputError(
            f"cross-validation in {wanted.folds} parts: {len(units)} identities (or groups) have 2 "
            "images or more, and each part and the rest need 2 of them; write fewer parts."
        )
    faces = _labelled(folder)
    filled: dict[str, Any] = _searched(faces, held, ("known_test", "unknown_test"), wanted.seed)
    left = only(train, [i for i, name in enumerate(train.identities) if name not in held])
    moved = replace(_without_held(folder, held), train=left, **filled)
    return Reserve(moved, PARTS[3:], wanted.seed)


def _without_held(folder: FaceFolder, held: Collection[str]) -> FaceFolder:
    """Return the folder with closed sets of its own only of identities that stay in training."""
    dev, test = (
        only(faces, [i for i, name in enumerate(faces.identities) if name not in held])
        for faces in (folder.dev, folder.test)
    )
    return replace(folder, dev=dev, test=test)


def _labelled(folder: FaceFolder) -> FaceList:
    """Return the faces of training and of the closed sets of which it is said whose they are."""
    parts = (folder.train, folder.dev, folder.test)
    return joined([part for part in parts if set(part.identities) - {""}])


def _searched(
    faces: FaceList, names: Collection[str], parts: tuple[str, str], seed: int
) -> dict[str, FaceList]:
    """Return gallery and probes of some identities, by the names of the parts."""
    if not names:
        return {}
    own = only(faces, [i for i, name in enumerate(faces.identities) if name in names])
    return dict(zip(parts, gallery_and_probes(own, seed=seed), strict=True))


def _units(faces: FaceList) -> dict[str, set[str]]:
    """Return what is reserved whole, by name: groups where they are known, else identities."""
    owners: Sequence[str] = faces.groups or faces.identities
    units: dict[str, set[str]] = defaultdict(set)
    for owner, name in zip(owners, faces.identities, strict=True):
        units[owner].add(name)
    can_match = searchable(faces)
    # who has one image only can be trained on, but hardly be searched for
    return {owner: names for owner, names in units.items() if names & can_match.keys()}


def _take(units: Mapping[str, set[str]], count: int, salt: str, taken: Collection[str]) -> set[str]:
    """Return about ``count`` identities of whole units, in an order that follows from the names."""
    chosen: set[str] = set()
    most = count + count // 4
    for owner in sorted(units, key=lambda owner: (_hashed(salt, owner), owner)):
        names = units[owner]
        if len(chosen) < count and not names & set(taken) and len(chosen | names) <= most:
            chosen |= names
    return chosen


def _is_lopsided(
    sizes: Sizes, dev: Collection[str], test: Collection[str], can_match: Collection[str]
) -> bool:
    """Whether groups are so large, or so many in them have one image, that too little was taken.

    That is much less than was wanted, or fewer than 2 who can be searched for, or too few of these
    are left to be trained on and held out.
    """
    for taken, wanted in ((dev, sizes.dev), (test, sizes.test)):
        if 2 * len(taken) < wanted or (wanted and _num_in(taken, can_match) < LEAST_MATCHABLE):
            return True
    is_any = sizes.dev or sizes.test
    return bool(is_any) and len(can_match) - _num_in({*dev, *test}, can_match) < LEAST_TRAINED


def _num_in(names: Collection[str], others: Collection[str]) -> int:
    return sum(name in others for name in names)


def _without_identities(sizes: Sizes, wanted: ReserveConfig) -> Sizes:
    told = (
        "the groups are so large that none can be reserved whole beside those to train on; give "
        "more groups, or change data.reserve"
    )
    if wanted.dev or wanted.test:
        raise InputError(f"data.reserve: {told}.")
    return replace(
        sizes, dev=0, test=0, note=f"identities that were never seen cannot be reported on: {told}."
    )


def _closed_rows(folder: FaceFolder, rows: Sequence[int], fraction: float, seed: int) -> list[int]:
    """Return the rows of the images that are kept from identities which are trained on."""
    train = folder.train
    of: dict[str, list[int]] = defaultdict(list)
    for row in rows if fraction else ():
        of[train.identities[row]].append(row)
    kept: list[int] = []
    for own in of.values():
        if len(own) >= LEAST_IMAGES:
            place = {row: _place(train.paths[row], folder.root) for row in own}
            order = sorted(own, key=lambda row: (_hashed(f"image {seed}", place[row]), place[row]))
            kept += order[: max(1, round(fraction * len(own)))]
    return kept


def _entries(faces: FaceList) -> list[tuple[Path, str]]:
    return list(zip(faces.paths, faces.identities, strict=True))


def _place(path: Path, root: Path) -> str:
    """Return a path from the folder on, so that a folder that is moved keeps its reserve."""
    own = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    return _plain(own.as_posix())


def _plain(name: str) -> str:
    """Return a name in one Unicode form: some systems store names in another."""
    return unicodedata.normalize("NFC", name)


def _hashed(salt: str, name: str) -> bytes:
    text = f"{salt} {_plain(name)}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
