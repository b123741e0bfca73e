"""From the ledger's events to the records: the same steps live and after a crash."""

from collections.abc import Callable, Iterable
from typing import Any

from facesearch.tuning.ledger import Event
from facesearch.tuning.records import PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord


def fold(events: Iterable[Event]) -> SweepRecord:
    """Return the records of a sweep from all its events."""
    sweep = SweepRecord("", 0, 0)
    for event in events:
        apply(sweep, event)
    return sweep


def apply(sweep: SweepRecord, event: Event) -> None:
    """Change the records by one event; unknown ones (of a later version) change nothing."""
    step = _STEPS.get(event["event"])
    if step:
        step(sweep, event)
    sweep.session_s = max(sweep.session_s, float(event["t"]))


def _opened(sweep: SweepRecord, event: Event) -> None:
    sweep.sweep_id, sweep.name = event["sweep_id"], event["name"]
    sweep.max_epochs = event["max_epochs"]


def _session(sweep: SweepRecord, event: Event) -> None:
    """The workers of the session before are gone: what they had at hand waits for a new one."""
    sweep.past_s += sweep.session_s
    sweep.session_s = 0.0
    sweep.planned_trials, sweep.time_s = event["trials"], event["time_s"]
    for trial in sweep.trials.values():
        if trial.outcome == RUNNING:
            trial.outcome = WAITING
    sweep.is_done, sweep.abandoned = False, ""
    # what is asked once stays asked: the command after a kill need not say it again
    if event.get("repeat"):
        sweep.repeat_top, sweep.repeat_seeds = event["repeat"]
    growth = event.get("growth")
    if growth:
        sweep.is_extended, sweep.growth = True, tuple(growth)
        search = sweep.without_repeats()
        sweep.ended_before, sweep.epochs_before = len(search.ended_order), search.epochs_spent
        rows = (row for trial in search.trials.values() for row in trial.curve)
        sweep.gpu_s_before = sum(row.get("seconds", 0.0) for row in rows)


def _closed(sweep: SweepRecord, event: Event) -> None:
    sweep.is_done, sweep.abandoned = bool(event.get("is_done")), event.get("abandoned", "")


def _drawn(sweep: SweepRecord, event: Event) -> None:
    number = event["trial"]
    sweep.trials[number] = TrialRecord(number, event["point"], event["draw"])


def _repeated(sweep: SweepRecord, event: Event) -> None:
    sweep.trials[event["trial"]] = TrialRecord(
        event["trial"], event["point"], draw=-1, repeat_of=event["of"],
        seed_offset=event["seed_offset"],
    )  # fmt: skip


def _refused(sweep: SweepRecord, event: Event) -> None:
    sweep.refused[event["draw"]] = (event["point"], event["excess"])


def _started(sweep: SweepRecord, event: Event) -> None:
    trial = sweep.trials[event["trial"]]
    trial.outcome, trial.attempts = RUNNING, event["attempt"]


def _epoch(sweep: SweepRecord, event: Event) -> None:
    trial = sweep.trials[event["trial"]]
    trial.curve.append(event["values"])
    trial.hits = event.get("hits", trial.hits)


def _paused(sweep: SweepRecord, event: Event) -> None:
    sweep.trials[event["trial"]].outcome = PAUSED


def _woken(sweep: SweepRecord, event: Event) -> None:
    trial = sweep.trials[event["trial"]]
    trial.outcome, trial.woken_epochs = WAITING, trial.epochs
    if event.get("point"):
        trial.point = event["point"]
    trial.parent = event.get("parent")


def _lost(sweep: SweepRecord, event: Event) -> None:
    trial = sweep.trials[event["trial"]]
    trial.outcome, trial.message = WAITING, event["message"]
    trial.crashes += event["is_counted"]


def _ended(sweep: SweepRecord, event: Event) -> None:
    trial = sweep.trials[event["trial"]]
    trial.outcome, trial.message = event["outcome"], event["message"] or trial.message
    sweep.ended_order.append(trial.number)


def _noted(sweep: SweepRecord, event: Event) -> None:
    sweep.trials[event["trial"]].message = event["message"]


_STEPS: dict[str, Callable[[SweepRecord, dict[str, Any]], None]] = {
    "opened": _opened,
    "session": _session,
    "drawn": _drawn,
    "repeated": _repeated,
    "refused": _refused,
    "started": _started,
    "epoch": _epoch,
    "paused": _paused,
    "woken": _woken,
    "lost": _lost,
    "closed": _closed,
    "noted": _noted,
    "ended": _ended,
}
