"""One attempt of a trial, in a Ray worker: take it up, train, report each epoch."""

import faulthandler
import gc
import math
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune

from facesearch.config import DataConfig, absolute_root
from facesearch.data.faces import Faces, load_faces
from facesearch.errors import InputError, StorageError, TrialFailure
from facesearch.space import SearchSpace
from facesearch.training.fit import EpochResult, Training
from facesearch.training.memory import is_out_of_memory
from facesearch.training.retention import Checkpoints, Superseded, claim
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.repeats import config_of

# A batch is halved so often before a trial is out of memory: a sixteenth trains too slowly to win.
_MOST_MICRO_BATCHES = 8


@dataclass(frozen=True)
class TrialTask:
    """What every attempt of a sweep needs beside itself; small, and the same for all.

    space is the driver's own, with the settings in force: what was changed after its file was read
    is in it. folder is where the trials' checkpoints are, stall_s the seconds after which a silent
    worker ends itself.
    """

    space: SearchSpace
    root: str | None
    cpus: int
    folder: str
    stall_s: float

    def __call__(self, config: Mapping[str, Any]) -> None:
        """Train a trial on and report every epoch to Ray Tune.

        A failure is an outcome, not an exception: the controller decides what follows from it.
        """
        attempt = Attempt(**config)
        _report({"epoch": 0})
        try:
            _reset_worker(self.cpus)
            self._run(attempt, micro_batches=1)
        except Superseded:
            return  # another worker has this trial
        except TrialFailure as failure:
            _report({"outcome": failure.outcome, "message": str(failure)})
        except StorageError as error:
            _report({"outcome": "storage", "message": str(error)})
        except Exception as error:
            text = f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"
            _report({"outcome": "failed", "message": text})
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _run(self, attempt: Attempt, micro_batches: int) -> None:
        """Train; where the memory is too small, again from the checkpoint with smaller parts."""
        message = ""
        while True:
            reached = [attempt.epochs]
            try:
                self._train(attempt, micro_batches, reached)
                return
            except InputError as error:
                if not message:
                    raise
                # it did not fit whole, and it cannot be halved
                raise TrialFailure("out_of_memory", f"{message}; {error}") from None
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                message = str(error).partition("\n")[0] or type(error).__name__
            micro_batches *= 2
            _reset_worker(self.cpus)
            parent = attempt.parent if reached[-1] == attempt.epochs else None
            attempt = replace(attempt, epochs=max(reached), parent=parent)
            if micro_batches > _MOST_MICRO_BATCHES:
                raise TrialFailure("out_of_memory", message)

    def _train(self, attempt: Attempt, micro_batches: int, reached: list[int]) -> None:
        """Train on; ``reached`` gets every epoch that was reported."""
        config = absolute_root(config_of(self.space, attempt.point, attempt.seed_offset), self.root)
        training = Training(config, _faces(config.data), micro_batches=micro_batches)
        folder = Path(self.folder) / f"{attempt.trial:03d}"
        checkpoints = self._resume(training, attempt, folder)
        with (folder / f"stacks-a{attempt.attempt}.txt").open("w") as stacks:
            self._arm(stacks)
            for result in training.epochs():
                scores = _finite(self.space, result)
                checkpoints.save(training, *scores)
                _report(_epoch(result, scores, micro_batches))
                reached.append(result.epoch)
                self._arm(stacks)
            faulthandler.cancel_dump_traceback_later()

    def _resume(self, training: Training, attempt: Attempt, folder: Path) -> Checkpoints:
        claim(folder, attempt.attempt)
        checkpoints = Checkpoints(folder, attempt.attempt)
        passed: list[str] = []
        if attempt.parent is not None:  # population-based: another's weights, under its own config
            parent = Checkpoints(folder.with_name(f"{attempt.parent:03d}"), attempt.attempt)
            passed += parent.load(training, attempt.epochs, is_other_config=True)
        if training.epochs_done == 0:
            passed += checkpoints.load(
                training, attempt.epochs, is_other_config=attempt.parent is not None
            )
        if training.epochs_done < attempt.epochs:
            passed.append(f"goes on from epoch {training.epochs_done} of {attempt.epochs}")
        if passed:
            _report({"epoch": 0, "note": "; ".join(passed)})
        return checkpoints

    def _arm(self, stacks: Any) -> None:
        """End this process, with its stacks written down, unless an epoch ends in time."""
        faulthandler.dump_traceback_later(self.stall_s, exit=True, file=stacks)


def _report(report: dict[str, Any]) -> None:
    tune.report({"epoch": 0, "node_id": ray.get_runtime_context().get_node_id(), **report})


def _finite(space: SearchSpace, result: EpochResult) -> list[float]:
    scores = space.settings.search.scores(result.metrics)
    if not all(math.isfinite(score) for score in scores):
        raise TrialFailure("diverged", f"the score is {scores} after epoch {result.epoch}")
    return scores


def _epoch(result: EpochResult, scores: list[float], micro_batches: int) -> dict[str, Any]:
    report = {"epoch": result.epoch, "scores": scores, "seconds": result.seconds, **result.metrics}
    report |= {"micro_batches": micro_batches} if micro_batches > 1 else {}
    return report | ({"hits": result.hits} if result.hits else {})


def _reset_worker(cpus: int) -> None:
    """Leave nothing of the trial that this process ran before."""
    gc.collect()
    torch.set_num_threads(cpus)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


@lru_cache(maxsize=2)
def _faces(data: DataConfig) -> Faces:
    """Map the pack once a process: trials that follow find it there."""
    return load_faces(data)
