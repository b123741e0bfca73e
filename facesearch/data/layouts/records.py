"""The files of InsightFace: RecordIO for training, pickled pairs for verification.

A pickle may run any code when it is read. This reader knows only the few names that lists of bytes
and truth values need, and refuses every other one.
"""

import hashlib
import io
import os
import pickle
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from facesearch.data.cache import cache_root
from facesearch.data.layouts.folder import FaceList, FacePairs
from facesearch.errors import InputError

_MAGIC = 0xCED7230A
_SAFE = {
    ("_codecs", "encode"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core")
      for name in ("_reconstruct", "scalar")),
}  # fmt: skip
_MOST_BYTES = 4_000_000_000


def read_records(path: Path) -> Iterator[bytes]:
    """Yield the payload of each record of an MXNet RecordIO file, in order.

    Layout: magic, then 3 bits that say whether the record goes on and 29 bits of length, then the
    payload, filled up to 4 bytes. A record that holds the magic was cut there, without it.

    Raises:
        InputError: If the file is torn or something else.

    """
    with path.open("rb") as file:
        parts: list[bytes] = []
        while head := file.read(8):
            magic, word = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
            part, length = word >> 29, word & (1 << 29) - 1
            payload = file.read(length)
            file.read(-length % 4)
            if magic != _MAGIC or len(payload) < length:
                raise InputError(f"{path}: not a RecordIO file, or torn near byte {file.tell()}.")
            parts.append(payload)
            if part in (0, 3):
                yield struct.pack("<I", _MAGIC).join(parts)
                parts = []


def read_faces(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield identity and picture of each face in a training file of InsightFace.

    A payload is (flag, label, id, id2), then ``flag`` further labels, then the picture. Record 0
    and the records after the pictures have labels only.
    """
    for payload in read_records(path):
        flag, label, _, _ = struct.unpack("<IfQQ", payload[:24])
        picture = payload[24 + 4 * flag :]
        if flag:
            label = struct.unpack("<f", payload[24:28])[0]
        if picture:
            yield f"{int(label):07d}", picture


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _SAFE:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no pair needs")
        return super().find_class(module, name)


def read_bin(path: Path) -> tuple[list[bytes], list[bool]]:
    """Return the pictures (two a pair) and the truth of a verification file of InsightFace.

    Raises:
        InputError: If it is no such file, or wants to run something.

    """
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"{path}: larger than {_MOST_BYTES} bytes; not a verification file.")
    try:
        # encoding: such files are of Python 2 more often than not
        loaded = _Unpickler(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        pictures = [bytes(picture) for picture in loaded[0]]
        same = [bool(value) for value in loaded[1]]
    except Exception as error:
        # a broken pickle raises nearly anything
        raise InputError(f"{path}: not a file of pairs that can be trusted: {error}.") from None
    if len(pictures) != 2 * len(same):
        raise InputError(f"{path}: {len(pictures)} pictures for {len(same)} pairs; needs two each.")
    return pictures, same


def unpack_rec(path: Path, index: Path) -> FaceList:
    """Unpack a training file into the cache; return its faces.

    Raises:
        InputError: If it is torn, or holds another number of records than its index.

    """

    def write(folder: Path) -> None:
        for number, (identity, picture) in enumerate(read_faces(path)):
            person = folder / identity
            person.mkdir(exist_ok=True)
            (person / f"{number:08d}.jpg").write_bytes(picture)

    if index.is_file():
        promised = sum(1 for line in index.read_text().splitlines() if line.strip())
        found = sum(1 for _ in read_records(path))
        if found != promised:
            raise InputError(f"{path}: {found} records, but {index.name} has {promised} lines.")
    folder = _unpacked(path, write)
    files = sorted(folder.glob("*/*.jpg"))
    return FaceList(tuple(files), tuple(file.parent.name for file in files))


def unpack_bin(path: Path) -> FacePairs:
    """Unpack a verification file into the cache; return its pairs, all in fold 0."""
    pictures, same = read_bin(path)

    def write(folder: Path) -> None:
        for number, picture in enumerate(pictures):
            (folder / f"{number:08d}.jpg").write_bytes(picture)

    files = sorted(_unpacked(path, write).glob("*.jpg"))
    return FacePairs(tuple(files[::2]), tuple(files[1::2]), tuple(same), (0,) * len(same))


def _unpacked(path: Path, write: Callable[[Path], None]) -> Path:
    """Return the cache folder of an archive, made by ``write`` if it is new; whole or absent."""
    about = path.stat()
    key = f"{path.resolve()} {about.st_size} {about.st_mtime_ns}"
    name = f"unpacked-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    folder = cache_root() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            temporary = folder.with_name(f".{name}.{os.getpid()}")
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir()
            write(temporary)
            os.replace(temporary, folder)
    return folder
