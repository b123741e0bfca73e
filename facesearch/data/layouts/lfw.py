"""Labeled Faces in the Wild: a folder a person, and pairs in pairs.txt.

Unpacked or aligned images may lie in a folder of any name beside pairs.txt, with any suffix.
"""

from collections.abc import Iterator
from pathlib import Path

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import (
    FaceFolder,
    by_identity,
    identity_faults,
    people,
)
from facesearch.data.layouts.name_index import NameIndex
from facesearch.data.layouts.names import plain
from facesearch.data.layouts.pairs import lfw_words, read_lfw_pairs
from facesearch.data.layouts.text_file import read_text

# The names under which the pictures are unpacked, besides the folder itself.
_FOLDERS = ("lfw", "lfw_funneled", "lfw-deepfunneled", "lfw-py/lfw_funneled", "lfw-py/lfw")
_PAIRS = ("pairs.txt", "lfw-py/pairs.txt", "pairsDevTest.txt", "lfw-py/pairsDevTest.txt")
# Of more folders beside pairs.txt none holds people of its own; they are people.
_FEW = 5
# So many lines tell which folder the people lie in.
_LINES = 20


def recognises(root: Path) -> bool:
    """Whether LFW's file of pairs is there."""
    return _pair_file(root) is not None


def read(root: Path, faults: Faults) -> FaceFolder:
    """List the people and the pairs; that many people have one picture only is normal."""
    path = _pair_file(root)
    if path is None:
        faults.append(f"{root}: no pairs.txt; download it beside the folders of people")
        path = root / _PAIRS[0]
    folder = read_with(path, root, faults)
    faults += identity_faults(folder.train, people_folder(root, path))
    return folder


def read_with(path: Path, root: Path, faults: Faults) -> FaceFolder:
    """List the people of a folder, and the pairs of a file that may lie elsewhere.

    Args:
        path: The file of pairs; one that is not there has none.
        root: The folder that holds a folder a person, or the folder of these.
        faults: Where faults are added.

    """
    home = people_folder(root, path)
    faces = by_identity(home, root, faults)
    if not path.is_file():
        return FaceFolder(root, "lfw", train=faces)
    return FaceFolder(root, "lfw", train=faces, pairs=read_lfw_pairs(path, home, faults))


def people_folder(root: Path, pairs: Path) -> Path:
    """Return the folder that holds a folder a person: where the first names of the pairs lie."""
    names = _first_names(pairs)
    index = NameIndex()

    def num_found(home: Path) -> int:
        return sum(index.only(home, name, plain) is not None for name in names)

    # the first of those that hold most; without any, the one that is called so
    return max(_homes(root), key=num_found, default=root)


def _homes(root: Path) -> Iterator[Path]:
    """Yield the folders that people may lie in: of the archives, the root, two levels below."""
    yield from (root / name for name in _FOLDERS if (root / name).is_dir())
    yield root
    inner = _inner(root, root)
    yield from inner
    if len(inner) <= _FEW:
        yield from (deeper for folder in inner for deeper in _inner(folder, root))


def _inner(folder: Path, root: Path) -> list[Path]:
    try:
        return people(folder, root.resolve())
    except OSError:
        return []  # whoever lists it says so


def _first_names(path: Path) -> list[str]:
    text = read_text(path, "a file of pairs", Faults()) if path.is_file() else None
    rows = [lfw_words(line) for line in (text or "").splitlines()[1 : 1 + _LINES]]
    return [row[place] for row in rows for place in {4: (0, 2), 3: (0,)}.get(len(row), ())]


def _pair_file(root: Path) -> Path | None:
    """Return the file of pairs in the root, or in the only folder in it."""
    found = next((root / name for name in _PAIRS if (root / name).is_file()), None)
    if found is not None:
        return found
    inner = _inner(root, root)
    if len(inner) != 1:
        return None
    return next((inner[0] / name for name in _PAIRS if (inner[0] / name).is_file()), None)
