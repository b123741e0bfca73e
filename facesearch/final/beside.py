"""Members beside each other: a process each, with a GPU or an equal part of the cores of its own.

On a CPU this trains more in the same time, since one network keeps several cores busy badly; with
several GPUs each member has one. A process writes the same files as a training in this one would,
so whoever is killed, the same command goes on.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from facesearch.errors import (
    ClusterError,
    FacesearchError,
    InputError,
    KilledError,
    StorageError,
    TrialFailure,
)

# Errors of ours that a process may end with, by name: they do not survive pickling.
_KINDS: dict[str, Callable[[str], FacesearchError]] = {
    kind.__name__: kind for kind in (InputError, StorageError, ClusterError, KilledError)
}
Tell = Callable[[str, Any], None]
# What a process does: with its number and a way to tell; it is sent there by pickle.
Work = Callable[[int, Tell], None]


@dataclass(frozen=True)
class _Child:
    number: int
    slot: int
    process: Any
    connection: Connection


def run_beside(
    numbers: list[int], at_once: int, work: Work, tell: Tell
) -> dict[int, FacesearchError]:
    """Do ``work`` for each number, up to ``at_once`` of them at a time.

    Args:
        numbers: One for each process.
        at_once: A count.
        work: What is done; whatever it tells is passed on, in this thread.
        tell: Called with a kind and what is told.

    Returns:
        The error of each that ended with one of ours.

    Raises:
        KilledError: If a process was killed, as by a system that ran out of memory; the others
            are stopped.
        RuntimeError: If one ended with a bug, which it has printed.

    """
    waiting, failures = list(numbers), {}
    slots = list(range(min(at_once, len(numbers))))
    threads = max(1, torch.get_num_threads() // max(1, len(slots)))
    running: list[_Child] = []
    try:
        while waiting or running:
            while waiting and slots:
                running.append(_start(waiting.pop(0), slots.pop(0), threads, work))
            for connection in wait([child.connection for child in running]):
                child = next(c for c in running if c.connection is connection)
                try:
                    kind, told = child.connection.recv()
                except EOFError:
                    _end(child)
                    running.remove(child)
                    slots.append(child.slot)
                    continue
                if kind == "error":
                    failures[child.number] = _error(*told)
                else:
                    tell(kind, told)
    finally:
        for child in running:
            child.process.terminate()
            child.process.join()
    return failures


def _start(number: int, slot: int, threads: int, work: Work) -> _Child:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_child, args=(number, slot, threads, os.getpid(), work, theirs), daemon=True
    )
    process.start()
    theirs.close()  # so that the end of the process is the end of the pipe
    return _Child(number, slot, process, ours)


def _end(child: _Child) -> None:
    child.process.join()
    child.connection.close()
    code = child.process.exitcode
    if code and code < 0:
        raise KilledError(
            f"the process of member {child.number + 1} was killed by signal {-code}. Nothing is "
            "lost: the same command again goes on; with less --at-once it needs less memory."
        )
    if code:
        raise RuntimeError(f"the process of member {child.number + 1} ended with {code}")


def _child(
    number: int, slot: int, threads: int, parent: int, work: Work, connection: Connection
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends this one
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    torch.set_num_threads(threads)
    if torch.cuda.is_available():
        torch.cuda.set_device(slot % torch.cuda.device_count())

    def tell(kind: str, told: Any) -> None:
        connection.send((kind, told))

    try:
        work(number, tell)
    except FacesearchError as error:
        tell("error", (type(error).__name__, getattr(error, "outcome", ""), str(error)))


def _die_with(parent: int) -> None:
    """End this process when the command that began it is no more, as after `kill -9`."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _error(kind: str, outcome: str, message: str) -> FacesearchError:
    if kind == "TrialFailure":
        return TrialFailure(outcome, message)
    return _KINDS.get(kind, FacesearchError)(message)
