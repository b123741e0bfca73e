"""Labeled Faces in the Wild: a folder a person, and pairs in pairs.txt."""

from pathlib import Path

from facesearch.data.layouts.folder import FaceFolder, by_identity, identity_faults
from facesearch.data.layouts.pairs import read_lfw_pairs

# The names under which the pictures are unpacked, besides the folder itself.
_FOLDERS = ("lfw", "lfw_funneled", "lfw-deepfunneled", "lfw-py/lfw_funneled", "lfw-py/lfw")
_PAIRS = ("pairs.txt", "lfw-py/pairs.txt", "pairsDevTest.txt", "lfw-py/pairsDevTest.txt")


def _pair_file(root: Path) -> Path | None:
    return next((root / name for name in _PAIRS if (root / name).is_file()), None)


def people_folder(root: Path) -> Path:
    """Return the folder that holds a folder a person."""
    return next((root / name for name in _FOLDERS if (root / name).is_dir()), root)


def recognises(root: Path) -> bool:
    """Whether LFW's file of pairs is there."""
    return _pair_file(root) is not None


def read(root: Path, faults: list[str]) -> FaceFolder:
    """List the people and the pairs; that many people have one picture only is normal."""
    people = people_folder(root)
    faces = by_identity(people, root, faults)
    faults += identity_faults(faces, people)
    path = _pair_file(root)
    if path is None:
        faults.append(f"{root}: no pairs.txt; download it beside the folders of people")
        return FaceFolder(root, "lfw", train=faces)
    return FaceFolder(root, "lfw", train=faces, pairs=read_lfw_pairs(path, people, faults))
