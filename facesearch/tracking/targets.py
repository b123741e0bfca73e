"""What MLflow must hold of a sweep, computed from its records alone. No MLflow in here."""

import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

from facesearch.config import RunConfig, as_plain
from facesearch.tuning.records import FAILED, OUTCOMES, SweepRecord, TrialRecord, short_names

_STATUS = {
    "completed": "FINISHED",
    "pruned": "FINISHED",
    "killed": "KILLED",
    **dict.fromkeys(FAILED, "FAILED"),
}


@dataclass(frozen=True)
class Target:
    """One run as it must be."""

    # given once, when the run is made
    first_tags: dict[str, str]
    # kept equal
    tags: dict[str, str]
    status: str
    # empty while there is nothing to sum up
    summary: dict[str, float]
    curve: list[dict[str, float]]
    params: dict[str, str]
    # JSON of the point, and the tags that go with it
    point: str = ""
    config: dict[str, str] | None = None


class Targets:
    """Gives the target of each run of a sweep."""

    def __init__(
        self,
        sweep: SweepRecord,
        tags: dict[str, str],
        config_of: Callable[[TrialRecord], RunConfig],
    ) -> None:
        self.sweep, self.config_of = sweep, config_of
        self.tags = {**tags, "facesearch.sweep_id": sweep.sweep_id}
        self._names: dict[str, str] = {}
        self._named: set[int] = set()
        self._configs: dict[int, tuple[str, str]] = {}

    def of_sweep(self, *, is_closing: bool) -> Target:
        """Return the target of the parent run."""
        sweep = self.sweep
        tags, summary, status = {}, {}, "RUNNING"
        if is_closing:
            best = sweep.best
            summary = {"epochs": float(sweep.epochs_spent), "trials": float(len(sweep.trials))}
            if best:
                summary["best/score"] = finite(best.score or 0.0)
            if best and best.run_id:
                tags["facesearch.best_run_id"] = best.run_id
            status = "KILLED" if sweep.is_interrupted else "FINISHED"
            status = "FAILED" if sweep.abandoned else status
        first = {**self.tags, "facesearch.kind": "sweep", "mlflow.runName": sweep.name}
        return Target(first, tags, status, summary, [], {})

    def of_trial(self, trial: TrialRecord, parent_id: str | None, *, is_closing: bool) -> Target:
        """Return the target of a trial's run."""
        # the outcome is read first: the driver sets it last, so the curve is whole with it
        outcome, point = trial.outcome, dict(trial.point)
        curve, has_ended = list(trial.curve), outcome in OUTCOMES
        if is_closing and not has_ended:
            outcome = "killed"
        tags = {"facesearch.outcome": outcome}
        if trial.message:
            tags["facesearch.message"] = trial.message[:4000]
        text = json.dumps(point, sort_keys=True)
        first = {
            **self.tags,
            "facesearch.kind": "trial",
            "facesearch.trial": str(trial.number),
            "mlflow.runName": trial.title[:250],
        }
        if parent_id:
            first["mlflow.parentRunId"] = parent_id
        return Target(
            first,
            tags,
            _STATUS.get(outcome, "RUNNING"),
            _summary(curve, trial.attempts) if has_ended or is_closing else {},
            curve,
            {self._name(name, trial): str(value) for name, value in point.items()},
            text,
            {"facesearch.config": self._config(trial, text)},
        )

    def _name(self, name: str, trial: TrialRecord) -> str:
        """Return the short name of a param: the same in every session of the sweep.

        Names are given in the order of the trials' numbers, so they do not depend on who is
        written first.
        """
        if trial.number not in self._named:
            for other in sorted(list(self.sweep.trials.values()), key=lambda t: t.number):
                self._named.add(other.number)
                for long, short in short_names([other.point]).items():
                    is_free = short not in self._names.values()
                    self._names.setdefault(long, short if is_free else long)
        return self._names.get(name, name)

    def _config(self, trial: TrialRecord, point: str) -> str:
        known = self._configs.get(trial.number)
        if known is None or known[0] != point:
            known = point, json.dumps(as_plain(self.config_of(trial)))
            self._configs[trial.number] = known
        return known[1]


def _summary(curve: list[dict[str, float]], attempts: int) -> dict[str, float]:
    summary = {"epochs": float(len(curve))}
    if curve:
        summary["best/score"] = finite(max(row["score"] for row in curve))
        summary["total_seconds"] = finite(sum(row.get("seconds", 0.0) for row in curve))
    if attempts > 1:
        summary["attempts"] = float(attempts)
    return summary


def finite(value: float) -> float:
    """Return what a SQL store makes of a number, so that it can be compared when it is read."""
    number, largest = float(value), sys.float_info.max
    return math.copysign(largest, number) if math.isinf(number) else number
