"""What a folder of faces holds, whatever its layout, and how its pictures are listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png")
LEAST_IDENTITIES = 4
STRANGER = "n000000"


@dataclass(frozen=True)
class FaceList:
    """Files with an identity each; the identity of an unlabelled face is empty.

    groups names the group of each face where groups are known: people of one group (a family, a
    video) are held out together.
    """

    paths: tuple[Path, ...] = ()
    identities: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class FacePairs:
    """Pairs of pictures, and whether both show the same person; folds count from 0."""

    first: tuple[Path, ...] = ()
    second: tuple[Path, ...] = ()
    is_same: tuple[bool, ...] = ()
    folds: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.is_same)


@dataclass(frozen=True)
class FaceFolder:
    """What a folder of faces holds; a part that it lacks is empty."""

    root: Path
    layout: str
    train: FaceList = FaceList()
    dev: FaceList = FaceList()
    test: FaceList = FaceList()
    known: FaceList = FaceList()
    unknown_dev: FaceList = FaceList()
    unknown_test: FaceList = FaceList()
    pairs: FacePairs = FacePairs()


def is_picture(path: Path) -> bool:
    """Whether a path is a picture by its name, a plain file, and inside its folder.

    Hidden files, links to elsewhere, and pipes (which would block the reader) are not.
    """
    if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
        return False
    folder = path.parent
    is_inside = not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())
    return is_inside and path.is_file()


def pictures(folder: Path) -> Iterator[Path]:
    """Yield the pictures of a folder, sorted."""
    return (path for path in sorted(folder.iterdir()) if is_picture(path))


def people(folder: Path) -> list[Path]:
    """Return the folders of a folder, sorted, without hidden ones."""
    return [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")]


def by_identity(folder: Path) -> FaceList:
    """List ``folder/<identity>/<picture>``."""
    pairs = [(image, person.name) for person in people(folder) for image in pictures(person)]
    return FaceList(tuple(p for p, _ in pairs), tuple(i for _, i in pairs))


def flat(folder: Path) -> FaceList:
    """List ``folder/<picture>``, unlabelled; empty if there is no such folder."""
    paths = tuple(pictures(folder)) if folder.is_dir() else ()
    return FaceList(paths, ("",) * len(paths))


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
