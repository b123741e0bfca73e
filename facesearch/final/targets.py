"""The sets that a final model is reported on: never used to choose a trial.

Shapes: P pairs.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facesearch.config import DataConfig
from facesearch.data.faces import FaceSet, generated_faces, image_set
from facesearch.data.layouts import FaceFolder, FaceList, FacePairs, read_layout


@dataclass(frozen=True)
class PairSet:
    """A list of pairs: rows of ``faces``, whether both are one person's, and folds from 0."""

    faces: FaceSet
    first_P: np.ndarray
    second_P: np.ndarray
    is_same_P: np.ndarray
    folds_P: np.ndarray


@dataclass(frozen=True)
class Targets:
    """Faces to report on; a set that the folder lacks is None.

    known is the gallery. Labels of unknown_dev and unknown_test are rows of gallery_names, -1 for a
    stranger; a set without any label is only good for a submission, see `labelled`. Groups name the
    group of each face of unknown_dev, where groups are known.
    """

    dev: FaceSet | None = None
    test: FaceSet | None = None
    test_files: tuple[str, ...] = ()
    known: FaceSet | None = None
    gallery_names: tuple[str, ...] = ()
    unknown_dev: FaceSet | None = None
    unknown_test: FaceSet | None = None
    pairs: PairSet | None = None
    groups: tuple[str, ...] = ()
    has_rejection: bool = False

    def labelled(self, name: str) -> FaceSet | None:
        """Return a set of this name if at least one of its faces has a label."""
        faces: FaceSet | None = getattr(self, name)
        return faces if faces is not None and bool((faces.labels_M >= 0).any()) else None


def read_targets(data: DataConfig, identities: tuple[str, ...]) -> Targets:
    """Return the reporting sets that belong to the faces of ``data``.

    Args:
        data: Where the faces are; without a root, fresh generated faces of the same people (dev)
            and of other people (known, unknown_dev, unknown_test).
        identities: Who was trained, in the order of the head.

    """
    if data.root is None:
        return _generated_targets(data)
    folder = read_layout(Path(data.root), data.layout)
    names = tuple(sorted(set(folder.known.identities)))

    def pack(faces: FaceList, whose: tuple[str, ...]) -> FaceSet | None:
        return image_set(faces, data.image_px, whose) if faces.paths else None

    is_known = set(folder.dev.identities) <= set(identities)
    return Targets(
        dev=pack(folder.dev, identities) if is_known else None,
        test=pack(folder.test, identities),
        test_files=tuple(path.name for path in folder.test.paths),
        known=pack(folder.known, names),
        gallery_names=names,
        unknown_dev=pack(folder.unknown_dev, names),
        unknown_test=pack(folder.unknown_test, names),
        pairs=_pairs(folder.pairs, data.image_px),
        groups=folder.unknown_dev.groups,
        has_rejection=folder.layout == "hw2p2-s23",
    )


def reporting_folder(data: DataConfig) -> FaceFolder | None:
    """Return the folder that the reporting sets are read from; None for generated faces."""
    return None if data.root is None else read_layout(Path(data.root), data.layout)


def _pairs(pairs: FacePairs, image_px: int) -> PairSet | None:
    if not len(pairs):
        return None
    paths = tuple(dict.fromkeys((*pairs.first, *pairs.second)))
    row = {path: number for number, path in enumerate(paths)}
    return PairSet(
        image_set(FaceList(paths, ("",) * len(paths)), image_px, ()),
        np.array([row[path] for path in pairs.first]),
        np.array([row[path] for path in pairs.second]),
        np.array(pairs.is_same),
        np.array(pairs.folds),
    )


def _generated_targets(data: DataConfig) -> Targets:
    """More pictures of the trained people, and a gallery of people from another seed.

    Of each five other people one is not in the gallery: a stranger. Every other person is asked
    about in unknown_dev, the rest in unknown_test.
    """
    own, extra = data.synthetic, 4
    more = own.model_copy(update={"faces_per_identity": own.faces_per_identity + extra})
    images, names, _ = generated_faces(data.model_copy(update={"synthetic": more}))
    position = np.arange(len(names)) % more.faces_per_identity
    fresh = np.flatnonzero(position >= own.faces_per_identity)
    dev = FaceSet(images, fresh, fresh // more.faces_per_identity)
    others = own.model_copy(update={"seed": own.seed + 1_000_003, "faces_per_identity": 4})
    images, names, _ = generated_faces(data.model_copy(update={"synthetic": others}))
    rows, whose = np.arange(len(names)), np.arange(len(names)) // others.faces_per_identity
    place = rows % others.faces_per_identity
    is_known = whose % 5 != 4
    # people in the gallery are numbered without gaps
    number = np.where(is_known, whose - whose // 5, -1)
    gallery_names = tuple(dict.fromkeys(names[row] for row in np.flatnonzero(is_known)))
    gallery, first, second = (
        np.flatnonzero(chosen)
        for chosen in (
            (place == 0) & is_known,
            (place > 0) & (whose % 2 == 0),
            (place > 0) & (whose % 2 == 1),
        )
    )
    return Targets(
        dev=dev,
        known=FaceSet(images, gallery, number[gallery]),
        gallery_names=gallery_names,
        unknown_dev=FaceSet(images, first, number[first]),
        unknown_test=FaceSet(images, second, number[second]),
        has_rejection=True,
    )
