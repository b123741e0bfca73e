from typing import Any

import pytest

from facesearch.config import SearchConfig
from facesearch.tuning.pace import Pace, Plan, budgets_spent, counts, summary
from facesearch.tuning.records import SweepRecord, TrialRecord

NO_PLAN = Plan()


def sweep_of(**more: Any) -> SweepRecord:
    """One of ten trials ended, after six epochs of ten minutes each."""
    curve = [{"score": 0.1 * epoch, "seconds": 600.0} for epoch in range(6)]
    trial = TrialRecord(0, {}, curve=curve, outcome="pruned")
    return SweepRecord("s", 10, 9, trials={0: trial}, **more)


def plan(**search: Any) -> Plan:
    return Plan(SearchConfig.model_validate(search), gpus_per_trial=0.5)


@pytest.mark.parametrize(
    ("search", "time_s", "expected"),
    [
        ({}, None, [("trials", 0.1)]),
        ({"epochs": 3}, None, [("epochs", 1.0), ("trials", 0.1)]),
        ({"epochs": 24}, 100.0, [("time", 0.9), ("epochs", 0.25), ("trials", 0.1)]),
        ({"gpu_hours": 2}, None, [("GPU hours", 0.25), ("trials", 0.1)]),
    ],
)
def test_the_budget_that_ends_first_comes_first(
    search: dict[str, Any], time_s: float | None, expected: list[tuple[str, float]]
) -> None:
    found = budgets_spent(sweep_of(time_s=time_s), Pace(90.0, 1, 6), plan(**search))
    assert found == [(name, pytest.approx(part)) for name, part in expected]


def test_a_sweep_of_no_number_is_judged_by_its_time() -> None:
    sweep = SweepRecord("s", 1_000_003, 3, time_s=100.0)
    assert budgets_spent(sweep, Pace(25.0, 0, 0), NO_PLAN) == [("time", 0.25)]
    assert Pace(25.0, 0, 0).seconds_left(sweep, NO_PLAN) == 75
    assert "0 trials" in summary(sweep, Pace(25.0, 0, 0), NO_PLAN)


def test_the_time_left_follows_from_the_pace_and_the_budgets() -> None:
    sweep = sweep_of()
    assert Pace(60.0, 0, 0).seconds_left(sweep, NO_PLAN) is None
    # nothing has ended yet in this session: what is known are its epochs
    assert 60 < (Pace(60.0, 0, 5).seconds_left(sweep, NO_PLAN) or 0) < 9 * 9 * 12
    # 4 epochs are left, and 5 took a minute
    assert Pace(60.0, 1, 5).seconds_left(sweep, plan(epochs=10)) == 48
    # of half an hour on the GPU, 40 minutes at half a GPU are left: 4 of such epochs
    hours = plan(gpu_hours=0.5 + 1 / 3)
    assert Pace(60.0, 1, 5).seconds_left(sweep, hours) == pytest.approx(48)
    sweep.time_s, sweep.past_s = 200.0, 100.0
    assert Pace(60.0, 1, 5).seconds_left(sweep, NO_PLAN) == 40
    assert Pace(150.0, 1, 5).seconds_left(sweep, NO_PLAN) == 0
    told = summary(sweep, Pace(60.0, 1, 5), NO_PLAN)
    assert told == "1/10 trials, 6 epochs, best 0.5000, 1m00s, about 40s left"


def test_trials_at_work_count_by_the_epochs_that_they_have_left() -> None:
    """Four workers, all trials to the end; the first three have ended, the last is half through."""
    curve = [{"score": 0.5, "seconds": 60.0}] * 10
    trials = {n: TrialRecord(n, {}, curve=curve, outcome="completed") for n in range(3)}
    trials[3] = TrialRecord(3, {}, curve=curve[:7], outcome="running")
    sweep = SweepRecord("s", 4, 10, trials=trials)
    # by ended trials alone it would be a third of ten minutes; by its own pace it is three minutes
    left = Pace(600.0, 3, 37).seconds_left(sweep, plan(scheduler={"type": "none"}))
    assert left is not None and 120 < left <= 180
    sweep.repeat_top, sweep.repeat_seeds = 1, 2  # a training more, at the pace of all together
    more = Pace(600.0, 3, 37).seconds_left(sweep, plan(scheduler={"type": "none"}))
    assert more == pytest.approx(left + 10 * 600 / 37)


def test_epochs_before_an_extension_are_not_of_its_budget() -> None:
    sweep = sweep_of(epochs_before=6)
    assert dict(budgets_spent(sweep, Pace(9.0, 0, 0), plan(epochs=10)))["epochs"] == 0


def test_the_slow_have_a_pace_too() -> None:
    # an epoch of half an hour, a trial of two days
    told = Pace(172_800.0, 1, 96).words(NO_PLAN)
    assert told == "2.0 epochs an hour, 0.5 trials a day"


def test_the_pace_in_words() -> None:
    assert Pace(60.0, 0, 0).words(NO_PLAN) == "no epoch yet"
    assert Pace(60.0, 0, 5).words(NO_PLAN) == "5.0 epochs a minute"
    told = Pace(60.0, 2, 5).words(Plan(faces_per_epoch=12_000))
    assert told == "5.0 epochs a minute, 120 trials an hour, 1,000 faces/s"


def test_the_count_is_of_the_repeats_that_there_will_be() -> None:
    sweep = sweep_of(repeat_top=3, repeat_seeds=3)
    assert counts(sweep) == "1/16 trials, 6 epochs"
    curve = [{"score": 0.5}] * 9
    sweep.trials |= {n: TrialRecord(n, {}, outcome="diverged") for n in range(1, 9)}
    sweep.trials[9] = TrialRecord(9, {}, curve=curve, outcome="completed")
    assert counts(sweep) == "10/12 trials, 15 epochs"
    for n in (10, 11):
        sweep.trials[n] = TrialRecord(n, {}, curve=curve, outcome="completed", repeat_of=9,
                                      seed_offset=n - 9)  # fmt: skip
    assert counts(sweep) == "12/12 trials, 33 epochs"
