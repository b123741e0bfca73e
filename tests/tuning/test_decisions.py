"""What was decided of a trial stays decided, whatever becomes of its workers and of the driver."""

import random
from typing import Any

import pytest

from facesearch.config.sweep import SCHEDULERS
from facesearch.space import SearchSpace, space_from_text
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.decisions import Decisions
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.schedulers import Decision

EPOCHS, TRIALS, WORKERS = 9, 12, 3
SPACE = """
head: {type: arcface, scale: 16, margin_rad: {uniform: [0.0, 0.5]}}
optim: {lr: {log_uniform: [0.01, 1.0]}}
train: {epochs: 9}
search: {trials: 12, sampler: random, scheduler: {type: %s, grace_epochs: %s}, objective: %s}
"""
TWO = "[val/rank1, cost/gflops]"


def score(trial: int, epoch: int, num: int) -> list[float]:
    """Later trials are better, so that who comes late would stop who was let to go on."""
    luck = random.Random(f"{trial} {epoch}")
    return [trial + 4 * luck.random() + epoch, -luck.random() - trial / 9][:num]


class Driver:
    """Workers whose epochs end in an order of the dice; they may be lost, and the driver killed."""

    def __init__(self, space: SearchSpace, *, lost: float = 0.0, killed: float = 0.0) -> None:
        self.space, self.lost, self.killed = space, lost, killed
        self.num = len(space.settings.search.objectives)
        self.order, self.trouble = random.Random(0), random.Random(1)
        self.attempts: dict[int, Attempt] = {}
        # trials that nobody runs at this moment, and that had been told to go on
        self.missing: set[int] = set()
        self.told: list[tuple[int, int, str]] = []
        ledger = MemoryLedger()
        ledger.append("opened", sweep_id="s", name="toy", max_epochs=EPOCHS)
        self.controller = self._opened(ledger)

    def _opened(self, ledger: MemoryLedger) -> Controller:
        ledger.append("session", trials=TRIALS, time_s=None)
        return Controller(self.space, ledger, SweepRecord("toy", 0, EPOCHS), [])

    def run(self) -> list[tuple[int, int, str]]:
        """Return trial, epoch and outcome after each epoch, in the order of the epochs."""
        while True:
            while len(self.attempts) + len(self.missing) < WORKERS and self._take():
                pass
            at_work = sorted({*self.attempts, *self.missing})
            if not at_work:
                assert self.controller.is_over
                return self.told
            self._epoch(self.order.choice(at_work))

    def _take(self) -> bool:
        """Take up what is missing, then one more; return whether there was one more."""
        while (attempt := self.controller.next_attempt()) is not None:
            self.attempts[attempt.trial] = attempt
            if attempt.trial not in self.missing:
                return True
            self.missing.remove(attempt.trial)
        return False

    def _epoch(self, number: int) -> None:
        while number in self.missing:
            again = self.controller.next_attempt()
            assert again is not None and again.trial in self.missing, "it was judged once more"
            self.missing.remove(again.trial)
            self.attempts[again.trial] = again
        attempt = self.attempts[number]
        epoch = self.controller.sweep.trials[number].epochs + 1
        report = {"epoch": epoch, "scores": score(number, epoch, self.num), "seconds": 1.0}
        goes_on = self.controller.report(number, attempt.attempt, report)
        self.told.append((number, epoch, self.controller.sweep.trials[number].outcome))
        if not goes_on:
            del self.attempts[number]
        elif self.trouble.random() < self.lost:
            del self.attempts[number]
            self.missing.add(number)
            self.controller.lost(number, attempt.attempt, "preempted", is_counted=False)
        if self.trouble.random() < self.killed:
            ledger = MemoryLedger()
            ledger.events = list(self.controller.ledger.events)
            self.controller = self._opened(ledger)
            self.missing |= set(self.attempts)
            self.attempts.clear()


@pytest.mark.parametrize(
    "trouble", [{"lost": 0.6}, {"killed": 0.3}, {"lost": 0.4, "killed": 0.2}], ids=str
)
@pytest.mark.parametrize("objective", ["val/rank1", TWO])
@pytest.mark.parametrize("grace", ["1", "auto"])
@pytest.mark.parametrize("kind", sorted(SCHEDULERS))
def test_decisions_are_the_same_with_lost_workers_and_killed_drivers(
    kind: str, grace: str, objective: str, trouble: dict[str, float]
) -> None:
    space = space_from_text(SPACE % (kind, grace, objective))
    calm = Driver(space).run()
    assert len({number for number, _, _ in calm}) == TRIALS
    assert Driver(space, **trouble).run() == calm


def test_five_better_rivals_do_not_judge_a_trial_whose_worker_was_lost() -> None:
    driver = Driver(space_from_text(SPACE % ("asha", "1", "val/rank1")))
    running = driver.controller
    first = running.next_attempt()
    assert first is not None
    assert running.report(0, 1, {"epoch": 1, "scores": [0.2], "seconds": 1.0})
    for number in range(1, 6):
        assert running.next_attempt() is not None
        running.report(number, 1, {"epoch": 1, "scores": [0.5 + number], "seconds": 1.0})
    running.lost(0, 1, "a worker died")
    again = running.next_attempt()
    assert again is not None and (again.trial, again.epochs, again.attempt) == (0, 1, 2)


class Once:
    """A scheduler that says how often it was asked, and never the same twice."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def after_epoch(self, sweep: Any, trial: Any) -> Decision:
        self.asked.append((trial.number, trial.epochs))
        return list(Decision)[len(self.asked) % 3]

    def wake(self, sweep: Any, *, can_draw: bool) -> None:
        return None


def test_a_scheduler_is_asked_once_after_each_epoch_and_never_of_a_repeat() -> None:
    from facesearch.tuning.records import TrialRecord

    trials = {n: TrialRecord(n, {}, curve=[{"score": 1.0}]) for n in range(3)}
    trials[2].repeat_of = 0
    scheduler = Once()
    decisions = Decisions(scheduler, SweepRecord("s", 3, 9, trials=trials))
    first = decisions.after_epoch(trials[0])
    assert [decisions.after_epoch(trials[0]) for _ in range(3)] == [first] * 3
    assert decisions.after_epoch(trials[2]) == Decision.GO
    decisions.after_epoch(trials[1])
    trials[0].curve.append({"score": 2.0})
    decisions.after_epoch(trials[0])
    assert scheduler.asked == [(0, 1), (1, 1), (0, 2)]
