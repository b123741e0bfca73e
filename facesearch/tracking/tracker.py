"""The one writer to MLflow: a thread that makes the store equal to the records of the sweep.

Parent run = sweep, child run = trial. Events only say who has changed; what is to be written
follows from the records (`targets.py`) and from what the store holds (`runs.py`). So nothing is
lost or doubled by a store that fails: the next try, or the next session, writes what is missing.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from mlflow.exceptions import MlflowException

from facesearch.config import RunConfig
from facesearch.tracking.agenda import SWEEP, Agenda, Key
from facesearch.tracking.runs import STEPS, Written, adopt, create, find_runs
from facesearch.tracking.store import Store
from facesearch.tracking.targets import Target, Targets
from facesearch.tracking.telling import reason_of, telling
from facesearch.tuning.records import SweepRecord, TrialRecord, trial_name


class Tracker:
    """Writes one sweep to MLflow, as an observer of it."""

    def __init__(
        self,
        store: Store,
        sweep: SweepRecord,
        tags: dict[str, str],
        config_of: Callable[[TrialRecord], RunConfig],
        on_failure: Callable[[str], None],
        on_recovery: Callable[[], None] | None = None,
    ) -> None:
        """Open the sweep's run, or find it; nothing is raised when the store does not answer.

        Args:
            store: Where to write.
            sweep: The sweep that is watched; its sweep_id is what its runs are found by.
            tags: Provenance, put on every run that is made.
            config_of: Gives the complete config of a trial.
            on_failure: Called with the reason when the store begins to fail, and for each run
                that it refuses for its content; in the writer's thread.
            on_recovery: Called when everything that had failed was written.

        Raises:
            ValueError: If the sweep has no sweep_id.

        """
        if not sweep.sweep_id:
            raise ValueError("sweep_id must not be empty: the runs of the sweep are found by it.")
        self.store, self.sweep = store, sweep
        self.on_failure, self.on_recovery = on_failure, on_recovery
        self.parent_id: str | None = None
        self._targets = Targets(sweep, tags, config_of)
        self._agenda = Agenda()
        self._client: Any = None
        self._experiment = ""
        # what is known to be in the store; the runs found there and not yet looked at;
        # those whose last call failed, so that they must be looked up
        self._written: dict[Key, Written] = {}
        self._found: dict[Key, list[Any]] | None = None
        self._doubtful: set[Key] = set()
        self._has_failed = False
        self._refused: set[tuple[Key, str]] = set()
        for key in (SWEEP, *sweep.trials):
            self._agenda.mark(key)
        threading.Thread(target=self._work, name="mlflow-writer", daemon=True).start()

    def trial_started(self, trial: TrialRecord) -> None:
        """Open the trial's run, or take it up again."""
        self._agenda.mark(trial.number)

    def epoch_done(self, trial: TrialRecord) -> None:
        """Add one point to each of the trial's curves, soon: several short epochs go together."""
        self._agenda.mark(trial.number, can_wait=True)

    def trial_ended(self, trial: TrialRecord) -> None:
        """Write the summary and close the trial's run, unless it was paused."""
        self._agenda.mark(trial.number)

    def close(self, timeout_s: float = 60.0) -> bool:
        """Write and end every run; trials that have not ended are interrupted.

        Returns:
            Whether the store holds the whole sweep. If not, another Tracker of the same sweep
            writes the rest.

        """
        is_done = self._agenda.finish([*self.sweep.trials, SWEEP], timeout_s)
        return is_done and not self._refused

    # --- in the writer's thread ---------------------------------------------------------

    def _work(self) -> None:
        for key in self._agenda.turns():
            begin_s = time.thread_time()
            try:
                self._reconcile(key)
            except Exception as error:  # a tracking failure never kills a sweep
                self._has_failed |= not self._agenda.is_closing
                if self._agenda.failed(key):
                    self._tell(reason_of(error))
            else:
                is_recovered = self._agenda.succeeded(key) and not self._agenda.is_over
                if is_recovered and self.on_recovery:
                    with contextlib.suppress(Exception):
                        self.on_recovery()
            self._agenda.spent(time.thread_time() - begin_s)

    def _tell(self, reason: str) -> None:
        with contextlib.suppress(Exception):
            self.on_failure(reason)

    def _reconcile(self, key: Key) -> None:
        if self._client is None:
            client = self.store.client()
            self._experiment = self.store.experiment_id(client)
            self._client = client
        is_closing = self._agenda.is_closing
        if is_closing and self._has_failed:
            # A call that seemed to fail may have been done later: look at everything once more.
            self._found, self._has_failed = None, False
            self._written.clear()
        if key is None or SWEEP not in self._written:
            target = self._targets.of_sweep(is_closing=is_closing, experiment=self._experiment)
            self._sync(SWEEP, target)
        if key is not None:
            trial = self.sweep.trials[key]
            target = self._targets.of_trial(trial, self.parent_id, is_closing=is_closing)
            self._sync(key, target)
            if is_closing:
                self._agenda.mark(SWEEP)  # the best trial's run may be known only now

    def _sync(self, key: Key, target: Target) -> None:
        """Make one run equal to its target."""
        try:
            written = self._written.get(key) or self._look_up(key)
            if written is None:
                written = self._attempt(key, create, self._experiment, target)
            if written is None:
                return
            self._written[key] = written
            if key is None:
                self.parent_id = written.run_id
            else:
                self.sweep.trials[key].run_id = written.run_id
            for step in STEPS:
                self._attempt(key, step, written, target)
        except Exception:
            self._written.pop(key, None)
            self._doubtful.add(key)
            raise

    def _look_up(self, key: Key) -> Written | None:
        client, sweep_id = self._client, self.sweep.sweep_id
        if self._found is None:
            self._found = find_runs(client, self._experiment, sweep_id)
            self._doubtful.clear()
        if key in self._doubtful:
            self._found.update(find_runs(client, self._experiment, sweep_id, key))
        written = adopt(client, self._found.pop(key, []))
        self._doubtful.discard(key)
        return written

    def _attempt(self, key: Key, step: Callable[..., Any], *args: Any) -> Any:
        """Do one step; one that the store refuses for its content is told of and left out."""
        name = step.__name__.removeprefix("write_")
        if (key, name) in self._refused or self._agenda.is_over:
            return None
        try:
            result = step(self._client, *args)
        except MlflowException as error:
            if error.error_code != "INVALID_PARAMETER_VALUE":
                raise
            self._refused.add((key, name))
            who = "the sweep" if key is None else f"trial {trial_name(key)}"
            self._tell(f"the {name} of {who} was refused: {reason_of(error)}")
            return None
        self._agenda.progress()
        return result


def write_sweep(
    store: Store,
    sweep: SweepRecord,
    tags: dict[str, str],
    config_of: Callable[[TrialRecord], RunConfig],
    on_failure: Callable[[str], None],
    timeout_s: float = 600.0,
) -> bool:
    """Make the store equal to a sweep that is at its end; arguments and result as of `Tracker`."""
    return Tracker(store, sweep, tags, config_of, on_failure).close(timeout_s)


@contextlib.contextmanager
def single_run(
    store: Store, name: str, tags: dict[str, str], *, run_id: str = "", saved: str = ""
) -> Iterator[tuple[Any, str]]:
    """Open one run that is no trial, such as a final training; it ends with the block.

    Args:
        store: Where.
        name: Of a new run.
        tags: Of a new run.
        run_id: A run that was cut short, to be opened again; none: a new one.
        saved: What is not lost if the store fails; it ends the message.

    Yields:
        The client and the run's id.

    Raises:
        InputError: If the store fails, here or in the block. Whatever the block raises, a store
            that cannot end the run does not hide it.

    """
    with telling(store, saved=saved):
        client = store.client()
        if run_id:
            client.update_run(run_id, status="RUNNING")
        else:
            experiment = store.experiment_id(client)
            run = client.create_run(experiment, tags={**tags, "mlflow.runName": name})
            run_id = str(run.info.run_id)
    try:
        with telling(store, saved=saved):
            yield client, run_id
    except BaseException as error:
        status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        with contextlib.suppress(Exception):
            client.set_terminated(run_id, status)
        raise
    with telling(store, saved=saved):
        client.set_terminated(run_id, "FINISHED")
