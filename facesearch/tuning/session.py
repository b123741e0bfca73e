"""A process takes a sweep up, and leaves it: what the ledger notes of it, and how it goes on."""

import contextlib
import os
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from facesearch.errors import InputError, StorageError
from facesearch.space import SearchSpace
from facesearch.tuning.controller import Controller
from facesearch.tuning.folder import SweepFolder, opening
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import read_ledger
from facesearch.tuning.records import TrialRecord
from facesearch.tuning.sweep import write_results

# Trials of a sweep that is extended by time alone.
_MANY = 1_000_000


@dataclass(frozen=True)
class Growth:
    """How much longer a sweep goes on than it was to: further trials, further seconds."""

    trials: int = 0
    time_s: float | None = None


def begin_session(
    space: SearchSpace, folder: SweepFolder, root: str | None, growth: Growth | None,
    learned: Sequence[TrialRecord],
) -> None:  # fmt: skip
    """Write into the ledger that a process took the sweep up, how, and for how long."""
    events, search = folder.ledger.events, space.settings.search
    before = fold(events)
    is_same_growth = growth is not None and before.growth == (growth.trials, growth.time_s)
    if growth is not None and is_same_growth and not before.is_done:
        growth = None  # the extension was interrupted: this is the same command again
    trials = max(before.planned_trials, _num_trials(space))
    time_s = before.time_s if before.is_extended else search.time_s
    if growth is not None:
        spent_s = before.past_s + before.session_s
        time_s = None if growth.time_s is None else spent_s + growth.time_s
        trials += growth.trials or _MANY
    if not before.trials:
        known = sum(event["event"] == "learned" for event in events)
        for trial in learned[known:]:
            folder.ledger.append("learned", trial=asdict(trial))
    folder.ledger.append(
        "session", pid=os.getpid(), host=socket.gethostname(), trials=trials, time_s=time_s,
        growth=None if growth is None else [growth.trials, growth.time_s],
        repeat=[search.repeat_top, search.repeat_seeds] if search.repeat_top else None,
        settings=space.settings_raw, root=root,
    )  # fmt: skip


def learned_trials(space: SearchSpace, folders: Sequence[Path]) -> list[TrialRecord]:
    """Return the ended trials of other sweeps that asked for the same score.

    Raises:
        InputError: If a sweep had another objective or another number of epochs.

    """
    objective = space.settings.search.objective
    epochs = space.first_config().train.epochs
    trials: list[TrialRecord] = []
    for folder in folders:
        opened = opening(folder)
        if (opened["objective"], opened["max_epochs"]) != (objective, epochs):
            raise InputError(
                f"--learn-from {folder}: had objective {opened['objective']} and "
                f"{opened['max_epochs']} epochs; its scores cannot be compared with {objective} "
                f"after {epochs} epochs."
            )
        trials += [t for t in fold(read_ledger(folder)).searched() if t.has_ended]
    return trials


def close_session(folder: SweepFolder, controller: Controller) -> None:
    """Note how the sweep was left, and write its results as JSON."""
    # a full disk: the ledger has it all, and the next session writes the file
    with contextlib.suppress(OSError, StorageError):
        # a budget that is spent ends a sweep, whatever was at work
        is_done = controller.fatal is None and (bool(controller.halted) or controller.is_over)
        abandoned = controller.sweep.abandoned
        folder.ledger.append("closed", is_done=is_done, abandoned=abandoned)
        write_results(controller.sweep, folder.path / "results.json")


def _num_trials(space: SearchSpace) -> int:
    """A space without holes is one training run."""
    return space.settings.search.trials if space.holes() else 1
