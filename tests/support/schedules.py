"""Schedulers on made-up records, and on sweeps that crash and fail at random."""

import copy
import random
from collections.abc import Callable
from typing import Any

from facesearch.config.sweep import SchedulerConfig, SearchConfig
from facesearch.space import space_from_text
from facesearch.tuning.records import FAILED, PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord
from facesearch.tuning.schedulers import Decision, Scheduler, build_scheduler

GO, STOP, PAUSE = Decision.GO, Decision.STOP, Decision.PAUSE
SPACE = space_from_text("optim: {lr: {log_uniform: [0.01, 1]}}")
# (trial, epoch) to its scores
Course = Callable[[int, int], tuple[float, ...]]


def scheduler(type_: str, **settings: Any) -> Scheduler:
    return build_scheduler(SearchConfig(scheduler=SchedulerConfig(type=type_, **settings)), SPACE)


def row(*scores: float) -> dict[str, float]:
    first, *more = scores
    return {"score": first, **{f"score_{i}": v for i, v in enumerate(more, 1)}}


def trial(number: int, *scores: float, outcome: str = RUNNING) -> TrialRecord:
    return TrialRecord(number, {}, curve=[row(s) for s in scores], outcome=outcome)


def sweep_of(*trials: TrialRecord, max_epochs: int = 27, planned: int = 99) -> SweepRecord:
    return SweepRecord("s", planned, max_epochs, trials={t.number: t for t in trials})


class Simulation:
    """A sweep as the controller drives it, with workers of random speed and trials that fail."""

    def __init__(
        self, type_: str, course: Course, trials: int = 12, max_epochs: int = 9, *,
        workers: int = 1, seed: int = 0, fail: float = 0.0, crash: float = 0.0, **settings: Any,
    ) -> None:  # fmt: skip
        self.build = lambda: scheduler(type_, **settings)
        self.course, self.workers, self.fail, self.crash = course, workers, fail, crash
        self.rng = random.Random(seed)
        self.sweep = SweepRecord("s", trials, max_epochs)
        self.scheduler = self.build()

    def run(self) -> SweepRecord:
        sweep = self.sweep
        for _ in range(20 * sweep.planned_trials * sweep.max_epochs):
            if self.rng.random() < self.crash:
                self._crash()
            while len(self._in(RUNNING)) < self.workers and self._start():
                pass
            running = self._in(RUNNING)
            if not running:
                for t in self._in(PAUSED):
                    t.outcome = "pruned"
                return sweep
            self._train(self.rng.choice(running))
        raise AssertionError("it does not end")

    def _in(self, state: str) -> list[TrialRecord]:
        return [t for t in self.sweep.trials.values() if t.outcome == state]

    def _start(self) -> bool:
        for t in self._in(WAITING):
            # a crash came between the epoch and its decision
            if t.curve and t.woken_epochs != t.epochs and not self._decide(t):
                continue
            t.outcome = RUNNING
            return True
        can_draw = len(self.sweep.trials) < self.sweep.planned_trials
        wake = self._ask(lambda: self.scheduler.wake(self.sweep, can_draw=can_draw))
        if wake is not None:
            t = self.sweep.trials[wake.trial]
            assert t.outcome == PAUSED
            t.outcome, t.woken_epochs, t.parent = RUNNING, t.epochs, wake.parent
            t.point = wake.point or t.point
            return True
        if can_draw:
            number = len(self.sweep.trials)
            self.sweep.trials[number] = TrialRecord(number, {"optim.lr": 0.1}, outcome=RUNNING)
        return can_draw

    def _train(self, t: TrialRecord) -> None:
        if self.rng.random() < self.fail:
            t.outcome = self.rng.choice(FAILED)
            return
        t.curve.append(row(*self.course(t.number, t.epochs + 1)))
        if self.rng.random() < self.crash:
            t.outcome = WAITING
        else:
            self._decide(t)

    def _decide(self, t: TrialRecord) -> bool:
        if t.epochs == self.sweep.max_epochs:
            t.outcome = "completed"
            return False
        decision = self._ask(lambda: self.scheduler.after_epoch(self.sweep, t))
        t.outcome = {GO: t.outcome, STOP: "pruned", PAUSE: PAUSED}[decision]
        return decision == GO

    def _ask(self, question: Callable[[], Any]) -> Any:
        """Ask twice, and after a restart: the answer is the same and nothing has changed."""
        if self.rng.random() > 0.1:  # a copy takes long
            return question()
        before = copy.deepcopy(self.sweep)
        answer = question()
        self.scheduler = self.build()
        assert question() == answer
        assert self.sweep == before
        return answer

    def _crash(self) -> None:
        for t in self._in(RUNNING):
            t.outcome = WAITING


def dice(seed: int, objectives: int = 1) -> Course:
    def course(number: int, epoch: int) -> tuple[float, ...]:
        rng = random.Random(f"{seed}/{number}/{epoch}")
        return tuple(rng.choice([rng.random(), 0.5]) for _ in range(objectives))

    return course
