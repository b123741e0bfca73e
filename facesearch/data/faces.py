"""The faces of one config, read, packed and split: what `fit` trains on and is ranked by.

The sweep's faces hold whole identities out of training (strangers) and some pictures of the trained
ones; the final faces hold nothing out. Neither touches the sets that `finalize` reports on: those
of the folder, or those that are reserved (`facesearch.data.reserve`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from facesearch.config import DataConfig
from facesearch.data.geometry import MeanFace, mean_of_images, spread_rows
from facesearch.data.layouts import FaceList, read_layout
from facesearch.data.pack import open_pack, pack_arrays
from facesearch.data.qualities import qualities
from facesearch.data.reserve import Reserve, reserve_faces
from facesearch.data.split import split_faces, split_identities
from facesearch.data.synthetic import draw_faces
from facesearch.errors import InputError


@dataclass(frozen=True)
class FaceSet:
    """Some rows of a pack, each with a number for its identity.

    images_NHWC is the whole pack (uint8); index_M says which rows, labels_M whose they are. columns
    are what else is known of each row of the pack, such as its pose; see `qualities`.
    """

    images_NHWC: np.ndarray
    index_M: np.ndarray
    labels_M: np.ndarray
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.index_M)

    def known_of(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of these faces alone: a value a face, "" where it is not known."""
        return {name: tuple(of_all[self.index_M]) for name, of_all in self.columns.items()}


@dataclass(frozen=True)
class Faces:
    """What one training needs: faces to learn, and faces to be ranked by."""

    train: FaceSet
    strangers: FaceSet
    closed: FaceSet
    identities: tuple[str, ...]
    fingerprint: str
    source: str
    reserve: Reserve | None = None


def read_reserve(data: DataConfig) -> Reserve:
    """List a folder of faces, and reserve what is to be reported on.

    Raises:
        InputError: If the folder cannot be read, or cannot be parted so.

    """
    assert data.root is not None
    return reserve_faces(read_layout(Path(data.root), data.layout), data.reserve)


def load_faces(data: DataConfig) -> Faces:
    """Return the faces of a sweep: strangers and closed-set faces held out of training.

    What is reserved is listed and not read, as no trial needs it: see `load_faces_to_search`.

    Args:
        data: Where the faces are, and how they are split.

    Raises:
        InputError: If the folder cannot be read, or is too small to hold anybody out.

    """
    images, names, groups, fingerprint, source, reserve = _training_images(data)
    inside, outside = split_identities(names, data.held_out_identities, data.split_seed, groups)
    train, closed = split_faces(inside, names, data.held_out_faces, data.split_seed)
    identities = tuple(sorted({names[i] for i in train}))
    strangers = tuple(sorted({names[i] for i in outside}))
    return Faces(
        train=_face_set(images, train, names, identities),
        strangers=_face_set(images, outside, names, strangers),
        closed=_face_set(images, closed, names, identities),
        identities=identities,
        fingerprint=fingerprint,
        source=source,
        reserve=reserve,
    )


def load_faces_to_search(data: DataConfig) -> Faces:
    """Return what `load_faces` returns, for whoever begins a search: the reserve is read as well.

    Raises:
        InputError: As `load_faces`; and if images that are reserved cannot be read, which would
            else be told when the search has ended.

    """
    faces = load_faces(data)
    if faces.reserve is not None:
        for part in faces.reserve.parts:
            reserved = getattr(faces.reserve.folder, part)
            open_pack(reserved, data.image_px, allow_corrupt=data.allow_corrupt)
    return faces


def load_all_faces(data: DataConfig) -> Faces:
    """Return the faces of the final training: nothing held out but what is reserved."""
    images, names, _, fingerprint, source, reserve = _training_images(data)
    identities = tuple(sorted(set(names)))
    everything = _face_set(images, range(len(names)), names, identities)
    nothing = _face_set(images, [], names, identities)
    return Faces(everything, nothing, nothing, identities, fingerprint, source, reserve)


def mean_face_of(faces: Faces) -> MeanFace | None:
    """Return the mean face of the training images, of at most 500 of them; None without any."""
    train = faces.train
    names = [faces.identities[label] for label in train.labels_M]
    rows = spread_rows(names)
    if not rows:
        return None
    images = train.images_NHWC[train.index_M[rows]]
    return mean_of_images(images, [names[row] for row in rows])


def image_set(faces: FaceList, image_px: int, identities: Sequence[str]) -> FaceSet:
    """Pack a list of faces; a face whose identity is not in ``identities`` gets label -1."""
    pack = open_pack(faces, image_px)
    names = [faces.identities[i] for i in pack.kept_N]
    found = _face_set(pack.images_NHWC, range(len(names)), names, identities)
    known = qualities(faces.paths, faces.columns)
    kept = {name: np.array(values)[pack.kept_N] for name, values in known.items()}
    return replace(found, columns=kept)


def generated_faces(data: DataConfig) -> tuple[np.ndarray, tuple[str, ...], str]:
    """Return the generated faces: uint8 [N, H, W, 3], a name each, and their fingerprint."""
    settings = data.synthetic
    count, each = settings.num_identities, settings.faces_per_identity
    key = f"generated-{count}-{each}-{data.image_px}-{settings.seed}"
    pack = pack_arrays(
        key,
        lambda: draw_faces(count, each, data.image_px, settings.seed)[0],
        count * each * data.image_px**2 * 3,
    )
    names = tuple(f"g{i:06d}" for i in range(count) for _ in range(each))
    return pack.images_NHWC, names, pack.fingerprint


def _training_images(
    data: DataConfig,
) -> tuple[np.ndarray, Sequence[str], Sequence[str], str, str, Reserve | None]:
    """Return pixels, identities, groups (or none), fingerprint, source and reserve of training."""
    if data.root is None:
        images, names, fingerprint = generated_faces(data)
        return images, names, (), fingerprint, "generated faces", None
    reserve = read_reserve(data)
    folder = reserve.folder
    if not folder.train.paths:
        raise InputError(
            f"{data.root}: layout {folder.layout} with no training faces; only verification sets "
            "were found. Give a folder that holds train/ (or a classification part) too."
        )
    pack = open_pack(folder.train, data.image_px, allow_corrupt=data.allow_corrupt)
    kept = [folder.train.identities[i] for i in pack.kept_N]
    groups = [folder.train.groups[i] for i in pack.kept_N] if folder.train.groups else ()
    source = f"{data.root} ({folder.layout})"
    return pack.images_NHWC, kept, groups, pack.fingerprint, source, reserve


def _face_set(
    images: np.ndarray, index: Sequence[int], names: Sequence[str], identities: Sequence[str]
) -> FaceSet:
    number = {name: i for i, name in enumerate(identities)}
    labels = np.array([number.get(names[i], -1) for i in index], dtype=np.int64)
    return FaceSet(images, np.array(index, dtype=np.int64), labels)
