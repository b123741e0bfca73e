"""The one writer to MLflow: a thread that takes events and never holds the sweep up.

Parent run = sweep, child run = trial. A store that fails is told of once; the sweep goes on.
"""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from mlflow.entities import Metric, Param, RunTag

from facesearch.config import RunConfig, as_plain
from facesearch.errors import InputError
from facesearch.tracking.store import Store
from facesearch.tuning.records import SweepRecord, TrialRecord, short_names

_STATUS = {"completed": "FINISHED", "pruned": "FINISHED", "killed": "KILLED"}


class Tracker:
    """Writes one sweep to MLflow, as an observer of it."""

    def __init__(
        self,
        store: Store,
        sweep: SweepRecord,
        tags: dict[str, str],
        config_of: Callable[[TrialRecord], RunConfig],
        on_failure: Callable[[str], None],
    ) -> None:
        """Open the sweep's run; nothing is raised when the store does not answer.

        Args:
            store: Where to write.
            sweep: The sweep that is watched.
            tags: Provenance, put on every run.
            config_of: Gives the complete config of a trial.
            on_failure: Called once, with the reason, if the store fails.

        """
        self.store, self.sweep, self.tags = store, sweep, tags
        self.config_of, self.on_failure = config_of, on_failure
        self.names: dict[str, str] = {}
        self.parent_id: str | None = None
        self._has_failed = False
        self._events: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="mlflow-writer", daemon=True)
        self._thread.start()
        self._events.put(self._open)

    def trial_started(self, trial: TrialRecord) -> None:
        """Open the trial's run."""
        self._events.put(lambda: self._open_trial(trial))

    def epoch_done(self, trial: TrialRecord) -> None:
        """Add one point to each of the trial's curves."""
        epoch, values = trial.epochs, dict(trial.curve[-1])
        self._events.put(lambda: self._log_epoch(trial, epoch, values))

    def trial_ended(self, trial: TrialRecord) -> None:
        """Write the summary and close the trial's run."""
        self._events.put(lambda: self._close_trial(trial))

    def close(self, timeout_s: float = 60.0) -> None:
        """Close the sweep's run and wait until everything is written."""
        self._events.put(self._close)
        self._events.put(None)
        self._thread.join(timeout_s)

    # --- in the writer's thread ---------------------------------------------------------

    def _work(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                event()
            except Exception as error:  # a tracking failure never kills a sweep
                if not self._has_failed:
                    self._has_failed = True
                    self.on_failure(f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")

    def _open(self) -> None:
        self.client = self.store.client()
        self.experiment = self.store.experiment_id(self.client)
        tags = {**self.tags, "facesearch.kind": "sweep", "mlflow.runName": self.sweep.name}
        self.parent_id = self.client.create_run(self.experiment, tags=tags).info.run_id

    def _open_trial(self, trial: TrialRecord) -> None:
        tags = {
            **self.tags,
            "facesearch.kind": "trial",
            "facesearch.trial_id": trial.trial_id,
            "facesearch.config": json.dumps(as_plain(self.config_of(trial))),
            "mlflow.runName": trial.title[:250],
        }
        if self.parent_id:
            tags["mlflow.parentRunId"] = self.parent_id
        run = self.client.create_run(self.experiment, tags=tags)
        trial.run_id = run.info.run_id
        for name, short in short_names([trial.point]).items():
            self.names.setdefault(name, short if short not in self.names.values() else name)
        params = [Param(self.names[name], str(value)) for name, value in trial.point.items()]
        self.client.log_batch(trial.run_id, params=params)

    def _log_epoch(self, trial: TrialRecord, epoch: int, values: dict[str, float]) -> None:
        if trial.run_id:
            self.client.log_batch(trial.run_id, metrics=_metrics(values, epoch))

    def _close_trial(self, trial: TrialRecord) -> None:
        if not trial.run_id:
            return
        summary: dict[str, float] = {"epochs": trial.epochs}
        if trial.curve:
            summary["best/score"] = max(c["score"] for c in trial.curve)
            summary["seconds"] = sum(c["seconds"] for c in trial.curve)
        tags = [RunTag("facesearch.outcome", trial.outcome)]
        if trial.message:
            tags.append(RunTag("facesearch.message", trial.message[:4000]))
        self.client.log_batch(trial.run_id, metrics=_metrics(summary, 0), tags=tags)
        self.client.set_terminated(trial.run_id, _STATUS.get(trial.outcome, "FAILED"))

    def _close(self) -> None:
        if self.parent_id is None:
            return
        best = self.sweep.best
        summary = {"epochs": float(self.sweep.epochs_spent), "trials": len(self.sweep.trials)}
        if best and best.run_id:
            self.client.set_tag(self.parent_id, "facesearch.best_run_id", best.run_id)
            summary["best/score"] = best.score or 0.0
        self.client.log_batch(self.parent_id, metrics=_metrics(summary, 0))
        status = "KILLED" if self.sweep.is_interrupted else "FINISHED"
        self.client.set_terminated(self.parent_id, status)


def _metrics(values: dict[str, float], step: int) -> list[Metric]:
    now_ms = int(time.time() * 1000)
    return [Metric(key, float(value), now_ms, step) for key, value in values.items()]


@contextlib.contextmanager
def single_run(store: Store, name: str, tags: dict[str, str]) -> Iterator[tuple[Any, str]]:
    """Open one run that is no trial, such as a final training; it ends with the block.

    Yields:
        The client and the run's id.

    Raises:
        InputError: If the store does not answer.

    """
    client = store.client()
    try:
        experiment = store.experiment_id(client)
        run = client.create_run(experiment, tags={**tags, "mlflow.runName": name})
    except Exception as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(f"MLflow at {store.uri} does not answer: {reason}") from None
    status = "FAILED"
    try:
        yield client, str(run.info.run_id)
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        client.set_terminated(run.info.run_id, status)
