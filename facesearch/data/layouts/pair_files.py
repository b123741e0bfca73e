"""A file of pairs anywhere: with the columns of pairs.csv, or one of LFW."""

from dataclasses import replace
from pathlib import Path

from facesearch.data.layouts import lfw, read_layout
from facesearch.data.layouts.folder import FaceFolder, FaceList, by_identity
from facesearch.data.layouts.pairs import read_lfw_pairs, read_pair_list
from facesearch.errors import InputError


def read_pair_file(path: Path, root: Path | None, faults: list[str]) -> FaceFolder:
    """List the pairs of a file, and the faces that tell who is on them (train).

    Args:
        path: A file ending in .csv, or one of LFW.
        root: What the paths in it begin at, a folder of faces; None: the folder of the file, which
            is not looked through (but for LFW, whose file names the identities).
        faults: Where faults are added.

    Raises:
        InputError: If there is no such file.

    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a list of pairs with --pairs.")
    base = path.parent if root is None else root
    if path.suffix.lower() == ".csv":
        faces = FaceFolder(base, "pair-list") if root is None else _listed(root)
        return replace(faces, pairs=read_pair_list(path, base, faults))
    home = lfw.people_folder(base)
    train = by_identity(home, base, faults)
    return FaceFolder(base, "lfw", train=train, pairs=read_lfw_pairs(path, home, faults))


def _listed(root: Path) -> FaceFolder:
    """Return the faces of a folder by the names in it, as one list; none if it cannot be read."""
    try:
        folder = read_layout(root)
    except InputError:
        return FaceFolder(root, "pair-list")
    parts = (
        folder.train, folder.dev, folder.test, folder.known, folder.unknown_dev,
        folder.known_test, folder.unknown_test,
    )  # fmt: skip
    train = FaceList(
        tuple(path for part in parts for path in part.paths),
        tuple(name for part in parts for name in part.identities),
    )
    return FaceFolder(root, folder.layout, train=train)
