"""The checkpoints of one trial: which are kept, who may write, and from which one to go on.

    epoch-0007-a2-score0.9125.ckpt   after 7 epochs, by the second attempt at the trial
    attempt                          the number of the newest attempt: only that one may write

The score stands in the name, so that a crash cannot part it from its weights; of several
objectives all do, as in ``score0.9125_-1.7``.
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

_SCORE = r"(?:-?[\d.e+-]+|nan|-?inf)"
_NAME = re.compile(rf"epoch-(\d{{1,9}})-a(\d{{1,9}})-score({_SCORE}(?:_{_SCORE})*)\.ckpt")
_FENCE = "attempt"


class Superseded(FacesearchError):
    """A newer attempt has the trial, or nobody any more: this one may not write."""


@dataclass(frozen=True)
class _File:
    """A checkpoint by its name."""

    path: Path
    epoch: int
    attempt: int
    scores: tuple[float, ...]


class Checkpoints:
    """The checkpoints that one attempt at a trial reads and writes.

    Args:
        folder: The folder of the trial.
        attempt: The attempt's number, from 1, that the driver has claimed the folder for.

    """

    def __init__(self, folder: Path, attempt: int) -> None:
        self.folder, self.attempt = folder, attempt

    def save(self, training: Training, *scores: float) -> Path:
        """Write a checkpoint, then delete those that are not kept.

        Kept are this one, the one before it (in case this one is damaged), and the best one by each
        score. A score that no epoch changes, as a cost, keeps none more: of equals the newest is
        the best. What another attempt wrote of this epoch or later ones is deleted: that course is
        given up.

        Args:
            training: Between two epochs.
            scores: Of its last epoch, one for each objective; more is better.

        Returns:
            The file.

        Raises:
            Superseded: If the folder is claimed for another attempt, or was given up.
            StorageError: If the disk is full; the older checkpoints are whole.

        """
        self._refuse_superseded()
        epoch = training.epochs_done
        told = "_".join(repr(float(score)) for score in scores)
        name = f"epoch-{epoch:04}-a{self.attempt}-score{told}.ckpt"
        path = self.folder / name
        try:
            training.save(path)
        finally:
            # again: this process may have been stopped while it wrote
            self._take_back_superseded(path)
        own = _File(path, epoch, self.attempt, scores)
        before = [file for file in _files(self.folder) if file.epoch < epoch]
        _keep(self.folder, {own, *before[-1:], *_best([*before, own])})
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
    """Leave only the last checkpoint of a trial that has ended, and the best by each score."""
    _unlink(folder / _FENCE)
    _remove_temporary(folder)
    files = _files(folder)
    if files:
        _keep(folder, {files[-1], *_best(files)})


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
                    epoch, attempt, told = match.groups()
                    scores = tuple(map(float, told.split("_")))
                    found.append(_File(path, int(epoch), int(attempt), scores))
    return sorted(found, key=lambda file: (file.epoch, file.attempt))


def _best(files: list[_File]) -> set[_File]:
    """Return the best file by each score; an earlier version wrote the first score alone."""
    best = set()
    for place in range(max(len(file.scores) for file in files)):
        having = [file for file in files if len(file.scores) > place]
        # NaN is the least; of equals, the newest
        best.add(max(having, key=lambda file: (_or_least(file.scores[place]), file.epoch)))
    return best


def _or_least(score: float) -> float:
    return -math.inf if math.isnan(score) else score


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
