import math
import random

import pytest
from schedules import GO, PAUSE, STOP, Simulation, dice, row, scheduler, sweep_of, trial

from facesearch.config.sweep import SchedulerConfig, SearchConfig
from facesearch.errors import InputError
from facesearch.space import space_from_text
from facesearch.tuning.records import FAILED, PAUSED, RUNNING, TrialRecord
from facesearch.tuning.schedulers import Wake, build_scheduler, measured_grace, rungs


def test_pbt_needs_a_space_that_it_may_change() -> None:
    search = SearchConfig(scheduler=SchedulerConfig(type="pbt"))
    with pytest.raises(InputError, match=r"model\.depth"):
        build_scheduler(search, space_from_text("model: {depth: {int: [1, 2]}}"))
    with pytest.raises(ValueError, match="needs the space"):
        build_scheduler(search)
    assert build_scheduler(SearchConfig()).wake(sweep_of(), can_draw=True) is None


# --- rungs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "max_epochs", "grace", "expected"),
    [
        ("asha", 27, 1, [1, 3, 9]),
        ("asha_promote", 28, 1, [1, 3, 9, 27]),
        ("hyperband", 27, 2, [2, 6, 18]),
        ("asha", 5, 5, []),
        ("asha", 1, 1, []),
        ("median", 6, 3, [3, 4, 5]),
        ("one_epoch", 9, 4, [1]),
        ("one_epoch", 1, 1, []),
        ("pbt", 9, 1, [3, 6]),
        ("pbt", 3, 1, []),
        ("none", 27, 1, []),
    ],
)
def test_rungs(type_: str, max_epochs: int, grace: int, expected: list[int]) -> None:
    assert rungs(SchedulerConfig(type=type_), max_epochs, grace) == expected


# --- asha and hyperband ------------------------------------------------------------------


def is_kept_by_hand(scores: list[float], place: int, eta: int) -> bool:
    """Fewer trials are better, or equal and earlier, than may go on."""
    own = scores[place]
    ahead = sum(s > own or (s == own and i < place) for i, s in enumerate(scores))
    return ahead < max(1, -(-len(scores) // eta))


@pytest.mark.parametrize("seed", range(30))
def test_asha_keeps_the_best_of_those_that_came(seed: int) -> None:
    rng = random.Random(seed)
    eta = rng.choice([2, 3, 4])
    scores = [rng.randrange(6) / 6 for _ in range(rng.randint(1, 12))]
    trials = [trial(i, 0.0, s, *[0.5] * rng.randint(0, 3)) for i, s in enumerate(scores)]
    shorter = trial(50, 0.9)
    failed = [trial(60 + i, 0.0, 2.0, outcome=outcome) for i, outcome in enumerate(FAILED)]
    judge = scheduler("asha", grace_epochs=2, eta=eta)
    rng.shuffle(trials)  # the order in which the records stand changes nothing
    sweep = sweep_of(*trials, shorter, *failed)
    for t in trials:
        if t.epochs == 2:
            decision = judge.after_epoch(sweep, t)
            assert decision == (GO if is_kept_by_hand(scores, t.number, eta) else STOP)


def test_asha_by_hand() -> None:
    judge = scheduler("asha", eta=3)
    first, second, third = trial(0, 0.2), trial(1, 0.1), trial(2, 0.3)
    assert judge.after_epoch(sweep_of(first), first) == GO, "the first of all is the best"
    assert judge.after_epoch(sweep_of(first, second), second) == STOP
    second.outcome = "pruned"
    assert judge.after_epoch(sweep_of(first, second, third), third) == GO
    fourth = trial(3, 0.25)
    assert judge.after_epoch(sweep_of(first, second, third, fourth), fourth) == GO, "2 of 4"
    first.curve.append(row(0.0))
    assert judge.after_epoch(sweep_of(first, second, third), first) == GO, "2 is no rung"


def test_asha_stops_what_is_not_finite() -> None:
    judge = scheduler("asha")
    broken = trial(0, math.nan)
    assert judge.after_epoch(sweep_of(broken, trial(1, -5.0)), broken) == STOP


def test_asha_keeps_the_front_of_several_objectives() -> None:
    judge = scheduler("asha", eta=2)
    scores = [(0.9, -9.0), (0.1, -1.0), (0.8, -9.5), (0.05, -2.0)]
    trials = [TrialRecord(i, {}, curve=[row(*s)], outcome=RUNNING) for i, s in enumerate(scores)]
    sweep = sweep_of(*trials)
    assert [judge.after_epoch(sweep, t) for t in trials] == [GO, GO, STOP, STOP]


def test_a_bracket_has_its_own_first_rung_and_its_own_rivals() -> None:
    judge = scheduler("hyperband", eta=3)  # of 27 epochs: 1, 3, 9; so three brackets
    good, bad, rival = trial(0, 0.9, 0.9, 0.9), trial(1, 0.1), trial(3, 0.8)
    assert judge.after_epoch(sweep_of(good, bad, rival), rival) == STOP
    assert judge.after_epoch(sweep_of(good, bad, rival), bad) == GO
    bad.curve *= 3
    assert judge.after_epoch(sweep_of(good, bad, rival), bad) == GO, "nobody of its bracket came"
    rival = trial(4, 0.2, 0.2, 0.2)
    assert judge.after_epoch(sweep_of(good, bad, rival), bad) == STOP
    late = trial(2, 0.0, 0.0, 0.0)
    assert judge.after_epoch(sweep_of(trial(5, 0.9, 0.9, 0.9), late), late) == GO


# --- asha_promote ------------------------------------------------------------------------


def test_promotion_by_hand() -> None:
    judge = scheduler("asha_promote", eta=3)
    trials = [trial(i, s, outcome=PAUSED) for i, s in enumerate([0.3, 0.5, 0.4])]
    sweep = sweep_of(*trials)
    assert judge.wake(sweep_of(*trials[:2]), can_draw=True) is None, "floor(2 / 3) = 0"
    assert judge.wake(sweep, can_draw=True) == Wake(1)
    trials[1].outcome = RUNNING
    assert judge.wake(sweep, can_draw=True) is None
    sweep.trials |= {i: trial(i, 0.1, outcome=PAUSED) for i in (3, 4, 5)}
    assert judge.wake(sweep, can_draw=True) == Wake(2)
    # three at the rung of 3 epochs: it comes before that of 1
    sweep.trials |= {i: trial(i, 0, 0, i / 9, outcome=PAUSED) for i in (6, 7, 8)}
    assert judge.wake(sweep, can_draw=True) == Wake(8)


@pytest.mark.parametrize("seed", range(30))
def test_promotion_is_the_papers_algorithm(seed: int) -> None:
    rng = random.Random(seed)
    eta, steps = rng.choice([2, 3]), [1, 2, 4]
    steps = rungs(SchedulerConfig(type="asha_promote", eta=eta), 9, 1)
    trials = []
    for i in range(rng.randint(1, 15)):
        epochs = rng.choice([*steps, 5])
        outcome = PAUSED if epochs in steps else rng.choice([RUNNING, "failed"])
        trials.append(trial(i, *(rng.randrange(5) for _ in range(epochs)), outcome=outcome))
    expected = None
    for step in reversed(steps):
        at_rung = [t for t in trials if len(t.curve) >= step and t.outcome != "failed"]
        at_rung.sort(key=lambda t: (-t.curve[step - 1]["score"], t.number))
        candidates = [t for t in at_rung[: len(at_rung) // eta] if len(t.curve) == step]
        if candidates and expected is None:
            expected = Wake(candidates[0].number)
    rng.shuffle(trials)
    sweep = sweep_of(*trials, max_epochs=9)
    assert scheduler("asha_promote", eta=eta).wake(sweep, can_draw=True) == expected


def test_at_last_one_is_trained_to_the_end() -> None:
    judge = scheduler("asha_promote", eta=3)
    low, high = trial(0, 0.9, outcome=PAUSED), trial(1, 0.1, 0.1, 0.2, outcome=PAUSED)
    sweep = sweep_of(low, high)
    assert judge.wake(sweep, can_draw=True) is None
    assert judge.wake(sweep, can_draw=False) == Wake(1), "the one that went furthest"
    high.outcome = RUNNING
    assert judge.wake(sweep, can_draw=False) is None
    high.outcome = "failed"
    assert judge.wake(sweep, can_draw=False) == Wake(0)
    sweep.trials[2] = trial(2, *[0.1] * 27, outcome="completed")
    assert judge.wake(sweep, can_draw=False) is None


# --- median ------------------------------------------------------------------------------


def test_the_median_rule_by_hand() -> None:
    judge = scheduler("median", grace_epochs=2)
    others = [trial(0, 0.0, 0.4), trial(1, 0.4, 0.4), trial(2, 0.6, 0.6)]  # means 0.2, 0.4, 0.6
    for best, decision in ((0.39, STOP), (0.4, GO)):
        own = trial(3, best, 0.0)  # its best so far counts, not its last
        assert judge.after_epoch(sweep_of(*others, own), own) == decision
        assert judge.after_epoch(sweep_of(*others[1:], own), own) == GO, "two are too few"
        own.curve.pop()
        assert judge.after_epoch(sweep_of(*others, own), own) == GO, "in the grace"


def test_the_median_of_several_objectives() -> None:
    judge = scheduler("median")
    scores = [(0.9, -9.0), (0.5, -5.0), (0.1, -1.0), (0.05, -2.0), (0.6, -5.0)]
    trials = [TrialRecord(i, {}, curve=[row(*s)], outcome=RUNNING) for i, s in enumerate(scores)]
    sweep = sweep_of(*trials)
    assert judge.after_epoch(sweep, trials[3]) == STOP
    assert judge.after_epoch(sweep, trials[2]) == GO, "cheap, and nobody is better at that"


# --- one_epoch ---------------------------------------------------------------------------


def test_one_epoch_keeps_the_best_when_all_had_theirs() -> None:
    judge = scheduler("one_epoch", keep=2)
    trials = [trial(i, s, outcome=PAUSED) for i, s in enumerate([0.1, 0.4, 0.2, 0.3])]
    sweep = sweep_of(*trials)
    assert judge.wake(sweep, can_draw=True) is None
    sweep.trials[4] = trial(4)
    assert judge.wake(sweep, can_draw=False) is None, "one has no score yet"
    sweep.trials[4].outcome = "failed"
    assert judge.wake(sweep, can_draw=False) == Wake(1)
    trials[1].outcome = RUNNING
    assert judge.wake(sweep, can_draw=False) == Wake(3)
    trials[3].curve, trials[3].outcome = [row(0.3)] * 27, "completed"
    assert judge.wake(sweep, can_draw=False) is None
    trials[1].outcome = "failed"
    assert judge.wake(sweep, can_draw=False) == Wake(2), "for the one that failed"


@pytest.mark.parametrize("workers", [1, 3])
def test_one_epoch_spends_what_it_says(workers: int) -> None:
    sweep = Simulation("one_epoch", dice(3), trials=10, workers=workers, keep=3).run()
    assert sweep.count("completed") == 3
    assert sweep.epochs_spent == 10 + 3 * 8


# --- pbt ---------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_every_member_is_trained_to_the_end_whatever_the_workers(workers: int) -> None:
    sim = Simulation("pbt", dice(1), trials=8, workers=workers, seed=workers)
    sweep = sim.run()
    assert sweep.count("completed") == 8
    rates = {n: t.point["optim.lr"] for n, t in sweep.trials.items()}
    assert len(set(rates.values())) > 1
    # who changes to what hangs on the scores only, not on who came first
    alone = Simulation("pbt", dice(1), trials=8, workers=1).run()
    assert rates == {n: t.point["optim.lr"] for n, t in alone.trials.items()}


# --- grace_epochs: auto ------------------------------------------------------------------

AUTO = SchedulerConfig(type="asha", grace_epochs="auto", pilot_trials=4)


def pilots(*curves: list[float], outcome: str = "completed") -> list[TrialRecord]:
    return [trial(i, *curve, outcome=outcome) for i, curve in enumerate(curves)]


# From which epoch on a score of 9 tells the end: 4. Epoch 2 does so too, but 3 does not.
UNSTEADY = [
    [3, 0, 3, 0, 0, 0, 0, 0, 0],
    [2, 1, 2, 1, 1, 1, 1, 1, 1],
    [1, 2, 1, 2, 2, 2, 2, 2, 2],
    [0, 3, 0, 3, 3, 3, 3, 3, 3],
]


def test_the_grace_ends_where_scores_begin_to_tell_the_end_for_good() -> None:
    two = SchedulerConfig(type="asha", grace_epochs="auto", pilot_trials=4, eta=2)
    assert measured_grace(sweep_of(*pilots(*UNSTEADY), max_epochs=9), two) == 4
    assert measured_grace(sweep_of(*pilots(*UNSTEADY), max_epochs=9), AUTO) == 3, "9 / 3"
    steady = [[float(i)] * 9 for i in range(4)]
    assert measured_grace(sweep_of(*pilots(*steady), max_epochs=9), AUTO) == 1
    # later trials are none of the pilot
    noise = [trial(4 + i, *[5.0 - i] * 8, float(i), outcome="completed") for i in range(4)]
    assert measured_grace(sweep_of(*pilots(*steady), *noise, max_epochs=9), AUTO) == 1


def test_the_grace_is_unknown_until_the_pilot_is_over() -> None:
    trials = pilots(*UNSTEADY)
    assert measured_grace(sweep_of(*trials[:3], max_epochs=9), AUTO) is None
    trials[0].outcome = RUNNING
    assert measured_grace(sweep_of(*trials, max_epochs=9), AUTO) is None
    few = sweep_of(*trials[1:], max_epochs=9, planned=3)
    assert measured_grace(few, AUTO) == 1, "no more will come: 9 / 3 / 3"


def test_a_pilot_of_failures_gives_a_short_grace() -> None:
    trials = pilots(*UNSTEADY)
    trials[2].outcome = "diverged"
    assert measured_grace(sweep_of(*trials, max_epochs=27), AUTO) == 3, "27 / 3 / 3"


@pytest.mark.parametrize("type_", ["asha", "asha_promote", "hyperband", "median"])
def test_pilots_are_never_stopped_and_nobody_before_they_ended(type_: str) -> None:
    judge = scheduler(type_, grace_epochs="auto", pilot_trials=4)
    steady = pilots(*[[float(9 - i)] * 9 for i in range(4)])
    worst, later = steady[3], trial(6, 0.0)  # 6 and 0, 2, 4 share a bracket
    worst.outcome, worst.curve = RUNNING, worst.curve[:1]
    sweep = sweep_of(*steady, later, max_epochs=9)
    assert judge.after_epoch(sweep, worst) == GO
    assert judge.after_epoch(sweep, later) == GO
    worst.curve, worst.outcome = worst.curve * 9, "completed"
    assert judge.after_epoch(sweep, later) == (PAUSE if type_ == "asha_promote" else STOP)
