"""One folder a person."""

from dataclasses import replace
from pathlib import Path

from facesearch.data.layouts.csv_file import read_groups
from facesearch.data.layouts.folder import FaceFolder, by_identity, identity_faults
from facesearch.data.layouts.pairs import read_pair_csv


def recognises(root: Path) -> bool:
    """Whether nothing better is known: every folder may be one of identities."""
    return True


def read(root: Path, faults: list[str]) -> FaceFolder:
    """List ``root/<identity>/<picture>``; ``groups.csv`` and ``pairs.csv`` are read too."""
    faces = by_identity(root)
    if not len(faces):
        faults.append(
            f"{root}: no faces. Expected {root.name}/<identity>/<picture>.jpg, or the folders "
            "classification/ and verification/ of HW2P2."
        )
        return FaceFolder(root, "identity-folders")
    faults += identity_faults(faces, root)
    groups = read_groups(root, faults)
    if groups:
        faces = replace(faces, groups=tuple(groups.get(name, name) for name in faces.identities))
    return FaceFolder(root, "identity-folders", train=faces, pairs=read_pair_csv(root, faults))
