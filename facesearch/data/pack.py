"""Decode once: a folder's pictures as one memory-mapped uint8 array in a cache.

The pack is looked up by names, sizes and times of the files; its fingerprint is of their content.
Several processes may ask at once: one builds, the others wait.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from facesearch.data.cache import cache_root
from facesearch.data.decode import decode_image
from facesearch.data.layouts import FaceList
from facesearch.errors import InputError

_FORMAT = 1
_SHOWN = 10
_CHUNK = 256


@dataclass(frozen=True)
class Pack:
    """Decoded faces: uint8 [N, H, W, 3], a memory map; which of the files were kept; a hash."""

    images_NHWC: np.ndarray
    kept_N: np.ndarray
    fingerprint: str


def open_pack(
    faces: FaceList,
    image_px: int,
    *,
    allow_corrupt: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Pack:
    """Return the decoded faces, from the cache if they are there.

    Args:
        faces: The files.
        image_px: Side in pixels.
        allow_corrupt: Up to so many unreadable pictures are left out instead of refused.
        on_progress: Called with (done, all) while pictures are decoded.

    Raises:
        InputError: With the unreadable pictures, or if the disk is too small.

    """
    stats = ((str(p), (s := p.stat()).st_size, s.st_mtime_ns) for p in faces.paths)
    key = _digest(repr((_FORMAT, image_px, allow_corrupt, list(stats))).encode())

    def build() -> tuple[np.ndarray, list[int], str]:
        return _decode_all(faces, image_px, allow_corrupt, on_progress)

    return _cached(key, build, len(faces) * image_px**2 * 3)


def pack_arrays(key: str, make: Callable[[], np.ndarray]) -> Pack:
    """Return generated images [N, H, W, 3] from the cache, made by ``make`` if they are new."""

    def build() -> tuple[np.ndarray, list[int], str]:
        images = make()
        return images, list(range(len(images))), _digest(images.tobytes())

    return _cached(_digest(f"{_FORMAT} {key}".encode()), build, 0)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _cached(key: str, build: Callable[[], tuple[np.ndarray, list[int], str]], size: int) -> Pack:
    root = cache_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{root}: cannot be made ({error}); set FACESEARCH_CACHE.") from None
    data, about = root / f"{key[:32]}.npy", root / f"{key[:32]}.json"
    if not about.exists():
        with FileLock(root / f"{key[:32]}.lock"):
            if not about.exists():
                _refuse_full_disk(root, size)
                images, kept, fingerprint = build()
                _write(data, lambda path: np.save(path, images))
                text = json.dumps({"kept": kept, "fingerprint": fingerprint})
                _write(about, lambda path: path.write_text(text))
    told = json.loads(about.read_text())
    kept_N = np.array(told["kept"], dtype=np.int64)
    return Pack(np.load(data, mmap_mode="r"), kept_N, told["fingerprint"])


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
    write(temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _decode_all(
    faces: FaceList,
    image_px: int,
    allow_corrupt: int,
    on_progress: Callable[[int, int], None] | None,
) -> tuple[np.ndarray, list[int], str]:
    images = np.empty((len(faces), image_px, image_px, 3), np.uint8)
    kept: list[int] = []
    faults: list[str] = []
    content = hashlib.sha256()
    for done, (number, result) in enumerate(_decode_in_order(faces.paths, image_px), start=1):
        if isinstance(result, InputError):
            faults.append(str(result))
        else:
            pixels, digest = result
            images[len(kept)] = pixels
            content.update(faces.identities[number].encode() + b"\0" + digest)
            kept.append(number)
        if on_progress and (done % _CHUNK == 0 or done == len(faces)):
            on_progress(done, len(faces))
    if len(faults) > allow_corrupt:
        more = f"\n  ... and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise InputError(
            f"{len(faults)} of {len(faces)} pictures cannot be read; mend or remove them, or leave "
            f"them out: data.allow_corrupt: {len(faults)} in the space, or --allow-corrupt "
            f"{len(faults)} of data check\n  " + "\n  ".join(faults[:_SHOWN]) + more
        )
    return images[: len(kept)], kept, content.hexdigest()


def _decode_in_order(
    paths: Iterable[Path], image_px: int
) -> Iterator[tuple[int, tuple[np.ndarray, bytes] | InputError]]:
    """Yield each picture in order; Pillow decodes outside the interpreter lock, so threads do."""

    def decode(path: Path) -> tuple[np.ndarray, bytes] | InputError:
        try:
            pixels = decode_image(path, image_px)
            return pixels, hashlib.sha256(path.read_bytes()).digest()
        except InputError as error:
            return error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from enumerate(pool.map(decode, paths))
