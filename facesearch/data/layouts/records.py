"""InsightFace's training file: MXNet's RecordIO, read without mxnet, and its index."""

import hashlib
import json
import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import FaceList, FacePairs
from facesearch.data.layouts.pair_pickle import read_bin
from facesearch.data.layouts.text_file import read_text
from facesearch.data.layouts.unpacked import unpacked
from facesearch.errors import InputError

_MAGIC = 0xCED7230A
_HEAD_BYTES = 24
# What a verification file says beside its pictures, in the cache.
_PAIRS = "pairs.json"
# A label is a float of 32 bits; from here on they skip numbers.
_LABELS = 1 << 24


def read_records(path: Path) -> Iterator[bytes]:
    """Yield the payload of each record of an MXNet RecordIO file, in order.

    Layout: magic, then 3 bits that say whether the record goes on (0 whole, 1 first, 2 middle, 3
    last part) and 29 bits of length, then the payload, filled up to 4 bytes. A record that holds
    the magic was cut there, without it.

    Raises:
        InputError: If the file is torn or something else.

    """
    parts: list[bytes] = []
    number = 0
    for part, payload in _parts(path):
        if part > 3 or (part in (2, 3)) != bool(parts):
            raise InputError(
                f"{path}: record {number}: a part of a record where "
                f"{'its next part' if parts else 'a first part'} belongs; the file is damaged."
            )
        parts.append(payload)
        if part in (0, 3):
            yield struct.pack("<I", _MAGIC).join(parts)
            parts = []
            number += 1
    if parts:
        raise InputError(f"{path}: record {number}: the file ends inside it; copy the file again.")


def _parts(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield what stands before each length, and the bytes after it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while head := file.read(8):
            magic, word = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
            length = word & (1 << 29) - 1
            if magic != _MAGIC or length > size - file.tell():
                raise InputError(f"{path}: not a RecordIO file, or torn near byte {file.tell()}.")
            yield word >> 29, file.read(length)
            file.read(-length % 4)


def read_faces(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield identity and picture of each record in a training file of InsightFace.

    A payload is (flag, label, id, id2), then ``flag`` further labels, then the picture. Record 0
    and the records after the pictures have labels only; their picture is empty.

    Raises:
        InputError: With the number of the first record that cannot be one of a face.

    """
    for number, payload in enumerate(read_records(path)):
        where = f"{path}: record {number}"
        if len(payload) < _HEAD_BYTES:
            raise InputError(f"{where}: {len(payload)} bytes; a face has {_HEAD_BYTES} before it.")
        flag, label, _, _ = struct.unpack("<IfQQ", payload[:_HEAD_BYTES])
        if flag > (len(payload) - _HEAD_BYTES) // 4:
            raise InputError(
                f"{where}: promises {flag} labels, but has {len(payload) - _HEAD_BYTES} bytes for "
                "them."
            )
        picture = payload[_HEAD_BYTES + 4 * flag :]
        if flag:
            (label,) = struct.unpack("<f", payload[_HEAD_BYTES : _HEAD_BYTES + 4])
        yield (_identity(label, where) if picture else ""), picture


def _identity(label: float, where: str) -> str:
    if not math.isfinite(label) or label != int(label) or not 0 <= label < _LABELS:
        raise InputError(
            f"{where}: label {label:g}; allowed are whole numbers from 0 to {_LABELS - 1}."
        )
    return f"{int(label):07d}"


def read_index(path: Path, faults: Faults) -> int | None:
    """Return the number of records that an index promises; None without one, or with a fault."""
    if not path.is_file():
        return None
    text = read_text(path, "an index", faults, f"{path}")
    if text is None:
        return None
    lines = enumerate(text.splitlines(), start=1)
    filled = [(number, line) for number, line in lines if line.strip()]
    for number, line in filled:
        if not re.fullmatch(r"[0-9]+\t[0-9]+\s*", line):
            faults.append(
                f"{path}: line {number}: must be 'key<TAB>offset', found '{line[:40]}'; copy the "
                "index again, or remove it"
            )
            return None
    return len(filled)


def unpack_rec(path: Path, index: Path, faults: Faults) -> FaceList:
    """Unpack a training file into the cache; return its faces.

    Args:
        path: The training file, ``train.rec``.
        index: Its index, ``train.idx``; it may be absent.
        faults: Where a fault of the index is added.

    Raises:
        InputError: If the file is torn, or a record of it cannot be one of a face.

    """

    def write(folder: Path) -> int:
        count = 0
        for count, (identity, picture) in enumerate(read_faces(path), start=1):
            if picture:
                person = folder / identity
                person.mkdir(exist_ok=True)
                (person / f"{count - 1:08d}.jpg").write_bytes(picture)
        return count

    files, found = unpacked(path, write)
    promised = read_index(index, faults)
    if promised is not None and found != promised:
        faults.append(f"{path}: {found} records, but {index.name} has {promised} lines.")
    return FaceList(tuple(files), tuple(file.parent.name for file in files))


def unpack_bin(path: Path) -> FacePairs:
    """Unpack a verification file into the cache; return its pairs, all in fold 0.

    An image that is in it several times is one file. What is in the cache is not unpickled again.

    Raises:
        InputError: If it cannot be read.

    """

    def write(folder: Path) -> int:
        pictures, same = read_bin(path)
        files: dict[bytes, str] = {}
        for number, picture in enumerate(pictures):
            digest = hashlib.sha256(picture).digest()
            if digest not in files:
                files[digest] = f"{number:08d}.jpg"
                (folder / files[digest]).write_bytes(picture)
            names.append(files[digest])
        (folder / _PAIRS).write_text(json.dumps({"files": names, "same": same}))
        return len(same)

    names: list[str] = []
    files, _ = unpacked(path, write, "pairs")
    by_name = {file.name: file for file in files}
    told = json.loads(by_name[_PAIRS].read_text())
    of_pairs = [by_name[name] for name in told["files"]]
    same = tuple(map(bool, told["same"]))
    return FacePairs(tuple(of_pairs[::2]), tuple(of_pairs[1::2]), same, (0,) * len(same))
