"""The controller without Ray, on a clock of its own; killed after every single event."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from facesearch.config.sweep import SCHEDULERS
from facesearch.errors import StorageError
from facesearch.space import Point, SearchSpace, space_from_text
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.records import FAILED, SweepRecord, TrialRecord
from facesearch.tuning.schedulers import Decision, build_scheduler
from facesearch.tuning.simulate import simulate

SPACE = """
head: {choice: [{type: softmax}, {type: arcface, margin_rad: {uniform: [0.0, 0.5]}, scale: 16}]}
optim: {lr: {log_uniform: [0.01, 1.0]}}
train: {epochs: 9}
search: {trials: %d, sampler: %s, scheduler: {type: %s, grace_epochs: 1, eta: 3}%s}
"""


def space(kind: str = "asha", *, trials: int = 9, sampler: str = "random", more: str = "") -> Any:
    text = SPACE % (trials, sampler, kind, more)
    if kind == "pbt":  # its members must have weights of the same shapes
        text = text.replace("{choice: [{type: softmax}, ", "").replace("scale: 16}]}", "scale: 16}")
    return space_from_text(text)


def controller(
    searched: SearchSpace, events: list[dict[str, Any]] | None = None, observers: Any = (),
    **more: Any,
) -> Controller:  # fmt: skip
    """Open a sweep that may have events already, as a new process does."""
    ledger = MemoryLedger()
    ledger.events = list(events or [])
    if not ledger.events:
        ledger.append("opened", sweep_id="s", name="toy", max_epochs=9)
    ledger.append("session", trials=searched.settings.search.trials, time_s=None)
    return Controller(searched, ledger, SweepRecord("toy", 0, 9), list(observers), **more)


def score(point: Point, epoch: int) -> float:
    return (
        random.Random(repr(sorted(point.items()))).random()
        + random.Random(f"{point} {epoch}").random() / epoch
    )


def epoch_of(attempt: Attempt, epoch: int) -> Any:
    if attempt.point["optim.lr"] > 0.7:
        return "diverged"
    return [score(attempt.point, epoch)], 1.0


def check(ended: Controller, searched: SearchSpace, kind: str) -> None:
    trials = ended.sweep.trials
    assert len(trials) == searched.settings.search.trials
    assert all(trial.has_ended for trial in trials.values())
    for trial in trials.values():
        # pbt changes the point on the way: its curve is of several
        expected = [score(trial.point, e) for e in range(1, trial.epochs + 1)]
        assert kind == "pbt" or [row["score"] for row in trial.curve] == expected
    assert ended.sweep.best is not None and ended.sweep.best.epochs == 9
    assert fold(ended.ledger.events).trials == trials
    check_stops(ended, searched)


def check_stops(ended: Controller, searched: SearchSpace) -> None:
    """What was pruned while it ran is what the scheduler says from the curves of that moment."""
    scheduler = build_scheduler(searched.settings.search, searched)
    events = ended.ledger.events
    for place, event in enumerate(events):
        if event["event"] == "ended" and event["outcome"] == "pruned":
            before = fold(events[:place])
            trial = before.trials[event["trial"]]
            if trial.outcome != "paused":
                assert scheduler.after_epoch(before, trial) == Decision.STOP


@pytest.mark.parametrize("kind", sorted(SCHEDULERS))
def test_a_sweep_killed_after_any_event_ends_whole(kind: str) -> None:
    searched = space(kind)
    whole = controller(searched)
    simulate(whole, epoch_of, workers=2)
    check(whole, searched, kind)
    events = whole.ledger.events
    for kept in range(1, len(events), 1 + len(events) // 60):
        again = controller(searched, events[:kept])
        finished = {n: t for n, t in again.sweep.trials.items() if t.has_ended}
        done = {n: list(t.curve) for n, t in again.sweep.trials.items()}
        simulate(again, epoch_of, workers=2)
        check(again, searched, kind)
        for number, trial in finished.items():
            assert again.sweep.trials[number] == trial
        for number, curve in done.items():
            assert again.sweep.trials[number].curve[: len(curve)] == curve


REPEAT = ", repeat_top: 2, repeat_seeds: 3"


def repeating(kind: str, events: Any = None, more: str = "", **search: Any) -> Controller:
    searched = space(kind, more=REPEAT + more).with_settings(**search)
    ledger = MemoryLedger()
    ledger.events = list(events or [])
    if not ledger.events:
        ledger.append("opened", sweep_id="s", name="toy", max_epochs=9)
    ledger.append("session", trials=9, time_s=None, repeat=[2, 3])
    return Controller(searched, ledger, SweepRecord("toy", 0, 9), [])


def check_repeats(ended: Controller, searched: int = 9) -> None:
    sweep = ended.sweep
    alone = sweep.without_repeats()
    assert len(alone.trials) == searched and all(t.has_ended for t in sweep.trials.values())
    best = [t.number for t in alone.ranked() if t.outcome == "completed"][:2]
    again = sorted(
        (t.repeat_of, t.seed_offset) for t in sweep.trials.values() if t.repeat_of in best
    )
    assert again == sorted((number, offset) for number in best for offset in (1, 2))
    # where fewer trained to the end, fewer are repeated
    assert len(sweep.trials) == searched + 2 * len(best) and best
    assert all(t.epochs == 9 for t in sweep.ranked()[: len(best)])
    for number in best:
        assert all(t.point == sweep.trials[number].point for t in sweep.repeats()[number])
    assert {t.number for t in sweep.ranked()[: len(best)]} == set(best)


def another_seed(attempt: Attempt, epoch: int) -> Any:
    if attempt.point["optim.lr"] > 0.7:
        return "diverged"
    noise = random.Random(f"{attempt.trial} {attempt.seed_offset}").random()
    return [score(attempt.point, epoch) + noise * (attempt.seed_offset > 0)], 1.0


@pytest.mark.parametrize("kind", sorted(set(SCHEDULERS) - {"pbt"}))
def test_the_best_are_repeated_after_the_search_whenever_it_is_killed(kind: str) -> None:
    whole = repeating(kind)
    simulate(whole, another_seed, workers=2)
    check_repeats(whole)
    check_stops(whole, whole.space)
    alone = controller(space(kind))
    simulate(alone, another_seed, workers=2)
    # neither sampler nor scheduler knows of the repeats: the search is the same without them
    assert whole.sweep.without_repeats().trials == alone.sweep.trials
    first = min(i for i, e in enumerate(whole.ledger.events) if e["event"] == "repeated")
    for kept in range(first - 3, len(whole.ledger.events), 5):
        again = repeating(kind, whole.ledger.events[:kept])
        simulate(again, another_seed, workers=2)
        check_repeats(again)
        assert fold(again.ledger.events).trials == again.sweep.trials


def test_a_budget_ends_the_search_and_not_its_repeats_and_more_of_it_resumes_the_search() -> None:
    sweep = repeating("none", more=", epochs: 40")
    simulate(sweep, another_seed, workers=2)
    left = [t for t in sweep.sweep.searched() if not t.has_ended]
    assert 40 <= sweep.sweep.without_repeats().epochs_spent <= 42 and left
    assert sum(t.repeat_of is not None for t in sweep.sweep.trials.values()) == 4
    assert sweep.halted == "the epochs are spent" and sweep.is_over
    longer = repeating("none", sweep.ledger.events, more=", epochs: 400")
    simulate(longer, another_seed, workers=2)
    assert all(t.has_ended for t in longer.sweep.trials.values())
    assert len(longer.sweep.searched()) == 9
    for trial in left:  # none lost what it had trained
        assert longer.sweep.trials[trial.number].curve[: trial.epochs] == trial.curve


def test_a_finished_sweep_is_given_its_repeats_later() -> None:
    done = controller(space())
    simulate(done, another_seed)
    assert done.is_over
    later = repeating("asha", done.ledger.events)
    assert not later.is_over
    simulate(later, another_seed)
    check_repeats(later)


def test_the_mean_over_the_seeds_ranks_and_a_seed_that_fails_counts() -> None:
    def trial(number: int, score: float, of: int | None = None, outcome: str = "completed") -> Any:
        curve = [{"score": score}]
        return TrialRecord(number, {}, curve=curve, outcome=outcome, repeat_of=of)

    lucky, steady = trial(0, 0.9), trial(1, 0.8)
    trials = [lucky, steady, trial(2, 0.85), trial(3, 0.5, of=0), trial(4, 0.82, of=1)]
    sweep = SweepRecord("toy", 3, 1, trials={t.number: t for t in trials})
    assert [t.number for t in sweep.ranked()] == [1, 0, 2]
    assert sweep.scores_of(lucky) == [0.9, 0.5]
    trials[4].outcome = "diverged"
    assert [t.number for t in sweep.ranked()] == [0, 1, 2]
    assert sweep.scores_of(steady) == [0.8]


def test_every_sampler_gives_each_draw_once_over_a_kill() -> None:
    for sampler in ("tpe", "random", "qmc"):
        searched = space(sampler=sampler, trials=12)
        first = controller(searched)
        for _ in range(3):
            attempt = first.next_attempt()
            assert attempt is not None
            first.report(attempt.trial, 1, {"outcome": "failed", "message": "x"})
        again = controller(searched, first.ledger.events)
        simulate(again, epoch_of)
        points = [repr(trial.point) for trial in again.sweep.trials.values()]
        assert len(set(points)) == 12


def start(running: Controller) -> Attempt:
    attempt = running.next_attempt()
    assert attempt is not None
    return attempt


def test_an_attempt_that_was_replaced_is_sent_home_and_its_report_is_not_taken() -> None:
    running = controller(space(trials=1))
    old = start(running)
    running.lost(old.trial, old.attempt, "it was silent")
    new = start(running)
    assert (new.trial, new.attempt) == (0, 2)
    assert not running.report(0, 1, {"epoch": 1, "scores": [0.5], "seconds": 1.0})
    assert running.sweep.trials[0].curve == []
    running.lost(0, 1, "late news of the old one")
    assert running.sweep.trials[0].outcome == "running"


def test_a_worker_that_dies_twice_fails_its_trial_and_a_machine_that_goes_away_does_not() -> None:
    running = controller(space(trials=2))
    for _ in range(5):
        attempt = start(running)
        assert attempt.trial == 0
        running.lost(0, attempt.attempt, "preempted", is_counted=False)
    for _ in range(2):
        running.lost(0, start(running).attempt, "segmentation fault")
    trial = running.sweep.trials[0]
    assert trial.outcome == "failed" and "ended 2 times: segmentation fault" in trial.message
    assert start(running).trial == 1


def test_epochs_that_are_made_up_for_are_counted_once() -> None:
    running = controller(space("none", trials=1))
    attempt = start(running)
    for epoch in (1, 2, 2, 1, 2, 3):
        assert running.report(0, attempt.attempt, {"epoch": epoch, "scores": [epoch], "seconds": 1})
    assert [row["score"] for row in running.sweep.trials[0].curve] == [1, 2, 3]


def run_all(searched: SearchSpace, outcome: Callable[[Attempt, int], Any]) -> Controller:
    running = controller(searched)
    simulate(running, outcome, workers=2)
    return running


def test_a_sweep_whose_trials_all_fail_alike_is_given_up_with_the_reason() -> None:
    searched = space(trials=50)
    given_up = run_all(searched, lambda attempt, epoch: "out_of_memory")
    assert len(given_up.sweep.trials) <= 7
    assert "6 of 6 trials failed alike" in given_up.sweep.abandoned
    assert "out_of_memory" in given_up.sweep.abandoned
    half = run_all(searched, lambda a, e: "failed" if a.trial % 2 else ([score(a.point, e)], 1.0))
    assert half.sweep.abandoned == "" and len(half.sweep.trials) == 50


def test_budgets_stop_a_sweep() -> None:
    epochs = run_all(space("none", trials=50, more=", epochs: 40"), epoch_of)
    assert epochs.halted == "the epochs are spent" and epochs.sweep.epochs_spent == 40
    patient = run_all(space("none", trials=500, more=", patience_trials: 5"), epoch_of)
    ranks = [t.score or 0 for t in patient.sweep.trials.values() if t.outcome not in FAILED]
    assert len(patient.sweep.trials) < 100 and max(ranks) == patient.sweep.best.score
    gpu = controller(space("none", trials=50, more=", gpu_hours: 0.01"), gpus_per_trial=0.5)
    simulate(gpu, epoch_of)
    assert gpu.halted == "the GPU hours are spent" and gpu.sweep.epochs_spent == 72


class Cheap:
    """Refuses what costs more than it should."""

    def excess(self, point: Point) -> dict[str, float]:
        return {"cost": point["optim.lr"] - 0.2} if point["optim.lr"] > 0.2 else {}

    def reason(self, excess: Any, point: Point) -> str:
        return "too dear"


def test_a_point_beyond_a_limit_costs_no_trial() -> None:
    searched = space(sampler="tpe", trials=20)
    limited = controller(searched, judge=Cheap())
    simulate(limited, epoch_of)
    assert len(limited.sweep.trials) == 20 and limited.sweep.refused
    assert all(t.point["optim.lr"] <= 0.2 for t in limited.sweep.trials.values())
    draws = [t.draw for t in limited.sweep.trials.values()] + list(limited.sweep.refused)
    assert sorted(draws) == list(range(len(draws)))


class Nothing(Cheap):
    def excess(self, point: Point) -> dict[str, float]:
        return {"cost": 1.0}


def test_a_space_with_nothing_inside_its_limits_says_so() -> None:
    empty = controller(space(), judge=Nothing())
    assert empty.next_attempt() is None and empty.is_over
    assert "200 points in a row are beyond the limits: too dear" in empty.remark


def test_a_full_disk_in_a_worker_halts_the_sweep_and_leaves_the_trial_to_go_on() -> None:
    running = controller(space())
    attempt = start(running)
    report = {"epoch": 0, "outcome": "storage", "message": "no space left"}
    assert not running.report(0, attempt.attempt, report)
    assert isinstance(running.fatal, StorageError) and running.should_halt()
    again = controller(space(), running.ledger.events)
    assert start(again).trial == 0


class Faulty:
    """An observer that is told of everything."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, str]] = []

    def trial_started(self, trial: TrialRecord) -> None:
        self.heard.append(("start", trial.epochs, trial.outcome))

    def epoch_done(self, trial: TrialRecord) -> None:
        self.heard.append(("epoch", trial.epochs, trial.outcome))

    def trial_ended(self, trial: TrialRecord) -> None:
        self.heard.append(("end", trial.epochs, trial.outcome))


def test_observers_hear_of_it_after_it_is_in_the_ledger() -> None:
    observer = Faulty()
    running = controller(space("one_epoch", trials=4), observers=[observer])
    simulate(running, lambda a, e: ([-float(a.trial)], 1.0))
    assert observer.heard[:3] == [
        ("start", 0, "running"),
        ("epoch", 1, "running"),
        ("end", 1, "paused"),
    ]
    assert observer.heard.count(("end", 9, "completed")) == 3  # and one was not woken
    assert observer.heard[-1] == ("end", 1, "pruned")


def test_a_decision_of_before_a_crash_is_not_taken_anew() -> None:
    searched = space("asha", trials=3)
    running = controller(searched)
    first, second = start(running), start(running)
    assert running.report(first.trial, 1, {"epoch": 1, "scores": [0.2], "seconds": 1.0})
    # a better one comes: were the first judged now, it would be stopped
    running.report(second.trial, 1, {"epoch": 1, "scores": [0.9], "seconds": 1.0})
    again = controller(searched, running.ledger.events)
    assert [start(again).trial, start(again).trial] == [0, 1]
    assert again.sweep.trials[0].outcome == "running"


def test_a_full_disk_is_no_crash_of_the_trial() -> None:
    running = controller(space())
    attempt = start(running)
    running.report(0, 1, {"epoch": 0, "outcome": "storage", "message": "no space left"})
    running.lost(0, attempt.attempt, "stopped by the halt")
    assert running.sweep.trials[0].crashes == 0


def test_patience_counts_anew_after_an_extension_and_each_objective_may_improve() -> None:
    searched = space("none", trials=50, more=", patience_trials: 2")
    ended = controller(searched)
    simulate(ended, lambda a, e: ([-float(a.trial)], 1.0))
    assert len(ended.sweep.trials) == 3
    ledger = MemoryLedger()
    ledger.events = list(ended.ledger.events)
    ledger.append("session", trials=50, time_s=None, growth=[5, None])
    grown = Controller(searched, ledger, SweepRecord("toy", 0, 9), [])
    simulate(grown, lambda a, e: ([-float(a.trial)], 1.0))
    assert len(grown.sweep.trials) == 5
    two = space("none", trials=6, more=", patience_trials: 2, objective: [val/rank1, val/top1]")
    front = controller(two)
    simulate(front, lambda a, e: ([float(a.trial), -float(a.trial)], 1.0))
    assert len(front.sweep.trials) == 6
