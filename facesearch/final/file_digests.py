"""By what files are told apart: eight bytes of the SHA-256 of each, read once a process.

Not here: what is compared with what (`leaks.py`, `made_sets.py`).
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from facesearch.errors import InputError
from facesearch.progress import track

# Of each digest so many bytes are kept: a chance match of 100,000 x 100,000 images is 1e-9.
NUM_BYTES = 8
# What `file_digests` has found of the last lists of files, joined: a command asks for the same list
# of each finalist and of each model, and 100,000 images take minutes from a slow disk.
_FOUND: dict[bytes, bytes] = {}
_MOST_LISTS = 64


def file_digests(paths: Sequence[Path]) -> list[bytes]:
    """Return eight bytes of the SHA-256 of each file, in order.

    A list of files is read once a process, while their names, sizes and times stay the same.

    Raises:
        InputError: If one cannot be read.

    """
    key = hashlib.sha256()
    for path in paths:
        key.update(repr(_stat(path)).encode("utf-8", "surrogateescape"))
    found = _FOUND.pop(key.digest(), None)
    if found is None:
        found = b"".join(_read_all(paths))
    _FOUND[key.digest()] = found  # the last one that was asked for stands last
    while len(_FOUND) > _MOST_LISTS:
        del _FOUND[next(iter(_FOUND))]
    return [found[i : i + NUM_BYTES] for i in range(0, len(found), NUM_BYTES)]


def _read_all(paths: Sequence[Path]) -> list[bytes]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = zip(track(paths, "looking for copies"), pool.map(_digest, paths), strict=True)
        return [digest for _, digest in found]


def _stat(path: Path) -> tuple[str, int, int]:
    try:
        about = path.stat()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    return str(path), about.st_size, about.st_mtime_ns


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()[:NUM_BYTES]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
