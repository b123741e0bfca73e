"""The sets that a final model is reported on: never used to choose a trial.

Shapes: P pairs, F pictures of a list of pairs.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from facesearch.config import DataConfig
from facesearch.data.faces import FaceSet, generated_faces, image_set, read_reserve
from facesearch.data.layouts import STRANGER, FaceFolder, FaceList, FacePairs
from facesearch.data.layouts.csv_file import read_groups
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import folder_of_identities, only
from facesearch.data.layouts.pair_truth import named_parts, people_of_pairs
from facesearch.data.pack import open_pack
from facesearch.errors import InputError, capped

# The parts of a folder that are reported on.
REPORTED = ("dev", "test", "known", "unknown_dev", "known_test", "unknown_test")


@dataclass(frozen=True)
class PairSet:
    """A list of pairs: rows of ``faces``, whether both are one person's, and folds from 0.

    Labels of the faces are numbers of people, -1 where nobody says who it is. lists names the list
    of each pair, empty for a single one; groups the group of each face, "" where it is not known.
    """

    faces: FaceSet
    first_P: np.ndarray
    second_P: np.ndarray
    is_same_P: np.ndarray
    folds_P: np.ndarray
    lists: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def only(self, stays_P: np.ndarray) -> "PairSet | None":
        """Return the pairs that stay, with the faces that they need; None if none stays."""
        if not stays_P.any():
            return None
        first, second = self.first_P[stays_P], self.second_P[stays_P]
        used_F, rows = np.unique(np.concatenate([first, second]), return_inverse=True)
        faces = replace(
            self.faces, index_M=self.faces.index_M[used_F], labels_M=self.faces.labels_M[used_F]
        )
        return PairSet(
            faces,
            rows[: len(first)],
            rows[len(first) :],
            self.is_same_P[stays_P],
            self.folds_P[stays_P],
            tuple(np.array(self.lists)[stays_P].tolist()) if self.lists else (),
            tuple(np.array(self.groups)[used_F].tolist()) if self.groups else (),
        )


@dataclass(frozen=True)
class Targets:
    """Faces to report on; a set that the folder lacks is None.

    known is the gallery of unknown_dev, and that of unknown_test where there is no known_test.
    Labels of galleries and probes are rows of gallery_names, -1 for a non-mated probe of whom
    nobody says who it is; a label that is not in the gallery of its set is non-mated too. A set
    without any label is only good for a submission, see `labelled`. groups names the group of each
    face of unknown_dev and dev_groups that of each face of dev, where groups are known; "" is none.
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
    dev_groups: tuple[str, ...] = ()
    known_test: FaceSet | None = None

    def gallery_of(self, name: str) -> FaceSet | None:
        """Return the gallery in which the probes of a set are searched; None if there is none."""
        if name == "unknown_test" and self.known_test is not None:
            return self.known_test
        return self.known if self.known is not None and len(self.known) else None

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
    folder = reporting_folder(data)
    if folder is None:
        return _generated_targets(data)
    return targets_of(folder, data.image_px, identities)


def targets_of(folder: FaceFolder, image_px: int, identities: tuple[str, ...]) -> Targets:
    """Return the reporting sets of a folder, decoded.

    Args:
        folder: What was listed.
        image_px: Side of the images in pixels.
        identities: Who was trained, in the order of the head; dev and a labelled test are only of
            them.

    """
    names = tuple(sorted(_searched_names(folder)))

    def pack(faces: FaceList, whose: tuple[str, ...]) -> FaceSet | None:
        return image_set(faces, image_px, whose) if faces.paths else None

    is_known = set(folder.dev.identities) <= set(identities)
    is_tested = set(folder.test.identities) - {""} <= set(identities)
    return Targets(
        dev=pack(folder.dev, identities) if is_known else None,
        test=pack(folder.test, identities if is_tested else ()),
        test_files=tuple(path.name for path in folder.test.paths),
        known=pack(folder.known, names),
        gallery_names=names,
        unknown_dev=pack(folder.unknown_dev, names),
        unknown_test=pack(folder.unknown_test, names),
        pairs=_pairs(folder, image_px),
        groups=_groups_of(folder, folder.known, folder.unknown_dev),
        dev_groups=_groups_of(folder, folder.dev, folder.dev) if is_known else (),
        known_test=pack(folder.known_test, names),
    )


def _searched_names(folder: FaceFolder) -> set[str]:
    """Return the names of galleries and probes, but for those that stand for nobody."""
    parts = (folder.known, folder.known_test, folder.unknown_dev, folder.unknown_test)
    return {name for part in parts for name in part.identities} - {"", STRANGER}


def reporting_folder(data: DataConfig) -> FaceFolder | None:
    """Return the folder that the reporting sets are read from; None for generated faces.

    Unreadable images of them are left out if some are allowed in training.
    """
    if data.root is None:
        return None
    folder = read_reserve(data).folder
    if not data.allow_corrupt:
        return folder
    readable: dict[str, Any] = {}
    for part in REPORTED:
        faces: FaceList = getattr(folder, part)
        if faces.paths:
            pack = open_pack(faces, data.image_px, allow_corrupt=data.allow_corrupt)
            readable[part] = only(faces, pack.kept_N.tolist())
    return replace(folder, **readable)


def _groups_of(whole: FaceFolder, part: FaceList, asked: FaceList) -> tuple[str, ...]:
    """Return the group of each face of ``asked``: as listed, or of the groups.csv of a HW2P2 part.

    Args:
        whole: The folder of faces.
        part: Faces of ``<folder>/<identity>/<image>`` with groups.csv beside: known, or dev.
        asked: Whose groups are returned; "" is none, nothing at all if no groups are known.

    Raises:
        InputError: If the file has faults.

    """
    if asked.groups:
        pairs = zip(asked.groups, asked.identities, strict=True)
        # who is in no group stands in the list as a group of their own
        return tuple("" if group == name else group for group, name in pairs)
    if not part.paths or not whole.layout.startswith("hw2p2"):
        return ()
    faults = Faults()
    folder = folder_of_identities(part).parent
    groups = read_groups(folder, {*part.identities, *whole.train.identities}, faults)
    if faults:
        raise InputError("\n  ".join([f"{folder}:", *capped(faults)]))
    if not groups:
        return ()
    # a stranger is nobody in the folder, so the file cannot name them
    return tuple(groups.get(name, "") for name in asked.identities)


def _pairs(folder: FaceFolder, image_px: int) -> PairSet | None:
    pairs: FacePairs = folder.pairs
    if not len(pairs):
        return None
    paths = tuple(dict.fromkeys((*pairs.first, *pairs.second)))
    row = {path: number for number, path in enumerate(paths)}
    whose = people_of_pairs(folder)
    names = tuple(whose.get(path, "") for path in paths)
    # whoever is in no group is named as a group of their own
    group_of = {
        name: group
        for faces in named_parts(folder)
        for name, group in zip(faces.identities, faces.groups, strict=False)
        if name != group
    }
    return PairSet(
        image_set(FaceList(paths, names, box=pairs.box), image_px, sorted(set(names) - {""})),
        np.array([row[path] for path in pairs.first]),
        np.array([row[path] for path in pairs.second]),
        np.array(pairs.is_same),
        np.array(pairs.folds),
        pairs.lists,
        tuple(group_of.get(name, "") for name in names) if group_of else (),
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
    )
