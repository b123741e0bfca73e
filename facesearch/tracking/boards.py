"""Sweeps and their trials as an MLflow store holds them; nothing is written there."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from facesearch.tracking.agenda import SWEEP
from facesearch.tracking.rows import (
    REPEAT_OF,
    Board,
    Final,
    Row,
    Value,
    figures_of,
    in_order,
    plain_value,
)
from facesearch.tracking.runs import find_runs
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling
from facesearch.tuning.records import INTERRUPTED, OUTCOMES, present_word, status_word

_MOVED = "facesearch.point"


@dataclass(frozen=True)
class SweepRun:
    """The parent run of a sweep."""

    run: Any

    @property
    def names(self) -> list[str]:
        """Under which it is known: its folder, its name."""
        tags = self.run.data.tags
        names = tags.get("facesearch.folder"), tags.get("mlflow.runName")
        return [name for name in names if name] or [str(self.run.info.run_id)]

    @property
    def sweep_id(self) -> str:
        """Its id, which its trials have too."""
        return str(self.run.data.tags.get("facesearch.sweep_id", ""))

    @property
    def started_s(self) -> float:
        """Seconds since 1970."""
        return float(self.run.info.start_time) / 1000


class StoreReader:
    """Reads what our experiment in a store holds.

    Raises:
        InputError: Here or later, if the store does not answer, or nobody has written it.

    """

    def __init__(self, store: Store) -> None:
        self.store = store
        with telling(store):
            self.client = store.reader()
            experiment = store.experiment(self.client)
        self.experiment = "" if experiment is None else str(experiment.experiment_id)

    def runs(self, condition: str, limit: int = 0) -> list[Any]:
        """Return our runs for which a condition holds, in MLflow's words; the newest first."""
        found: list[Any] = []
        token: str | None = None
        while self.experiment:
            with telling(self.store):
                page = self.client.search_runs(
                    [self.experiment], condition, max_results=min(limit or 1000, 1000),
                    order_by=["attributes.start_time DESC"], page_token=token,
                )  # fmt: skip
            found += page
            token = page.token
            if not token or (limit and len(found) >= limit):
                break
        return found

    def sweeps(self) -> list[SweepRun]:
        """Return all sweeps, the newest first."""
        return [SweepRun(run) for run in self.runs("tags.`facesearch.kind` = 'sweep'")]

    def board(self, sweep: SweepRun) -> Board:
        """Return a sweep with its trials and its final models."""
        with telling(self.store):
            found = find_runs(self.client, self.experiment, sweep.sweep_id)
        found.pop(SWEEP, None)
        firsts = [min(runs, key=_age) for runs in found.values()]
        rows = sorted((self.row(run) for run in firsts), key=lambda row: row.trial)
        info, tags = sweep.run.info, sweep.run.data.tags
        facts = {"run": str(info.run_id), "status": status_word(str(info.status))}
        if "facesearch.best_run_id" in tags:
            facts["best run"] = tags["facesearch.best_run_id"]
        return Board(
            sweep.names[0], sweep.sweep_id, f"MLflow at {self.store.place}", sweep.started_s, rows,
            self.finals({row.run_id for row in rows}), facts,
        )  # fmt: skip

    def row(self, run: Any) -> Row:
        """Return a trial's run as a row."""
        tags, metrics = run.data.tags, dict(run.data.metrics)
        outcome = present_word(tags.get("facesearch.outcome", "running"))
        return Row(
            run_id=str(run.info.run_id),
            sweep=tags.get("facesearch.folder", ""),
            trial=int(tags.get("facesearch.trial", -1)),
            outcome=outcome,
            epochs=self._epochs(run, outcome),
            score=metrics.get("score"),
            started_s=run.info.start_time / 1000,
            params=params_of(run),
            metrics=metrics,
            repeat_of=repeat_of(tags),
        )

    def _epochs(self, run: Any, outcome: str) -> int:
        """Return finished epochs; the summary of a run that goes on is old, or not there yet."""
        summed = run.data.metrics.get("epochs")
        if outcome in (*OUTCOMES, INTERRUPTED) and summed is not None:
            return int(summed)
        if "score" not in run.data.metrics:
            return 0
        with telling(self.store):
            return len(self.client.get_metric_history(run.info.run_id, "score"))

    def finals(self, trial_runs: Iterable[str] | None = None) -> list[Final]:
        """Return the final models of trials, the newest first; of None: all that there are."""
        wanted = None if trial_runs is None else set(trial_runs)
        found = [final_of(run) for run in self.runs("tags.`facesearch.kind` = 'final'")]
        return [one for one in found if wanted is None or one.trial_run_id in wanted]


def repeat_of(tags: Mapping[str, str]) -> int | None:
    """Return the trial that a run repeats with another seed, by the tags of the run."""
    told = tags.get(REPEAT_OF)
    return None if told is None else int(told)


def _age(run: Any) -> tuple[int, str]:
    return run.info.start_time, run.info.run_id


def params_of(run: Any) -> dict[str, Value]:
    """Return what was searched, in the order of the space; a point that has moved is the last."""
    params = {name: plain_value(value) for name, value in run.data.params.items()}
    moved = json.loads(run.data.tags.get(_MOVED, "{}"))
    for name, value in moved.items():
        short = name.split(".")[-1]
        known = name if name in params or short not in params else short
        params[known] = plain_value(value)
    return in_order(params, run.data.tags.get("mlflow.runName", ""))


def final_of(run: Any) -> Final:
    """Return a final run with its figures."""
    tags = run.data.tags
    return Final(
        str(run.info.run_id), tags.get("mlflow.runName", ""),
        tags.get("facesearch.trial_run_id", ""), status_word(str(run.info.status)),
        run.info.start_time / 1000, figures_of(run.data.metrics),
    )  # fmt: skip
