"""What MLflow must hold of a sweep, computed from its records alone. No MLflow in here."""

import contextlib
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from facesearch.config import RunConfig, as_plain
from facesearch.tracking.charts import SCORE, Seen
from facesearch.tracking.describe import NOTE, describe_experiment, describe_sweep
from facesearch.tracking.rows import REPEAT_OF
from facesearch.tracking.view import view_tag
from facesearch.tuning.records import (
    FAILED,
    INTERRUPTED,
    OUTCOMES,
    SweepRecord,
    TrialRecord,
    short_names,
)

_STATUS = {
    "completed": "FINISHED",
    "pruned": "FINISHED",
    INTERRUPTED: "KILLED",
    **dict.fromkeys(FAILED, "FAILED"),
}
# The colour of each head's runs, in every sweep. The first eight, those of Okabe and Ito (2008)
# with a grey for black, are told apart by colour-blind people as well; of sixteen no palette is.
COLOURS = {
    "arcface": "#d55e00", "cosface": "#0072b2", "softmax": "#7f7f7f", "adaface": "#009e73",
    "magface": "#cc79a7", "subcenter_arcface": "#e69f00", "curricularface": "#56b4e9",
    "sphereface": "#b8a800", "normface": "#332288", "combined": "#882255",
    "elasticface": "#44aa99", "uniface": "#117733", "triplet": "#aa8844", "supcon": "#aa4499",
    "circle": "#6699cc", "multi_similarity": "#cc6677",
}  # fmt: skip
OTHER_COLOUR = "#444444"
# The tag of a sweep's run that tells its settings in force, as JSON; those not written are missing.
SEARCH = "facesearch.search"


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
    # tags of the experiment in which the run is
    experiment: dict[str, str] = field(default_factory=dict)


class Targets:
    """Gives the target of each run of a sweep."""

    def __init__(
        self,
        sweep: SweepRecord,
        tags: dict[str, str],
        config_of: Callable[[TrialRecord], RunConfig],
    ) -> None:
        self.sweep, self.config_of = sweep, config_of
        self.search = {key: text for key, text in tags.items() if key == SEARCH}
        own = {key: text for key, text in tags.items() if key != SEARCH}
        self.tags = {**own, "facesearch.sweep_id": sweep.sweep_id}
        self._names: dict[str, str] = {}
        self._named: set[int] = set()
        self._configs: dict[int, tuple[str, str, str]] = {}

    def of_sweep(self, *, is_closing: bool, experiment: str = "") -> Target:
        """Return the target of the parent run; ``experiment`` is the id of the one it is in."""
        sweep = self.sweep
        tags, summary, status = dict(self.search), {}, "RUNNING"
        shared: dict[str, str] = {}
        if is_closing:
            # what is only there to be read holds no run up, whatever is wrong with a trial
            with contextlib.suppress(Exception):
                folder = self.tags.get("facesearch.folder", "")
                tags[NOTE] = describe_sweep(sweep, folder, experiment)
                shared = self._of_experiment()
            best = sweep.best
            summary = {"epochs": float(sweep.epochs_spent), "trials": float(len(sweep.trials))}
            if best:
                summary["best/score"] = finite(best.score or 0.0)
            if best and best.run_id:
                tags["facesearch.best_run_id"] = best.run_id
            status = status_of(sweep, is_closing=True)
        first = {**self.tags, "facesearch.kind": "sweep", "mlflow.runName": sweep.name}
        return Target(first, tags, status, summary, [], {}, experiment=shared)

    def _of_experiment(self) -> dict[str, str]:
        """Return what the experiment tells of itself, and the comparison page of this sweep."""
        seen = []
        # a repeat would count its config twice
        for trial in sorted(self.sweep.searched(), key=lambda t: t.number):
            point, curve = dict(trial.point), list(trial.curve)
            params = {self._name(name, trial): str(value) for name, value in point.items()}
            head = self._config(trial, json.dumps(point, sort_keys=True))[1]
            score = finite(curve[-1][SCORE]) if curve else None
            metrics = frozenset(key for row in curve for key in row)
            seen.append(Seen(params, head, score, metrics))
        return dict(
            [
                (NOTE, describe_experiment()),
                ("mlflow.experiment.primaryMetric.name", SCORE),
                ("mlflow.experiment.primaryMetric.greaterIsBetter", "True"),
                view_tag(self.sweep.name, self.sweep.sweep_id, seen),
            ]
        )

    def of_trial(self, trial: TrialRecord, parent_id: str | None, *, is_closing: bool) -> Target:
        """Return the target of a trial's run."""
        # the outcome is read first: the driver sets it last, so the curve is whole with it
        outcome, point = trial.outcome, dict(trial.point)
        curve, has_ended = list(trial.curve), outcome in OUTCOMES
        if is_closing and not has_ended:
            outcome = INTERRUPTED
        text = json.dumps(point, sort_keys=True)
        config, head = self._config(trial, text)
        tags = {
            "facesearch.outcome": outcome,
            "facesearch.head": head,
            "mlflow.runColor": COLOURS.get(head, OTHER_COLOUR),
        }
        if trial.message:
            tags["facesearch.message"] = trial.message[:4000]
        first = {
            **self.tags,
            "facesearch.kind": "trial",
            "facesearch.trial": str(trial.number),
            "mlflow.runName": trial.title[:250],
        }
        if trial.repeat_of is not None:
            first[REPEAT_OF] = str(trial.repeat_of)
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
            {"facesearch.config": config},
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

    def _config(self, trial: TrialRecord, point: str) -> tuple[str, str]:
        """Return the trial's whole config as JSON, and the name of its head."""
        known = self._configs.get(trial.number)
        if known is None or known[0] != point:
            config = self.config_of(trial)
            known = point, json.dumps(as_plain(config)), config.head.type
            self._configs[trial.number] = known
        return known[1:]


def _summary(curve: list[dict[str, float]], attempts: int) -> dict[str, float]:
    summary = {"epochs": float(len(curve))}
    if curve:
        summary["best/score"] = finite(max(row["score"] for row in curve))
        summary["total_seconds"] = finite(sum(row.get("seconds", 0.0) for row in curve))
    if attempts > 1:
        summary["attempts"] = float(attempts)
    return summary


def status_of(sweep: SweepRecord, *, is_closing: bool = False) -> str:
    """Return the status of a sweep's run in MLflow's words, also where only the ledger is read."""
    if not (sweep.is_left or is_closing):
        return "RUNNING"
    if sweep.abandoned:
        return "FAILED"
    return "KILLED" if sweep.is_interrupted else "FINISHED"


def finite(value: float) -> float:
    """Return what a SQL store makes of a number, so that it can be compared when it is read."""
    number, largest = float(value), sys.float_info.max
    return math.copysign(largest, number) if math.isinf(number) else number
