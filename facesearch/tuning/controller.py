"""What happens next in a sweep: the one place where it is decided. No Ray in here.

Ray runs *attempts*: a worker takes a trial up and trains it until it ends, is stopped, or dies.
Everything is written to the ledger first and then folded into the records, so what is decided
after a crash rests on the same facts.
"""

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from facesearch.errors import StorageError
from facesearch.space import SearchSpace
from facesearch.tuning.attempt import Attempt, Judge
from facesearch.tuning.budget import has_room, hopeless, spent_budget
from facesearch.tuning.decisions import Decisions
from facesearch.tuning.heard import Heard, epoch_values
from facesearch.tuning.history import apply
from facesearch.tuning.ledger import Ledger, MemoryLedger
from facesearch.tuning.records import PAUSED, RUNNING, WAITING, Observer, SweepRecord, TrialRecord
from facesearch.tuning.repeats import are_left, due
from facesearch.tuning.schedulers import Decision, Scheduler, Wake, build_scheduler
from facesearch.tuning.search import Proposer, build_proposer

_MAX_CRASHES = 2
_MAX_REFUSED_IN_A_ROW = 200


class Controller:
    """Decides for one sweep: what to start, what to stop, when it is over."""

    def __init__(
        self, space: SearchSpace, ledger: Ledger | MemoryLedger, sweep: SweepRecord,
        observers: list[Observer], judge: Judge | None = None, gpus_per_trial: float = 0.0,
    ) -> None:  # fmt: skip
        """Take a sweep up whose ledger may hold events already."""
        self.space, self.ledger, self.sweep, self.judge = space, ledger, sweep, judge
        self.observers, self.gpus_per_trial = observers, gpus_per_trial
        self.search = space.settings.search
        self.scheduler: Scheduler = build_scheduler(self.search, space)
        self.proposer: Proposer = build_proposer(space)
        self.fatal: StorageError | None = None
        self.halted = ""
        self.remark = ""
        self._decisions = Decisions(self.scheduler, sweep)
        self._is_exhausted = False
        self.heard = Heard()
        self._replay()

    def _replay(self) -> None:
        """Rebuild the records and what the sampler knows from the ledger, event by event."""
        last_epoch = {
            e["trial"]: i for i, e in enumerate(self.ledger.events) if e["event"] == "epoch"
        }
        for place, event in enumerate(self.ledger.events):
            apply(self.sweep, event)
            kind = event["event"]
            if kind == "epoch" and last_epoch[event["trial"]] == place:
                self._decided(self.sweep.trials[event["trial"]])
            if kind == "drawn":
                self.proposer.drawn(event["draw"], event["point"])
            elif kind == "refused":
                self.proposer.refused(event["draw"], event["point"], event["excess"])
            elif kind == "ended":
                self._observe(self.sweep.trials[event["trial"]])
            elif kind == "learned":
                self.proposer.learn(TrialRecord(**event["trial"]))

    def _decided(self, trial: TrialRecord) -> Decision:
        """Return what follows from the last epoch of a trial: see `Decisions`."""
        is_whole = trial.epochs >= self.sweep.max_epochs
        return Decision.GO if is_whole else self._decisions.after_epoch(trial)

    def _observe(self, trial: TrialRecord) -> None:
        if trial.repeat_of is None:  # the sampler knows each point once
            self.proposer.ended(trial)

    def _note(self, event: str, **fields: Any) -> None:
        apply(self.sweep, self.ledger.append(event, **fields))

    def _tell(self, what: str, trial: TrialRecord) -> None:
        for observer in self.observers:
            with contextlib.suppress(OSError):  # a terminal that is gone stops no sweep
                getattr(observer, what)(trial)

    # --- what to start -------------------------------------------------------------------

    def next_attempt(self) -> Attempt | None:
        """Return what a free worker should do now, or None for nothing (yet).

        First what was interrupted, then what the scheduler wakes, then new points; when the search
        has ended, the repeats.
        """
        if self.should_halt():
            return None
        return self._resumed() or self._woken() or self._new() or self._repeated()

    def _resumed(self) -> Attempt | None:
        for trial in list(self.sweep.trials.values()):
            if trial.repeat_of is None and self.is_closed:
                continue
            if trial.outcome == WAITING and not self._settled(trial):
                return self._start(trial)
        return None

    def _settled(self, trial: TrialRecord) -> bool:
        """Catch up on a decision that a crash prevented; return whether it stopped the trial."""
        if not trial.curve or trial.woken_epochs == trial.epochs:
            return False
        return not self._decide(trial)

    def _wake(self) -> Wake | None:
        search = self.sweep.without_repeats()
        return None if self.is_closed else self.scheduler.wake(search, can_draw=self.can_draw)

    def _woken(self) -> Attempt | None:
        wake = self._wake()
        if wake is None:
            return None
        self._note("woken", trial=wake.trial, point=wake.point, parent=wake.parent)
        return self._start(self.sweep.trials[wake.trial])

    def _new(self) -> Attempt | None:
        reason = ""
        for _ in range(_MAX_REFUSED_IN_A_ROW):
            if not self.can_draw:
                return None
            draw = len(self.sweep.searched()) + len(self.sweep.refused)
            point = self.proposer.propose(draw)
            if point is None:
                self._is_exhausted = True
                return None
            excess = dict(self.judge.excess(point)) if self.judge else {}
            if not excess:
                number = len(self.sweep.trials)
                self._note("drawn", trial=number, draw=draw, point=point)
                self.proposer.drawn(draw, point)
                return self._start(self.sweep.trials[number])
            reason = self.judge.reason(excess, point) if self.judge else ""
            self._note("refused", draw=draw, point=point, excess=excess)
            self.proposer.refused(draw, point, excess)
        self._is_exhausted = True  # what runs may end
        self.remark = f"{_MAX_REFUSED_IN_A_ROW} points in a row are beyond the limits: {reason}"
        return None

    def _repeated(self) -> Attempt | None:
        """Begin a repeat, once nothing of the search is at work."""
        if any(t.outcome == RUNNING for t in self.sweep.searched()) or not due(self.sweep):
            return None
        number, (trial, seed_offset) = len(self.sweep.trials), due(self.sweep)[0]
        self._note("repeated", trial=number, of=trial.number, seed_offset=seed_offset,
                   point=trial.point)  # fmt: skip
        return self._start(self.sweep.trials[number])

    def _start(self, trial: TrialRecord) -> Attempt:
        self._note("started", trial=trial.number, attempt=trial.attempts + 1)
        self.heard.note(trial.number)
        self._tell("trial_started", trial)
        parent = trial.parent if trial.woken_epochs == trial.epochs else None
        at = trial.epochs
        return Attempt(trial.number, trial.attempts, trial.point, at, parent, trial.seed_offset)

    @property
    def can_draw(self) -> bool:
        """Whether new trials may still be drawn."""
        is_stopped = self.halted or self._is_exhausted or self.is_closed
        return not is_stopped and has_room(self.sweep.without_repeats(), self.search)

    # --- what became of it ---------------------------------------------------------------

    def report(self, trial_number: int, attempt: int, report: Mapping[str, Any]) -> bool:
        """Take a worker's report; return whether it should go on.

        Args:
            trial_number: Its trial.
            attempt: Its attempt; one that was replaced meanwhile is sent home.
            report: ``epoch`` (0: it is alive), ``scores`` and metrics, or an ``outcome``.

        """
        trial = self.sweep.trials[trial_number]
        if attempt != trial.attempts or trial.outcome != RUNNING:
            return False
        self.heard.note(trial_number)
        if report.get("outcome") == "storage":
            self.fatal = self.fatal or StorageError(str(report["message"]))
            return False
        if report.get("note"):
            self._note("noted", trial=trial_number, message=str(report["note"]))
        if report.get("outcome"):
            self._end(trial, str(report["outcome"]), str(report.get("message", "")))
            return False
        epoch = int(report["epoch"])
        if epoch <= trial.epochs:
            return True  # it makes up for epochs whose checkpoint was lost
        if epoch > trial.epochs + 1:
            raise AssertionError(f"trial {trial_number} reports epoch {epoch} after {trial.epochs}")
        values = epoch_values(report)
        more = {"hits": report["hits"]} if report.get("hits") else {}
        self._note("epoch", trial=trial_number, attempt=attempt, values=values, **more)
        self._tell("epoch_done", trial)
        return self._decide(trial)

    def _decide(self, trial: TrialRecord) -> bool:
        """Let the scheduler judge a trial after an epoch, if it has not; return if it goes on."""
        decision = self._decided(trial)
        if trial.epochs >= self.sweep.max_epochs:
            self._end(trial, "completed", "")
            return False
        if trial.repeat_of is None and self.is_closed:
            # it waits for a longer search: the workers are for the repeats now
            message = "the search's budget is spent"
            self._note("lost", trial=trial.number, message=message, is_counted=False)
            return False
        if decision == Decision.STOP:
            self._end(trial, "pruned", "")
        elif decision == Decision.PAUSE:
            self._note("paused", trial=trial.number)
            self._tell("trial_ended", trial)
        return decision == Decision.GO

    def lost(
        self, trial_number: int, attempt: int, message: str, *, is_counted: bool = True
    ) -> None:
        """A worker is gone before its attempt was over: once more, from the checkpoint.

        Args:
            trial_number: Its trial.
            attempt: Its attempt.
            message: What is known of the reason.
            is_counted: False where the machine went away: that is not the trial's fault.

        """
        trial = self.sweep.trials[trial_number]
        if attempt != trial.attempts or trial.outcome != RUNNING or self.fatal or self.halted:
            return  # when everything is stopped, nobody is to blame
        self._note("lost", trial=trial_number, message=message, is_counted=is_counted)
        if trial.crashes >= _MAX_CRASHES:
            self._end(trial, "failed", f"its worker ended {trial.crashes} times: {message}")

    def _end(self, trial: TrialRecord, outcome: str, message: str) -> None:
        self._note("ended", trial=trial.number, outcome=outcome, message=message)
        self._observe(trial)
        self._tell("trial_ended", trial)
        reason = "" if self.halted else hopeless(self.sweep.without_repeats())
        if reason:
            self.sweep.abandoned = reason
            self.halt(reason)

    # --- when it is over -----------------------------------------------------------------

    def halt(self, reason: str) -> None:
        """Start nothing more and stop what runs."""
        self.halted = self.halted or reason

    def should_halt(self) -> bool:
        """Whether everything that runs should stop now."""
        spent = self._spent_budget()
        if spent and not are_left(self.sweep):
            self.halt(spent)
        return bool(self.halted) or self.fatal is not None

    def _spent_budget(self) -> str:
        seconds = self.sweep.past_s + time.monotonic() - self.ledger.start_s
        search = self.sweep.without_repeats()
        return spent_budget(search, self.search, seconds, self.gpus_per_trial)

    @property
    def is_closed(self) -> bool:
        """Whether the search has spent a budget, so that only its repeats are still trained."""
        return bool(self.sweep.repeat_top and self._spent_budget())

    @property
    def is_over(self) -> bool:
        """Whether nothing runs and nothing will; paused trials that nobody wakes are pruned."""
        states = {trial.outcome for trial in self.sweep.trials.values()}
        if RUNNING in states:
            return False
        if self.should_halt():
            return True
        can_wake = self._wake() is not None
        if WAITING in states or self.can_draw or can_wake or are_left(self.sweep):
            return False
        for trial in self.sweep.trials.values():
            if trial.outcome == PAUSED:
                self._end(trial, "pruned", "")
        return True

    def overdue(self, stall_s: float) -> list[TrialRecord]:
        """Return the running trials of which nothing was heard for so many seconds."""
        return self.heard.silent(self.sweep.trials.values(), stall_s)
