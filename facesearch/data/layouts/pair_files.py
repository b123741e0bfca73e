"""A file of pairs anywhere: with the columns of pairs.csv, or one of LFW."""

from dataclasses import replace
from pathlib import Path

from facesearch.data.layouts import lfw, read_layout
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import FaceFolder, FaceList
from facesearch.data.layouts.pair_truth import named_parts, with_sound_pairs
from facesearch.data.layouts.pairs import read_pair_list
from facesearch.errors import InputError


def read_pair_file(path: Path, root: Path | None, faults: Faults) -> FaceFolder:
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
        folder = replace(faces, pairs=read_pair_list(path, base, faults))
    else:
        folder = lfw.read_with(path, base, faults)
    folder = with_sound_pairs(folder, faults)
    return replace(folder, reading=tuple(faults.notes))


def _listed(root: Path) -> FaceFolder:
    """Return the faces of a folder by the names in it, as one list; none if it cannot be read."""
    try:
        folder = read_layout(root)
    except InputError:
        return FaceFolder(root, "pair-list")
    parts = named_parts(folder)
    train = FaceList(
        tuple(path for part in parts for path in part.paths),
        tuple(name for part in parts for name in part.identities),
    )
    return FaceFolder(root, folder.layout, train=train)
