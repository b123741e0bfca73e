"""InsightFace: training faces in train.rec and train.idx, pairs in *.bin; mxnet is not needed.

The pictures are unpacked once into the cache; then they are files like any others.
"""

from pathlib import Path

from facesearch.data.layouts.folder import FaceFolder, FaceList, FacePairs, identity_faults
from facesearch.data.layouts.records import unpack_bin, unpack_rec
from facesearch.errors import InputError


def recognises(root: Path) -> bool:
    """Whether there are records or pairs of InsightFace."""
    return (root / "train.rec").is_file() or any(root.glob("*.bin"))


def read(root: Path, faults: list[str]) -> FaceFolder:
    """Read train.rec with its train.idx, and all files of pairs, a fold each."""
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
    parts: list[FacePairs] = []
    for path in sorted(root.glob("*.bin")):
        try:
            parts.append(unpack_bin(path))
        except InputError as error:
            faults.append(str(error))
    pairs = FacePairs(
        tuple(p for part in parts for p in part.first),
        tuple(p for part in parts for p in part.second),
        tuple(s for part in parts for s in part.is_same),
        tuple(fold for fold, part in enumerate(parts) for _ in part.is_same),
    )
    return FaceFolder(root, "insightface", train=faces, pairs=pairs)
