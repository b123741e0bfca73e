"""What every scheduler keeps to, whatever the scores, the crashes and the failures."""

from typing import Any

import pytest
from schedules import GO, Course, Simulation, dice, scheduler, sweep_of, trial

from facesearch.config.sweep import SCHEDULERS, SchedulerConfig
from facesearch.tuning.records import FAILED, SweepRecord
from facesearch.tuning.schedulers import measured_grace, rungs

TYPES = sorted(SCHEDULERS)


def crossing(number: int, epoch: int) -> tuple[float]:
    """The better at the end, the worse at first; from epoch 5 of 27 on, as at the end."""
    quality = (number * 7 % 24) / 24
    return (epoch / 27 * (quality if epoch >= 5 else 1 - quality),)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("grace", [1, 2, "auto"])
@pytest.mark.parametrize("type_", TYPES)
def test_each_ends_with_a_whole_training(type_: str, grace: Any, workers: int, seed: int) -> None:
    course = dice(seed, objectives=1 + seed % 2)
    settings = {"grace_epochs": grace, "pilot_trials": 4, "eta": 2 + seed % 2}
    sim = Simulation(type_, course, workers=workers, seed=seed, crash=0.1 * (seed % 3), **settings)
    sweep = sim.run()
    assert len(sweep.trials) == sweep.planned_trials
    assert all(t.has_ended for t in sweep.trials.values())
    assert sweep.count("completed") >= 1


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("type_", ["asha_promote", "one_epoch", "pbt", "none"])
def test_who_pauses_trials_replaces_those_that_fail(type_: str, seed: int) -> None:
    sweep = Simulation(type_, dice(seed), workers=2, seed=seed, fail=0.15, crash=0.05).run()
    is_any_left = any(t.outcome not in FAILED for t in sweep.trials.values())
    assert (sweep.count("completed") >= 1) == is_any_left


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("type_", ["asha", "hyperband", "median"])
def test_who_stops_trials_ends_when_many_fail(type_: str, seed: int) -> None:
    sweep = Simulation(type_, dice(seed), workers=3, seed=seed, fail=0.15, crash=0.05).run()
    assert all(t.has_ended for t in sweep.trials.values())


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("max_epochs", [1, 2, 3])
def test_short_trainings_end_too(type_: str, max_epochs: int) -> None:
    for grace in (1, "auto"):
        sim = Simulation(type_, dice(0), 5, max_epochs, workers=2, grace_epochs=grace)
        assert sim.run().count("completed") >= 1


@pytest.mark.parametrize("type_", TYPES)
def test_one_trial_is_trained_to_the_end(type_: str) -> None:
    assert Simulation(type_, dice(0), trials=1).run().count("completed") == 1


@pytest.mark.parametrize("type_", sorted(set(TYPES) - {"none", "pbt"}))
def test_it_saves_epochs_where_early_scores_tell_the_end(type_: str) -> None:
    steady: Course = lambda number, epoch: (epoch * (number * 7 % 24),)  # noqa: E731
    sweep = Simulation(type_, steady, trials=24, max_epochs=27, workers=2).run()
    assert sweep.epochs_spent < 0.75 * 24 * 27
    assert sweep.best is not None and sweep.best.number * 7 % 24 == 23


def test_the_measured_grace_finds_what_a_short_one_loses() -> None:
    def run(grace: Any) -> SweepRecord:
        settings = {"grace_epochs": grace, "eta": 2}
        return Simulation("asha", crossing, trials=24, max_epochs=27, workers=2, **settings).run()

    short, measured = run(1), run("auto")
    settings = SchedulerConfig(type="asha", grace_epochs="auto", eta=2)
    assert measured_grace(measured, settings) == 5
    assert short.best is not None and measured.best is not None
    assert short.best.number != 17 and measured.best.number == 17, "the best of all"
    assert measured.epochs_spent < 24 * 27, "although a third of the trials are its pilot"


@pytest.mark.parametrize("type_", TYPES)
def test_a_preview_of_rungs_is_what_happens(type_: str) -> None:
    settings = SchedulerConfig(type=type_)
    judge = scheduler(type_)
    # number 3 is in bracket 0 of hyperband; it is the worst, behind three others
    changed = []
    for epoch in range(1, 27):
        others = [trial(n, *[0.9] * epoch) for n in (0, 6, 9)]
        last = trial(3, *[0.1] * epoch)
        if judge.after_epoch(sweep_of(*others, last), last) != GO:
            changed.append(epoch)
    assert changed == rungs(settings, 27, 1)
