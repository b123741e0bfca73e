"""The checkpoints of one trial: which are kept, who may write, and from which one to go on.

    epoch-0007-a2-score0.9125.ckpt   after 7 epochs, by the second attempt at the trial
    attempt                          the number of the newest attempt: only that one may write

The score stands in the name, so that a crash cannot part it from its weights.
"""

import contextlib
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from facesearch.config import RunConfig
from facesearch.errors import FacesearchError, InputError
from facesearch.training.checkpoint import write_atomically
from facesearch.training.fit import Training
from facesearch.training.memory import training_bytes

_NAME = re.compile(r"epoch-(\d{1,9})-a(\d{1,9})-score(-?[\d.e+-]+|nan|-?inf)\.ckpt")
_FENCE = "attempt"


class Superseded(FacesearchError):
    """A newer attempt has the trial, or nobody any more: this one may not write."""


@dataclass(frozen=True)
class _File:
    """A checkpoint by its name."""

    path: Path
    epoch: int
    attempt: int
    score: float


class Checkpoints:
    """The checkpoints that one attempt at a trial reads and writes.

    Args:
        folder: The folder of the trial.
        attempt: The attempt's number, from 1, that the driver has claimed the folder for.

    """

    def __init__(self, folder: Path, attempt: int) -> None:
        self.folder, self.attempt = folder, attempt

    def save(self, training: Training, score: float) -> Path:
        """Write a checkpoint, then delete those that are not kept.

        Kept are this one, the one before it (in case this one is damaged), and the best one. What
        another attempt wrote of this epoch or later ones is deleted: that course is given up.

        Args:
            training: Between two epochs.
            score: Of its last epoch; more is better.

        Returns:
            The file.

        Raises:
            Superseded: If the folder is claimed for another attempt, or was given up.
            StorageError: If the disk is full; the older checkpoints are whole.

        """
        self._refuse_superseded()
        epoch = training.epochs_done
        name = f"epoch-{epoch:04}-a{self.attempt}-score{float(score)!r}.ckpt"
        path = self.folder / name
        try:
            training.save(path)
        finally:
            # again: this process may have been stopped while it wrote
            self._take_back_superseded(path)
        own = _File(path, epoch, self.attempt, score)
        before = [file for file in _files(self.folder) if file.epoch < epoch]
        _keep(self.folder, {own, *before[-1:], _best([*before, own])})
        return path

    def load(
        self, training: Training, most_epochs: int, *, is_other_config: bool = False
    ) -> list[str]:
        """Go on from the newest checkpoint that is whole and fits; from none if there is none.

        Args:
            training: A new one; its ``epochs_done`` says afterwards where it stands.
            most_epochs: Epochs that are known of the trial, a count; later ones are not loaded.
            is_other_config: As for `Training.resume`.

        Returns:
            A line for each newer checkpoint that was passed over, with the reason, and for what an
            earlier version has saved otherwise.

        """
        told: list[str] = []
        for file in reversed(_files(self.folder)):
            if file.epoch > most_epochs:
                continue
            try:
                told += training.resume(file.path, is_other_config=is_other_config)
                break
            except InputError as error:
                told.append(" ".join(str(error).split()))
        return told

    def _refuse_superseded(self) -> None:
        newest = _newest_attempt(self.folder)
        if newest != self.attempt:
            found = "nobody any more" if newest is None else f"attempt {newest}"
            raise Superseded(f"{self.folder}: belongs to {found}, not to attempt {self.attempt}.")

    def _take_back_superseded(self, path: Path) -> None:
        try:
            self._refuse_superseded()
        except Superseded:
            _unlink(path)
            with contextlib.suppress(OSError):
                self.folder.rmdir()  # if nobody has it any more, writing has made it anew
            raise


def claim_next(folder: Path) -> int:
    """Claim ``folder`` for a new attempt at a trial whose attempts nobody else counts.

    Returns:
        Its number.

    Raises:
        StorageError: If it cannot be written.

    """
    attempt = (_newest_attempt(folder) or 0) + 1
    claim(folder, attempt)
    return attempt


def claim(folder: Path, attempt: int) -> None:
    """Let only ``attempt`` write into ``folder`` from now on; it is made if it is missing.

    What killed writers have left is deleted here, and not by `Checkpoints.load`: another trial may
    load from a folder whose own trial is writing.

    Raises:
        Superseded: If a newer attempt has it already; this one began late.
        StorageError: If it cannot be written.

    """
    newest = _newest_attempt(folder)
    if newest is not None and newest > attempt:
        raise Superseded(f"{folder}: belongs to attempt {newest}, not to attempt {attempt}.")
    write_atomically(folder / _FENCE, str(attempt).encode())
    _remove_temporary(folder)


def forget(folder: Path) -> None:
    """Delete all of a trial that will not go on; who still runs it may not write any more."""
    _unlink(folder / _FENCE)
    shutil.rmtree(folder, ignore_errors=True)


def keep_final(folder: Path) -> None:
    """Leave only the best and the last checkpoint of a trial that has ended."""
    _unlink(folder / _FENCE)
    _remove_temporary(folder)
    files = _files(folder)
    if files:
        _keep(folder, {files[-1], _best(files)})


def size_bytes(config: RunConfig, num_identities: int) -> int:
    """Return the bytes of one checkpoint, without its few kB of names; nothing is allocated.

    Args:
        config: The training run.
        num_identities: Those that are trained on.

    """
    return training_bytes(config, num_identities).stored


def _newest_attempt(folder: Path) -> int | None:
    try:
        return int((folder / _FENCE).read_text())
    except (OSError, ValueError):
        return None


def _files(folder: Path) -> list[_File]:
    """Return the checkpoints from the oldest to the newest; other names are left alone."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            with contextlib.suppress(ValueError):
                if match is not None:
                    epoch, attempt, score = match.groups()
                    found.append(_File(path, int(epoch), int(attempt), float(score)))
    return sorted(found, key=lambda file: (file.epoch, file.attempt))


def _best(files: list[_File]) -> _File:
    # NaN is the least; of equals, the newest
    return max(files, key=lambda f: (-math.inf if math.isnan(f.score) else f.score, f.epoch))


def _keep(folder: Path, kept: set[_File]) -> None:
    names = {file.path.name for file in kept}
    for file in _files(folder):
        if file.path.name not in names:
            _unlink(file.path)


def _remove_temporary(folder: Path) -> None:
    """Delete what killed writers have left."""
    with contextlib.suppress(OSError):
        for path in folder.glob(".*.tmp"):
            _unlink(path)


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
