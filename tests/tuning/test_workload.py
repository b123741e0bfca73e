import itertools
import random
from typing import Any

import pytest

from facesearch.config import SearchConfig
from facesearch.config.sweep import SCHEDULERS
from facesearch.space import space_from_text
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.records import PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord
from facesearch.tuning.simulate import simulate
from facesearch.tuning.workload import workload

NONE = SearchConfig(scheduler={"type": "none"})
SPACE = """
head: {type: arcface, scale: 16, margin_rad: {uniform: [0.0, 0.5]}}
optim: {lr: {log_uniform: [0.01, 1.0]}}
train: {epochs: 9}
search: {trials: 20, sampler: random, scheduler: {type: %s}%s}
"""


def trial(number: int, epochs: int, outcome: str, seconds: float = 1.0) -> TrialRecord:
    curve = [{"score": 0.5, "seconds": seconds}] * epochs
    return TrialRecord(number, {}, curve=curve, outcome=outcome)


def sweep_of(*trials: TrialRecord, planned: int = 0, epochs: int = 10) -> SweepRecord:
    by_number = {t.number: t for t in trials}
    return SweepRecord("s", planned or len(trials), epochs, trials=by_number)


def test_running_paused_and_waiting_trials_count_by_what_they_have_left() -> None:
    for outcome in (RUNNING, PAUSED, WAITING):
        # the one that is at work has 3 of 10 epochs before it
        sweep = sweep_of(trial(0, 10, "completed"), trial(1, 7, outcome))
        left = workload(sweep, NONE).of_search
        assert 2 <= left <= 3, "3 if it is trained to the end"
    begun = sweep_of(trial(0, 10, "completed"), trial(1, 10, "completed"), planned=4)
    assert workload(begun, NONE).of_search == 20


def test_repeats_are_whole_trainings() -> None:
    sweep = sweep_of(trial(0, 10, "completed"), trial(1, 10, "completed"))
    sweep.repeat_top, sweep.repeat_seeds = 2, 3
    assert workload(sweep, NONE).of_repeats == 40
    sweep.trials[2] = TrialRecord(2, {}, curve=[{"score": 0.5}] * 4, outcome=RUNNING, repeat_of=0,
                                  seed_offset=1)  # fmt: skip
    assert workload(sweep, NONE).of_repeats == 36 and workload(sweep, NONE).of_search == 0


def test_the_end_is_no_sooner_than_that_of_the_slowest() -> None:
    sweep = sweep_of(trial(0, 9, RUNNING), trial(1, 5, RUNNING, seconds=60.0))
    assert workload(sweep, NONE).longest_s == 300
    assert workload(sweep_of(trial(0, 0, RUNNING)), NONE).longest_s == 0


@pytest.mark.parametrize("more", ["", ", repeat_top: 2"])
@pytest.mark.parametrize("kind", sorted(SCHEDULERS))
def test_over_a_whole_sweep_the_estimate_is_what_comes(kind: str, more: str) -> None:
    if kind == "pbt" and more:
        return
    space = space_from_text(SPACE % (kind, more))
    search = space.settings.search
    ledger = MemoryLedger()
    ledger.append("opened", sweep_id="s", name="toy", max_epochs=9)
    repeat = [search.repeat_top, search.repeat_seeds]
    ledger.append("session", trials=20, time_s=None, repeat=repeat)

    def epoch_of(attempt: Attempt, epoch: int) -> Any:
        return [random.Random(attempt.trial).random() * epoch], 1.0

    simulate(Controller(space, ledger, SweepRecord("toy", 0, 9), []), epoch_of, workers=3)
    whole = fold(ledger.events).epochs_spent
    errors = []
    places = [n for n, event in enumerate(ledger.events) if event["event"] == "epoch"]
    for here, there in itertools.pairwise([*places, len(ledger.events)]):
        assert here < there
        sweep = fold(ledger.events[:there])  # with what became of the trial
        work = workload(sweep, search)
        errors.append(abs(sweep.epochs_spent + work.of_search + work.of_repeats - whole) / whole)
    # the whole is foretold within a third when half is done, and within a tenth near the end
    assert max(errors[len(errors) // 2 :]) < 0.34
    assert max(errors[-max(1, len(errors) // 10) :]) < 0.1
