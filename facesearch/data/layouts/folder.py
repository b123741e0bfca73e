"""What a folder of faces holds, whatever its layout, and how its pictures are listed."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facesearch.data.box import Box
from facesearch.data.formats import SUFFIXES
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.names import plain, spelling_notes

LEAST_IDENTITIES = 4
STRANGER = "n000000"


@dataclass(frozen=True)
class FaceList:
    """Files with an identity each; the identity of an unlabelled face is empty.

    groups names the group of each face where groups are known: people of one group (a family, a
    video) are held out together. columns are what else a list says of each face, by name. box is
    the part of every image that is taken; None: its centre square.
    """

    paths: tuple[Path, ...] = ()
    identities: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    box: Box | None = None

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class FacePairs:
    """Pairs of pictures, and whether both show the same person.

    folds count from 0, in each list anew. lists names the list that each pair is of; empty where
    all pairs are of one list. box is as of `FaceList`. num_left_out counts further pairs of the
    lists, which cannot be scored.
    """

    first: tuple[Path, ...] = ()
    second: tuple[Path, ...] = ()
    is_same: tuple[bool, ...] = ()
    folds: tuple[int, ...] = ()
    lists: tuple[str, ...] = ()
    box: Box | None = None
    num_left_out: int = 0

    def __len__(self) -> int:
        return len(self.is_same)


@dataclass(frozen=True)
class FaceFolder:
    """What a folder of faces holds; a part that it lacks is empty.

    known is the gallery of unknown_dev, and of unknown_test where that has no gallery of its own
    (known_test). notes say what is to be known of it, though nothing is wrong; reading says what
    was read otherwise than it is written, or left out of a list, and is told by every command.
    """

    root: Path
    layout: str
    train: FaceList = FaceList()
    dev: FaceList = FaceList()
    test: FaceList = FaceList()
    known: FaceList = FaceList()
    unknown_dev: FaceList = FaceList()
    unknown_test: FaceList = FaceList()
    known_test: FaceList = FaceList()
    pairs: FacePairs = FacePairs()
    notes: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()


def only(faces: FaceList, rows: Iterable[int]) -> FaceList:
    """Return the faces of these rows, in this order, with all that is known of them."""
    rows = list(rows)
    return FaceList(
        tuple(faces.paths[row] for row in rows),
        tuple(faces.identities[row] for row in rows),
        tuple(faces.groups[row] for row in rows) if faces.groups else (),
        {name: tuple(values[row] for row in rows) for name, values in faces.columns.items()},
        faces.box,
    )


def pairs_of_rows(pairs: FacePairs, rows: Sequence[int]) -> FacePairs:
    """Return the pairs of these rows, in this order."""
    return FacePairs(
        tuple(pairs.first[row] for row in rows),
        tuple(pairs.second[row] for row in rows),
        tuple(pairs.is_same[row] for row in rows),
        tuple(pairs.folds[row] for row in rows),
        tuple(pairs.lists[row] for row in rows) if pairs.lists else (),
        pairs.box,
        pairs.num_left_out,
    )


def joined(parts: Sequence[FaceList]) -> FaceList:
    """Return the faces of several lists; of groups and columns what all of them know."""
    parts = [part for part in parts if part.paths]
    has_groups = bool(parts) and all(part.groups for part in parts)
    names = [name for name in (parts[0].columns if parts else ()) if _have(name, parts)]
    return FaceList(
        tuple(path for part in parts for path in part.paths),
        tuple(name for part in parts for name in part.identities),
        tuple(group for part in parts for group in part.groups) if has_groups else (),
        {name: tuple(v for part in parts for v in part.columns[name]) for name in names},
        parts[0].box if parts else None,
    )


def _have(column: str, parts: Sequence[FaceList]) -> bool:
    return all(column in part.columns for part in parts)


def folder_of_identities(faces: FaceList) -> Path:
    """Return the folder that holds the folders of identities; their images may lie deeper."""
    if len(set(faces.identities)) > 1:
        return Path(os.path.commonpath(faces.paths))
    first, name = faces.paths[0], faces.identities[0]
    return next(
        (above for above in first.parents if plain(above.name) == name), first.parent
    ).parent


def leads_into(path: Path, root: Path) -> bool:
    """Whether a path leads, through all its links, to something below ``root``.

    Args:
        path: A file or folder; one that is not there, or a link to itself, leads nowhere.
        root: The folder of faces, with its own links resolved.

    """
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError, ValueError):
        return False


def is_picture(path: Path, root: Path) -> bool:
    """Whether a path is a picture by its name, a plain file, and inside ``root`` (resolved).

    Hidden files, links to elsewhere, and pipes (which would block the reader) are not.
    """
    if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
        return False
    return (not path.is_symlink() or leads_into(path, root)) and path.is_file()


def people(folder: Path, root: Path) -> list[Path]:
    """Return the folders of a folder, sorted, without hidden ones and links out of ``root``."""
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".")
        and (not path.is_symlink() or leads_into(path, root))
        and path.is_dir()
    ]


def by_identity(folder: Path, root: Path, faults: Faults) -> FaceList:
    """List ``folder/<identity>/<picture>``, and below it what lies in further folders.

    Names are spelled as `plain` has it. Images in folders below an identity's are the identity's
    too; they follow its own. Below a link there are none: they are listed where they lie.

    Args:
        folder: The folder of people; absent is empty.
        root: The folder of faces; links that leave it are passed over.
        faults: Where folders are added that cannot be read.

    """
    inside = root.resolve()
    if is_linked_out(folder, inside, faults):
        return FaceList()
    found: list[tuple[Path, str]] = []
    persons = _listed(folder, faults, lambda: people(folder, inside))
    for person in persons:
        name = plain(person.name)
        if not name:
            faults.append(f"{person}: a name of blanks only; rename the folder")
        found += ((path, name) for path in _all_of(person, inside, faults))
    faults.notes += spelling_notes(f"{folder}", (person.name for person in persons))
    return FaceList(tuple(p for p, _ in found), tuple(i for _, i in found))


def is_linked_out(folder: Path, inside: Path, faults: Faults) -> bool:
    """Whether a part of a folder is, or lies behind, a link out of it; that is a fault.

    Args:
        folder: The part.
        inside: The folder that it is a part of, with its own links resolved.
        faults: Where the fault is added.

    """
    if not folder.exists() or leads_into(folder, inside):
        return False
    faults.append(
        f"{folder}: behind a link out of {inside}, which is not followed; give the folder that it "
        "leads to, or copy it"
    )
    return True


def flat(folder: Path, root: Path, faults: Faults) -> FaceList:
    """List ``folder/<picture>``, unlabelled; arguments as of `by_identity`."""
    inside = root.resolve()
    paths = (
        () if is_linked_out(folder, inside, faults) else tuple(_pictures(folder, inside, faults))
    )
    return FaceList(paths, ("",) * len(paths))


def _all_of(person: Path, inside: Path, faults: Faults) -> list[Path]:
    """List the images of an identity: its own, then those of the folders below, one by one."""
    before = len(faults)
    found = _pictures(person, inside, faults)
    if person.is_symlink() or len(faults) > before:
        return found
    deeper = _listed(person, faults, lambda: _below(person))
    return [*found, *(path for folder in deeper for path in _all_of(folder, inside, faults))]


def _below(person: Path) -> list[Path]:
    """Return the folders in a folder, sorted, without hidden ones and links."""
    with os.scandir(person) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    return [person / name for name in names if not name.startswith(".")]


def _pictures(folder: Path, inside: Path, faults: Faults) -> list[Path]:
    def listed() -> list[Path]:
        return [path for path in sorted(folder.iterdir()) if is_picture(path, inside)]

    return _listed(folder, faults, listed)


def _listed(folder: Path, faults: Faults, read: Callable[[], list[Path]]) -> list[Path]:
    try:
        return read() if folder.is_dir() else []
    except OSError as error:
        faults.append(listing_fault(folder, error))
        return []


def listing_fault(folder: Path, error: OSError) -> str:
    """Say that a folder cannot be listed."""
    return f"{folder}: cannot be listed ({error.strerror}); give yourself access to it"


def identity_faults(faces: FaceList, where: Path) -> list[str]:
    """Return what is wrong with the number of identities, if anything is."""
    count = len(set(faces.identities))
    if count >= LEAST_IDENTITIES:
        return []
    noun = "identity" if count == 1 else "identities"
    return [
        f"{where}: {count} {noun} with pictures; a search needs {LEAST_IDENTITIES} or more, as "
        "it holds some out of training. Make one folder a person, with jpg or png pictures in it."
    ]
