"""From Ray Tune's events to our records. An error in here must never end a sweep."""

from typing import Any

from ray import tune

from facesearch.tuning.records import FAILED, RUNNING, Observer, SweepRecord, TrialRecord

_KEPT = ("train/", "val/", "cost/")


class SweepCallback(tune.Callback):
    """Keeps the sweep's records and tells the observers."""

    def __init__(self, sweep: SweepRecord, observers: list[Observer]) -> None:
        self.sweep, self.observers = sweep, observers

    def __reduce__(self) -> tuple[Any, ...]:
        """Ray pickles its callbacks into a state file that we never read; leave a blank one."""
        return SweepCallback, (SweepRecord(self.sweep.name, 0, 0), [])

    def __deepcopy__(self, memo: dict[int, Any]) -> "SweepCallback":
        return self

    def _record(self, trial: Any) -> TrialRecord:
        known = self.sweep.trials
        if trial.trial_id not in known:
            record = TrialRecord(len(known), trial.trial_id, dict(trial.config))
            known[trial.trial_id] = record
            self._tell("trial_started", record)
        return known[trial.trial_id]

    def _tell(self, event: str, record: TrialRecord) -> None:
        for observer in self.observers:
            getattr(observer, event)(record)

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Open a record."""
        self._record(trial)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Add an epoch, or learn how the trial failed."""
        record = self._record(trial)
        if result.get("outcome"):
            record.outcome, record.message = result["outcome"], str(result.get("message", ""))
            return
        if result["epoch"] <= record.epochs:
            return
        keys = [k for k in result if k.startswith(_KEPT) or k in ("score", "seconds")]
        record.curve.append({k: float(result[k]) for k in keys})
        self._tell("epoch_done", record)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Name the outcome of a trial that Ray ended: trained through, or stopped early."""
        record = self._record(trial)
        if record.outcome == RUNNING:
            is_whole = record.epochs >= self.sweep.max_epochs
            record.outcome = "completed" if is_whole else "pruned"
        self._tell("trial_ended", record)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A worker died: the trial failed, the sweep goes on."""
        record = self._record(trial)
        if record.outcome not in FAILED:
            record.outcome = "failed"
            record.message = record.message or "its worker process ended"
        self._tell("trial_ended", record)

    def end_unfinished(self) -> None:
        """Name the outcome of trials that still ran when the sweep ended."""
        for record in self.sweep.trials.values():
            if record.outcome == RUNNING:
                record.outcome = "killed"
                self._tell("trial_ended", record)
