"""One trial, in a Ray worker: fill the point, train, report each epoch. It writes nothing else."""

import gc
import math
import traceback
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from ray import tune

from facesearch.config import DataConfig, absolute_root
from facesearch.data.faces import Faces, load_faces
from facesearch.errors import TrialFailure
from facesearch.space import SearchSpace
from facesearch.training.fit import fit, network_costs
from facesearch.yaml_text import parse_yaml


@dataclass(frozen=True)
class TrialTask:
    """What every trial of a sweep needs beside its point; small, and the same for all."""

    space_text: str
    source: str
    root: str | None
    cpus: int

    def __call__(self, point: dict[str, Any]) -> None:
        """Train one point and report every epoch to Ray Tune.

        A failure is an outcome, not an exception: Ray would try the same point again.
        """
        epoch = 0
        try:
            _reset_worker(self.cpus)
            space = _space(self.space_text, self.source)
            config = absolute_root(space.config(point), self.root)
            faces = _faces(config.data)
            for result in fit(config, faces):
                epoch = result.epoch
                score = space.settings.search.score(result.metrics)
                if not math.isfinite(score):
                    raise TrialFailure("diverged", f"the score is {score} after epoch {epoch}")
                metrics = {**result.metrics, "seconds": result.seconds}
                tune.report({"epoch": epoch, "score": score, "outcome": "", **metrics})
        except TrialFailure as failure:
            self._report_failure(point, epoch, failure.outcome, str(failure))
        except torch.OutOfMemoryError as error:
            self._report_failure(point, epoch, "out_of_memory", str(error))
        except Exception as error:
            text = f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"
            self._report_failure(point, epoch, "failed", text)

    def _report_failure(
        self, point: dict[str, Any], epoch: int, outcome: str, message: str
    ) -> None:
        """Report a score that is finite, so that Optuna learns from it and ASHA stops the trial."""
        space = _space(self.space_text, self.source)
        try:
            costs = network_costs(space.config(point))
        except Exception:
            costs = {}  # what failed was the network itself
        score = space.settings.search.least_score(costs)
        report = {"epoch": epoch + 1, "score": score, "outcome": outcome, "message": message}
        tune.report(report)


def _reset_worker(cpus: int) -> None:
    """Leave nothing of the trial that this process ran before."""
    gc.collect()
    torch.set_num_threads(cpus)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


@lru_cache(maxsize=2)
def _space(text: str, source: str) -> SearchSpace:
    # checked by the driver before any trial: 1,000 draws need not be looked at again here
    return SearchSpace(parse_yaml(text, source))


@lru_cache(maxsize=2)
def _faces(data: DataConfig) -> Faces:
    """Map the pack once a process: trials that follow find it there."""
    return load_faces(data)
