"""The ledger of a sweep: an append-only file of what happened, the only truth about it.

One event a line: a CRC-32 of what follows, a space, JSON. A line is synced to the disk before
anything is done because of it, so a sweep can be killed at any instant and goes on.
"""

import json
import os
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from facesearch.errors import InputError, StorageError

Event = dict[str, Any]


def encode(event: Event) -> bytes:
    """Return the line of an event; NaN is refused, it would be no JSON."""
    body = json.dumps(event, separators=(",", ":"), allow_nan=False).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> Event | None:
    """Return the event of a line without its line end, or None if it is not what was written."""
    checksum, _, body = line.partition(b" ")
    try:
        if checksum != b"%08x" % zlib.crc32(body):
            return None
        event = json.loads(body)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def read_events(content: bytes) -> tuple[list[Event], int]:
    """Return the events up to the first damaged line, and the bytes that they take."""
    events: list[Event] = []
    whole = 0
    for line in content.splitlines(keepends=True):
        event = decode(line[:-1]) if line.endswith(b"\n") else None
        if event is None:
            break
        events.append(event)
        whole += len(line)
    return events, whole


class MemoryLedger:
    """A ledger that is not kept, for trying a plan out."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.start_s = time.monotonic()

    def append(self, event: str, **fields: Any) -> Event:
        """Note an event."""
        self.events.append({"event": event, "t": 0.0, **fields})
        return self.events[-1]


class Ledger:
    """The open ledger of one sweep; a context manager that holds the sweep's lock."""

    def __init__(self, folder: Path) -> None:
        """Lock the sweep, read its events and drop a torn end (a copy of the file is kept).

        Raises:
            InputError: If another process has the sweep open, or the folder cannot be written.

        """
        self.folder, self.path = folder, folder / "ledger"
        self.notes: list[str] = []
        self.start_s = time.monotonic()
        self._lock = FileLock(folder / "lock")
        try:
            # not at once: `is_open` holds it for an instant
            self._lock.acquire(timeout=0.5)
        except Timeout:
            raise InputError(f"{folder}: {_holder(folder)} has this sweep open; wait.") from None
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error}).") from None
        try:
            (folder / "holder").write_text(f"process {os.getpid()} on {socket.gethostname()}")
            self.events = self._recover()
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            self._lock.release()
            raise InputError(f"{self.path}: cannot be opened ({error}).") from None

    def _recover(self) -> list[Event]:
        content = self.path.read_bytes() if self.path.exists() else b""
        events, whole = read_events(content)
        if whole < len(content):
            copy = self.path.with_name(f"ledger.corrupt-{time.time_ns()}")
            copy.write_bytes(content)
            os.truncate(self.path, whole)
            lost = content[whole:].count(b"\n") + (not content.endswith(b"\n"))
            self.notes.append(
                f"{self.path}: damaged after line {len(events)}; {lost} lines were dropped, "
                f"the file as it was is {copy.name}"
            )
        return events

    def append(self, event: str, **fields: Any) -> Event:
        """Write an event and sync it; ``t`` is added, the seconds since the ledger was opened.

        Raises:
            StorageError: If the disk is full or gone; the ledger keeps its whole lines.

        """
        entry = {"event": event, "t": round(time.monotonic() - self.start_s, 3), **fields}
        line = encode(entry)
        try:
            self._write(line)
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot be written ({error.strerror}). Nothing is lost: make room, "
                "then give the same command again."
            ) from None
        self.events.append(entry)
        return entry

    def _write(self, line: bytes) -> None:
        end = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(line) != len(line):
                raise OSError(28, "No space left on device")
            os.fsync(self._file.fileno())
        except OSError:
            os.ftruncate(self._file.fileno(), end)
            raise

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the sweep go."""
        self._file.close()
        self._lock.release()


def _holder(folder: Path) -> str:
    try:
        return (folder / "holder").read_text() or "another process"
    except OSError:
        return "another process"


def is_open(folder: Path) -> bool:
    """Whether a process has the sweep open at this moment: its lock is tried, and let go."""
    try:
        with FileLock(folder / "lock").acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # a folder that can only be read
        return False


def read_ledger(folder: Path) -> Iterator[Event]:
    """Yield the events of a sweep that another process may have open.

    Raises:
        InputError: If there is no ledger, or it cannot be read.

    """
    try:
        content = (folder / "ledger").read_bytes()
    except OSError as error:
        raise InputError(f"{folder}: is no folder of a sweep ({error.strerror}).") from None
    yield from read_events(content)[0]
