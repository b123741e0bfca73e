"""What Ray says of itself, in a file instead of on the screen.

It speaks in three ways: its C++ writes to file descriptor 2, its Python has loggers, and a thread
of it prints what the nodes report. What we and Python say to standard error stays on the screen.
"""

import io
import logging
import os
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
        file = undo.enter_context(_opened(path))
        undo.callback(_drop_if_empty, path)
        undo.enter_context(_descriptor_into(file))
        undo.enter_context(_loggers_into(file))
        undo.enter_context(_reports_into(file))
        yield


def _opened(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a", buffering=1, encoding="utf-8", errors="replace")
    except OSError:  # a full disk is told by what writes of more weight
        return Path(os.devnull).open("a", encoding="utf-8")


def _drop_if_empty(path: Path) -> None:
    with suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()


@contextmanager
def _descriptor_into(file: TextIO) -> Iterator[None]:
    """Let descriptor 2 lead into the file; Python's standard error goes on where it went."""
    before = sys.stderr
    screen = _second_stderr()
    if screen is None:  # closed, as in a service
        yield
        return
    if _descriptor_of(before) == 2:
        before.flush()
        sys.stderr = screen
    os.dup2(file.fileno(), 2)
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


class _Quiet(logging.StreamHandler[TextIO]):
    """Writes records; of a full disk it says nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """The words are lost."""


@contextmanager
def _loggers_into(file: TextIO) -> Iterator[None]:
    logger = logging.getLogger("ray")
    before, level = logger.handlers[:], logger.level
    logger.handlers[:] = [_Quiet(file)]  # Ray sets how lines look
    try:
        yield
    finally:
        logger.handlers[:] = before
        logger.setLevel(level)


@contextmanager
def _reports_into(file: TextIO) -> Iterator[None]:
    """Take what Ray's listening thread would print to standard output."""
    worker = ray._private.worker
    before = worker.print_to_stdstream

    def write(data: dict[str, Any], *_: Any, **__: Any) -> None:
        with suppress(OSError, ValueError):  # a full disk; a thread that outlives the session
            file.writelines(f"({data.get('pid')}) {line}\n" for line in data["lines"])

    worker.print_to_stdstream = write
    try:
        yield
    finally:
        worker.print_to_stdstream = before
