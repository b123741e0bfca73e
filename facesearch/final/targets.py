"""The sets that a final model is reported on: never used to choose a trial."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facesearch.config import DataConfig
from facesearch.data.faces import FaceSet, generated_faces, image_set
from facesearch.data.layouts import FaceList, read_layout


@dataclass(frozen=True)
class Targets:
    """Faces to report on; a set that the folder lacks is None.

    known is the gallery. Labels of unknown_dev are rows of gallery_names, -1 for a stranger.
    """

    dev: FaceSet | None
    test: FaceSet | None
    test_files: tuple[str, ...]
    known: FaceSet | None
    gallery_names: tuple[str, ...]
    unknown_dev: FaceSet | None
    unknown_test: FaceSet | None


def read_targets(data: DataConfig, identities: tuple[str, ...]) -> Targets:
    """Return the reporting sets that belong to the faces of ``data``.

    Args:
        data: Where the faces are; without a root, fresh generated faces of the same people (dev)
            and of other people (known, unknown_dev).
        identities: Who was trained, in the order of the head.

    """
    if data.root is None:
        return _generated_targets(data)
    folder = read_layout(Path(data.root), data.layout)
    names = tuple(sorted(set(folder.known.identities)))

    def pack(faces: FaceList, whose: tuple[str, ...]) -> FaceSet | None:
        return image_set(faces, data.image_px, whose) if faces.paths else None

    return Targets(
        dev=pack(folder.dev, identities),
        test=pack(folder.test, identities),
        test_files=tuple(path.name for path in folder.test.paths),
        known=pack(folder.known, names),
        gallery_names=names,
        unknown_dev=pack(folder.unknown_dev, names),
        unknown_test=pack(folder.unknown_test, names),
    )


def _generated_targets(data: DataConfig) -> Targets:
    """More pictures of the trained people, and a gallery of people from another seed."""
    own, extra = data.synthetic, 4
    more = own.model_copy(update={"faces_per_identity": own.faces_per_identity + extra})
    images, names, _ = generated_faces(data.model_copy(update={"synthetic": more}))
    position = np.arange(len(names)) % more.faces_per_identity
    fresh = np.flatnonzero(position >= own.faces_per_identity)
    dev = FaceSet(images, fresh, fresh // more.faces_per_identity)
    others = own.model_copy(update={"seed": own.seed + 1_000_003, "faces_per_identity": 4})
    images, names, _ = generated_faces(data.model_copy(update={"synthetic": others}))
    rows, whose = np.arange(len(names)), np.arange(len(names)) // others.faces_per_identity
    first = rows % others.faces_per_identity == 0
    return Targets(
        dev=dev,
        test=None,
        test_files=(),
        known=FaceSet(images, rows[first], whose[first]),
        gallery_names=tuple(dict.fromkeys(names)),
        unknown_dev=FaceSet(images, rows[~first], whose[~first]),
        unknown_test=None,
    )
