"""Archives of pictures, unpacked once into the cache: whole, counted, and made again if torn."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from facesearch.data.cache import cache_root, writing_to_cache

_FORMAT = 2


def unpacked(archive: Path, write: Callable[[Path], int], form: str = "") -> tuple[list[Path], int]:
    """Return the files that an archive was unpacked into, sorted, and the number of its records.

    Args:
        archive: The file; another size or time of it is another folder of the cache.
        write: Writes the pictures (``.jpg``), and what else is kept of the archive (``.json``),
            into an empty folder and returns the number of records; called only if they are not in
            the cache, or fewer or more than were written.
        form: What ``write`` makes of it; another form is another folder of the cache.

    Raises:
        InputError: If ``write`` raises it, or the cache cannot be written.

    """
    about = archive.stat()
    key = f"{_FORMAT}{form} {archive.resolve()} {about.st_size} {about.st_mtime_ns}"
    folder = cache_root() / f"unpacked-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    found = _whole(folder)
    if found is None:
        with writing_to_cache(about.st_size), FileLock(folder.with_suffix(".lock")):
            found = _whole(folder) or _build(folder, write)
    return found


def _whole(folder: Path) -> tuple[list[Path], int] | None:
    """Return what is in the cache, or None if it is not there, or not what was written."""
    try:
        told = json.loads(folder.with_suffix(".json").read_text())
        records, count = int(told["records"]), int(told["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    files = _files(folder)
    return (files, records) if len(files) == count else None


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.jpg"), *folder.glob("*/*.jpg"), *folder.glob("*.json")])


def _build(folder: Path, write: Callable[[Path], int]) -> tuple[list[Path], int]:
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    counts = folder.with_suffix(".json")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        records = write(temporary)
        # no counts while the pictures change: a reader then builds them again
        counts.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(temporary, folder)
        files = _files(folder)
        beside = counts.with_name(f"{temporary.name}.tmp")
        beside.write_text(json.dumps({"records": records, "files": len(files)}))
        os.replace(beside, counts)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.with_name(f"{temporary.name}.tmp").unlink(missing_ok=True)
    return files, records
