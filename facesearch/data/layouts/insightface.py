"""InsightFace: training faces in train.rec and train.idx, pairs in *.bin; mxnet is not needed.

The pictures are unpacked once into the cache; then they are files like any others.
"""

from pathlib import Path

import numpy as np

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import FaceFolder, FaceList, FacePairs, identity_faults
from facesearch.data.layouts.records import unpack_bin, unpack_rec
from facesearch.errors import InputError

_FOLDS = 10


def recognises(root: Path) -> bool:
    """Whether there are records or pairs of InsightFace."""
    return (root / "train.rec").is_file() or any(root.glob("*.bin"))


def read(root: Path, faults: Faults) -> FaceFolder:
    """Read train.rec with its train.idx, and all files of pairs, each a list of its own."""
    if not recognises(root):
        faults.append(f"{root}: neither train.rec nor a verification file *.bin in it")
    faces = FaceList()
    if (root / "train.rec").is_file():
        try:
            faces = unpack_rec(root / "train.rec", root / "train.idx", faults)
        except InputError as error:
            faults.append(str(error))
        else:
            faults += identity_faults(faces, root / "train.rec")
    lists: dict[str, FacePairs] = {}
    for path in sorted(root.glob("*.bin")):
        try:
            lists[path.stem] = unpack_bin(path)
        except InputError as error:
            faults.append(str(error))
    return FaceFolder(root, "insightface", train=faces, pairs=_joined(lists))


def _joined(lists: dict[str, FacePairs]) -> FacePairs:
    """Return the pairs of all lists, with ten folds each, as the tools of InsightFace cut them.

    A fold is a stretch of the list; where the pairs cannot be dealt evenly, the first folds have
    one more.
    """
    parts = lists.values()
    return FacePairs(
        tuple(path for part in parts for path in part.first),
        tuple(path for part in parts for path in part.second),
        tuple(same for part in parts for same in part.is_same),
        tuple(fold for part in parts for fold in _folds(len(part))),
        tuple(name for name, part in lists.items() for _ in part.is_same),
    )


def _folds(count: int) -> list[int]:
    stretches = np.array_split(np.arange(count), _FOLDS)
    return [fold for fold, stretch in enumerate(stretches) for _ in stretch]
