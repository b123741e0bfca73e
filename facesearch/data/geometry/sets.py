"""Which images of a folder say how its faces are cropped, and whether its parts agree."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from facesearch.data.geometry.mean_face import MeanFace, mean_of_faces
from facesearch.data.geometry.verdict import MIN_IMAGES, Alignment, align
from facesearch.data.layouts import FaceFolder, FaceList, scan_layout
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import flat
from facesearch.errors import InputError

# Every part of a folder but train; the images of its pairs stand beside them as "pairs".
REPORTING = ("dev", "test", "known", "unknown_dev", "known_test", "unknown_test")


def parts_of(folder: FaceFolder) -> dict[str, FaceList]:
    """Return the parts of a folder that are not trained on, those that hold images."""
    parts: dict[str, FaceList] = {name: getattr(folder, name) for name in REPORTING}
    paths = tuple(dict.fromkeys((*folder.pairs.first, *folder.pairs.second)))
    own = set(folder.train.paths)
    if not own.issuperset(paths):
        names = [path.parent.name for path in paths]
        parts["pairs"] = FaceList(paths, tuple(names))
    return {name: faces for name, faces in parts.items() if len(faces)}


def faces_of_folder(root: Path) -> FaceList:
    """Return the images that stand for a folder: those of training, else all of them.

    Images that lie in the folder itself count as an identity each.

    Raises:
        InputError: If there is no such folder, or no image in it.

    """
    folder, _ = scan_layout(root)
    if len(folder.train):
        return folder.train
    lists = list(parts_of(folder).values())
    if not lists:
        lone = flat(root, root, Faults())
        lists = [FaceList(lone.paths, tuple(path.stem for path in lone.paths))]
    paths = tuple(path for faces in lists for path in faces.paths)
    names = tuple(name for faces in lists for name in faces.identities)
    if not paths:
        raise InputError(f"{root}: no images in it.")
    return FaceList(paths, names)


def compare(reference: MeanFace, parts: Mapping[str, FaceList]) -> dict[str, Alignment]:
    """Return how each part lies on a reference; parts of too few images are left out."""
    found = {}
    for name, faces in parts.items():
        mean = mean_of_faces(faces) if len(faces) >= MIN_IMAGES else None
        if mean is not None:
            found[name] = align(reference, mean)
    return found


def disagreements(folder: FaceFolder) -> Iterator[str]:
    """Yield a line for each part that is cropped otherwise than the training faces for sure.

    Without training faces the known people are what the other parts are held against.
    """
    parts = parts_of(folder)
    name, faces = "train", folder.train
    if not len(faces):
        name, faces = "known", parts.pop("known", FaceList())
    reference = mean_of_faces(faces) if len(faces) >= MIN_IMAGES else None
    if reference is None:
        return
    for part, alignment in compare(reference, parts).items():
        if alignment.differs:
            yield f"{part} is {alignment.in_words(name)}"
