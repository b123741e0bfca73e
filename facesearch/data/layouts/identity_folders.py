"""One folder a person."""

from dataclasses import replace
from pathlib import Path

from facesearch.data.layouts.csv_file import read_groups
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import (
    FaceFolder,
    FaceList,
    FacePairs,
    by_identity,
    identity_faults,
    leads_into,
    only,
)
from facesearch.data.layouts.pairs import read_pair_csv
from facesearch.errors import first_names

# What lies in the folders of other tasks, which one could take for people, and whose they are.
FOREIGN = {
    "cls_data": "HW2P2 of the terms from F24 (cls_data/, ver_data/)",
    "ver_data": "HW2P2 of the terms from F24 (cls_data/, ver_data/)",
    "train_data": "HW2P2 of the terms to F21 (train_data/, val_data/, test_data/)",
    "train": "a split whose other parts are not val/, validation/, dev/ or test/",
}


def recognises(root: Path) -> bool:
    """Whether nothing better is known: every folder may be one of identities."""
    return True


def read(root: Path, faults: Faults) -> FaceFolder:
    """List ``root/<identity>/<picture>``; ``groups.csv`` and ``pairs.csv`` are read too."""
    faces = by_identity(root, root, faults)
    foreign = _foreign(root, {path.parent for path in faces.paths})
    if foreign:
        faults.append(foreign)
    elif not len(faces):
        faults.append(
            f"{root}: no faces. Expected {root.name}/<identity>/<picture>.jpg, or the folders "
            f"classification/ and verification/ of HW2P2.{_linked_out(root)}"
        )
    if foreign or not len(faces):
        return FaceFolder(root, "identity-folders")
    why = _too_high(root, faces) + _linked_out(root)
    faults += [fault + why for fault in identity_faults(faces, root)]
    groups = read_groups(root, set(faces.identities), faults)
    if groups:
        faces = replace(faces, groups=tuple(groups.get(name, name) for name in faces.identities))
    pairs = read_pair_csv(root, faults)
    return FaceFolder(root, "identity-folders", train=_unpaired(root, faces, pairs), pairs=pairs)


def _unpaired(root: Path, faces: FaceList, pairs: FacePairs) -> FaceList:
    """Leave out what lies deeper and is in the list of pairs: it is there to be asked about."""
    paired = {*pairs.first, *pairs.second}
    kept = [
        row
        for row, path in enumerate(faces.paths)
        if path.parent.parent == root or path not in paired
    ]
    return faces if len(kept) == len(faces) else only(faces, kept)


def _too_high(root: Path, faces: FaceList) -> str:
    """Return a sentence if folders of identities may lie deeper than they are looked for."""
    if any(path.parent.parent == root for path in faces.paths):
        return ""
    return " None of these has images of its own: give a folder further down, if people lie there."


def _linked_out(root: Path) -> str:
    """Return a sentence if folders of identities, or of a split, may be behind links out."""
    inside = root.resolve()
    links = sorted(p.name for p in root.iterdir() if p.is_symlink() and not leads_into(p, inside))
    if not links:
        return ""
    return f" Links out of the folder are not followed: {first_names(links)}; copy what they mean."


def _foreign(root: Path, folders: set[Path]) -> str | None:
    """Return a fault if the folder is one of another task, known by the names in it."""
    for name, task in FOREIGN.items():
        # train/ may be somebody's name, if pictures lie in it
        is_there = (root / name).is_dir() and leads_into(root / name, root.resolve())
        if is_there and not (name == "train" and root / name in folders):
            return (
                f"{root}: {name}/ in it: {task}, a layout that is not read. Give the folder "
                "that holds one folder a person, or list the pictures in a faces.csv with the "
                "columns path and identity."
            )
    return None
