"""Decode once: a folder's pictures as one memory-mapped uint8 array in a cache.

The pack is looked up by names, sizes and times of the files; its fingerprint is of their content
and of whose they are.
Several processes may ask at once: one builds, the others wait.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock

from facesearch.data.box import Box
from facesearch.data.cache import cache_root, writing_to_cache
from facesearch.data.decode import decode_with_digest
from facesearch.data.layouts import FaceList
from facesearch.errors import InputError, capped
from facesearch.progress import track

_FORMAT = 2


@dataclass(frozen=True)
class Pack:
    """Decoded faces: uint8 [N, H, W, 3], a memory map; which of the files were kept; a hash.

    doubles are the files that are the same as an earlier one, byte by byte, each with that one;
    None: a pack of before, which did not note them. See `doubles_in`.
    """

    images_NHWC: np.ndarray
    kept_N: np.ndarray
    fingerprint: str
    doubles: tuple[tuple[int, int], ...] | None = ()


class _Built(NamedTuple):
    """What a pack is written from; see `Pack`."""

    images_NHWC: np.ndarray
    kept: list[int]
    fingerprint: str
    doubles: list[tuple[int, int]]


def open_pack(
    faces: FaceList,
    image_px: int,
    *,
    allow_corrupt: int = 0,
) -> Pack:
    """Return the decoded faces, from the cache if they are there.

    Args:
        faces: The files.
        image_px: Side in pixels.
        allow_corrupt: Up to so many unreadable pictures are left out instead of refused.

    Raises:
        InputError: With the unreadable pictures, or if the cache cannot be written.

    """
    cut = () if faces.box is None else (tuple(faces.box),)
    key = _digest(repr((_FORMAT, image_px, allow_corrupt, _stats(faces), *cut)).encode())

    def build() -> _Built:
        return _decode_all(faces, image_px, allow_corrupt)

    pack = _cached(key, build, len(faces) * image_px**2 * 3)
    return replace(pack, fingerprint=_with_labels(pack, faces))


def doubles_in(pack: Pack, faces: FaceList) -> tuple[tuple[int, int], ...]:
    """Return the doubles of a pack; of a pack that did not note them, of its files.

    Raises:
        InputError: If a file cannot be read.

    """
    if pack.doubles is not None:
        return pack.doubles
    kept = pack.kept_N.tolist()
    sizes = [size for _, size, _ in _stats(faces)]
    common = Counter(sizes[row] for row in kept)
    first: dict[str, int] = {}
    found: list[tuple[int, int]] = []
    for row in kept:
        if common[sizes[row]] > 1:  # else nothing can be the same
            digest = _digest_of_file(faces.paths[row])
            if first.setdefault(digest, row) != row:
                found.append((row, first[digest]))
    return tuple(found)


def _digest_of_file(path: Path) -> str:
    try:
        return _digest(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None


def _stats(faces: FaceList) -> list[tuple[str, int, int]]:
    try:
        return [(str(p), (s := p.stat()).st_size, s.st_mtime_ns) for p in faces.paths]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).") from None


def _with_labels(pack: Pack, faces: FaceList) -> str:
    """Return the hash of the pictures and of whose they are: the same pixels, other labels."""
    kept = pack.kept_N.tolist()
    identities = [faces.identities[i] for i in kept]
    groups = [faces.groups[i] for i in kept] if faces.groups else []
    return _digest(repr((pack.fingerprint, identities, groups)).encode())


def pack_arrays(key: str, make: Callable[[], np.ndarray], num_bytes: int = 0) -> Pack:
    """Return generated images [N, H, W, 3] from the cache, made by ``make`` if they are new.

    Args:
        key: Another key, other images.
        make: Makes them.
        num_bytes: What they need on the disk, to be refused before they are made.

    Raises:
        InputError: If the cache cannot be written.

    """

    def build() -> _Built:
        images = make()
        return _Built(images, list(range(len(images))), _digest(images.tobytes()), [])

    return _cached(_digest(f"{_FORMAT} {key}".encode()), build, num_bytes)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _cached(key: str, build: Callable[[], _Built], size: int) -> Pack:
    """Return a pack of the cache; build it if it is not there, or not whole."""
    root = cache_root()
    data, about = root / f"{key[:32]}.npy", root / f"{key[:32]}.json"
    pack = _load(data, about)
    if pack is not None:
        return pack
    with writing_to_cache(size), FileLock(root / f"{key[:32]}.lock"):
        pack = _load(data, about)
        if pack is None:
            _refuse_full_disk(root, size)
            images, *told = build()
            about.unlink(missing_ok=True)
            _write(data, lambda path: np.save(path, images))
            text = json.dumps(dict(zip(("kept", "fingerprint", "doubles"), told, strict=True)))
            _write(about, lambda path: path.write_text(text))
            pack = _load(data, about)
    if pack is None:
        raise InputError(f"{data}: cannot be read back; set FACESEARCH_CACHE to another disk.")
    return pack


def _load(data: Path, about: Path) -> Pack | None:
    """Return a pack, or None if its files are absent, torn, or do not belong together."""
    try:
        told = json.loads(about.read_text())
        kept_N = np.array(told["kept"], dtype=np.int64)
        images_NHWC = np.load(data, mmap_mode="r")
        fingerprint = str(told["fingerprint"])
        noted = told.get("doubles")
        doubles = noted if noted is None else tuple((int(row), int(first)) for row, first in noted)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, OverflowError):
        return None
    fits = images_NHWC.dtype == np.uint8 and images_NHWC.ndim == 4
    if not fits or len(images_NHWC) != len(kept_N):
        return None
    return Pack(images_NHWC, kept_N, fingerprint, doubles)


def _refuse_full_disk(root: Path, size: int) -> None:
    free = shutil.disk_usage(root).free
    if size > free:
        raise InputError(
            f"{root}: the decoded faces need {size / 1e9:.1f} GB, but {free / 1e9:.1f} GB are "
            "free; set FACESEARCH_CACHE to a larger disk or lower data.image_px."
        )


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, sync, rename: a reader never sees half a file."""
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _decode_all(faces: FaceList, image_px: int, allow_corrupt: int) -> _Built:
    paths = faces.paths
    images = np.empty((len(paths), image_px, image_px, 3), np.uint8)
    kept: list[int] = []
    faults: list[str] = []
    first: dict[bytes, int] = {}
    doubles: list[tuple[int, int]] = []
    content = hashlib.sha256(repr(tuple(faces.box)).encode() if faces.box else b"")
    decoded = _decode_in_order(paths, image_px, faces.box)
    for _, (number, result) in zip(track(paths, "decoding pictures"), decoded, strict=True):
        if isinstance(result, InputError):
            faults.append(str(result))
        else:
            pixels, digest = result
            images[len(kept)] = pixels
            content.update(digest)
            kept.append(number)
            if first.setdefault(digest, number) != number:
                doubles.append((number, first[digest]))
    if len(faults) > allow_corrupt or not kept:
        raise InputError(_unreadable(faults, len(paths)))
    return _Built(images[: len(kept)], kept, content.hexdigest(), doubles)


def _unreadable(faults: list[str], num_pictures: int) -> str:
    """Say which pictures cannot be read, and how to go on without them."""
    count = len(faults)
    out = (
        f", or leave them out: data.allow_corrupt: {count} in the space, or --allow-corrupt "
        f"{count} of data check"
    )
    return (
        f"{count} of {num_pictures} pictures cannot be read; mend or remove them"
        f"{out if count < num_pictures else ''}\n  " + "\n  ".join(capped(faults))
    )


def _decode_in_order(
    paths: Iterable[Path], image_px: int, box: Box | None
) -> Iterator[tuple[int, tuple[np.ndarray, bytes] | InputError]]:
    """Yield each picture in order; Pillow decodes outside the interpreter lock, so threads do."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from enumerate(pool.map(lambda path: decode_with_digest(path, image_px, box), paths))
