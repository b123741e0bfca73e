"""What Ray says of itself, in a file instead of on the screen.

It speaks in three ways: its C++ writes to file descriptor 2, its Python has loggers, and a thread
of it prints what the nodes report. What we and Python say to standard error stays on the screen.
"""

import io
import logging
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import ray

NAME = "ray.log"


@contextmanager
def ray_log(path: Path) -> Iterator[None]:
    """Add to the file at ``path`` whatever Ray says meanwhile; without a word there is no file."""
    with ExitStack() as undo:
        file = _File(path)
        undo.callback(file.close)
        undo.enter_context(_descriptor_into(file))
        undo.enter_context(_loggers_into(file))
        undo.enter_context(_reports_into(file))
        yield


class _File:
    """Takes text until it is closed; what a full disk does not take is lost without a word."""

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.descriptor = os.open(path, flags, 0o666)
        except OSError:
            self.descriptor = os.open(os.devnull, flags)

    def write(self, text: str) -> int:
        with suppress(OSError):
            os.write(self.descriptor, text.encode("utf-8", "replace"))
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Close it, and remove it if nothing was written."""
        with suppress(OSError):
            about = os.fstat(self.descriptor)
            os.close(self.descriptor)
            self.descriptor = -1  # a thread that is late writes into nobody's file
            if stat.S_ISREG(about.st_mode) and about.st_size == 0:
                self.path.unlink()


@contextmanager
def _descriptor_into(file: _File) -> Iterator[None]:
    """Let descriptor 2 lead into the file; Python's standard error goes on where it went."""
    before = sys.stderr
    screen = _second_stderr()
    if screen is None:  # closed, as in a service
        yield
        return
    if _descriptor_of(before) == 2:
        before.flush()
        sys.stderr = screen
    os.dup2(file.descriptor, 2)
    try:
        yield
    finally:
        screen.flush()
        os.dup2(screen.fileno(), 2)
        if sys.stderr is screen:
            sys.stderr = before
        screen.close()


def _second_stderr() -> TextIO | None:
    """Return a stream of its own to where descriptor 2 leads."""
    try:
        copy = os.dup(2)
    except OSError:
        return None
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    return os.fdopen(copy, "w", buffering=1, encoding=encoding, errors="backslashreplace")


def _descriptor_of(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError, io.UnsupportedOperation):
        return None


@contextmanager
def _loggers_into(file: _File) -> Iterator[None]:
    logger = logging.getLogger("ray")
    before, level = logger.handlers[:], logger.level
    logger.handlers[:] = [logging.StreamHandler(file)]  # Ray sets how lines look
    try:
        yield
    finally:
        logger.handlers[:] = before
        logger.setLevel(level)


@contextmanager
def _reports_into(file: _File) -> Iterator[None]:
    """Take what Ray's listening thread would print to standard output."""
    worker = ray._private.worker
    before = worker.print_to_stdstream

    def write(data: dict[str, Any], *_: Any, **__: Any) -> None:
        file.write("".join(f"({data.get('pid')}) {line}\n" for line in data["lines"]))

    worker.print_to_stdstream = write
    try:
        yield
    finally:
        worker.print_to_stdstream = before
