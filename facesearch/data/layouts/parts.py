"""Faces that come split into train, val and test: what each part is used for.

Whoever is in train is known: their images in val and test are the closed set. Whoever is not is a
held-out identity, asked about in a gallery: those of val fit thresholds, those of test are reported
on.
"""

from dataclasses import dataclass
from pathlib import Path

# The module and not its function: it needs this package itself.
from facesearch.data import gallery
from facesearch.data.layouts.folder import FaceFolder, FaceList, only
from facesearch.errors import first_names

# What the parts may be called, in folders and in the split column of faces.csv.
TRAIN, TEST = "train", "test"
VAL = ("val", "validation", "valid", "dev")
SPLITS = (TRAIN, *VAL, TEST)
# What a held-out face may be said to be; without a word it is chosen by name.
GALLERY = "gallery"
ROLES = (GALLERY, "probe", "non-mated probe", "closed set", "train", "")
_SEED = 0


@dataclass(frozen=True)
class Split:
    """The faces of a folder by part; roles say of each face of val and test what it is.

    A role is one of `ROLES`; no roles, or "" of all held-out faces: nobody says. Beside a gallery
    whoever is held out and not in it is a probe.
    """

    train: FaceList
    val: FaceList
    test: FaceList
    val_roles: tuple[str, ...] = ()
    test_roles: tuple[str, ...] = ()


def split_folder(root: Path, layout: str, split: Split) -> FaceFolder:
    """Return the folder that a split stands for.

    Of the held-out identities of a part the gallery holds one image each, and a fifth of them are
    in no gallery (`facesearch.data.gallery`, seed 0), unless roles say who is where. A test part
    without labels stays one: it is only good for predictions.
    """
    trained = set(split.train.identities)
    notes = _notes(split, trained)
    dev, *of_val = _parted(split.val, split.val_roles, trained)
    test, *of_test = _parted(split.test, split.test_roles, trained)
    for name, roles, (known, asked) in (
        ("val", split.val_roles, of_val), (TEST, split.test_roles, of_test),
    ):  # fmt: skip
        if len(known) and GALLERY not in roles:
            notes.append(_chosen(name, known, asked))
    return FaceFolder(
        root, layout, train=split.train, dev=dev, test=test,
        known=of_val[0], unknown_dev=of_val[1],
        known_test=of_test[0], unknown_test=of_test[1],
        notes=tuple(notes),
    )  # fmt: skip


def _parted(
    faces: FaceList, roles: tuple[str, ...], trained: set[str]
) -> tuple[FaceList, FaceList, FaceList]:
    """Return the closed set of a part (and what has no label), its gallery and its probes."""
    names = faces.identities
    closed = [row for row, name in enumerate(names) if not name or name in trained]
    held_out = [row for row, name in enumerate(names) if name and name not in trained]
    if roles and any(roles[row] == GALLERY for row in held_out):
        known = [row for row in held_out if roles[row] == GALLERY]
        asked = [row for row in held_out if roles[row] != GALLERY]
        return only(faces, closed), only(faces, known), only(faces, asked)
    made = gallery.gallery_and_probes(only(faces, held_out), seed=_SEED)
    return only(faces, closed), *made


def _chosen(part: str, known: FaceList, asked: FaceList) -> str:
    strange = len(set(asked.identities) - set(known.identities))
    return (
        f"{part}: {len(known) + strange} identities are not in train: of {len(known)} one image "
        f"each is a gallery, chosen by name; {strange} are in no gallery"
    )


def _notes(split: Split, trained: set[str]) -> list[str]:
    of_val, of_test = (set(part.identities) - trained - {""} for part in (split.val, split.test))
    both = sorted(of_val & of_test)
    if not both:
        return []
    noun = "1 identity is" if len(both) == 1 else f"{len(both)} identities are"
    return [
        f"{noun} in val and in test, but not in train ({first_names(both)}): thresholds are fitted "
        "on them and reported on them, so figures at thresholds look too good"
    ]
