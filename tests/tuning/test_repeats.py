from facesearch.space import space_from_text
from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.tuning.repeats import are_left, chosen, config_of, due, num_planned

SPACE = "optim: {lr: {log_uniform: [0.01, 1.0]}}\ntrain: {seed: 4294967295}\n"


def sweep_of(*trials: TrialRecord, top: int = 2, seeds: int = 3) -> SweepRecord:
    return SweepRecord("toy", 9, 2, trials={t.number: t for t in trials}, repeat_top=top,
                       repeat_seeds=seeds)  # fmt: skip


def trial(number: int, score: float, outcome: str = "completed", **more: int) -> TrialRecord:
    curve = [{"score": score}] * (2 if outcome == "completed" else 1)
    return TrialRecord(number, {}, curve=curve, outcome=outcome, **more)


def test_a_repeat_differs_in_the_seed_alone() -> None:
    space = space_from_text(SPACE)
    point = {"optim.lr": 0.1}
    own, again = config_of(space, point), config_of(space, point, 2)
    assert own == space.config(point)
    assert again.train.seed == 1  # round the corner of 32 bits
    same = again.model_copy(update={"train": own.train})
    assert same == own


def test_the_best_completed_ones_are_due_a_seed_for_all_before_the_next() -> None:
    trials = [trial(0, 0.2), trial(1, 0.9, "pruned"), trial(2, 0.4), trial(3, 0.1)]
    sweep = sweep_of(*trials)
    assert [t.number for t in chosen(sweep)] == [2, 0]
    assert [(t.number, offset) for t, offset in due(sweep)] == [(2, 1), (0, 1), (2, 2), (0, 2)]
    begun = sweep_of(*trials, trial(4, 0.3, "running", repeat_of=2, seed_offset=1))
    assert [(t.number, offset) for t, offset in due(begun)] == [(0, 1), (2, 2), (0, 2)]


def test_repeats_are_left_until_the_last_has_ended() -> None:
    first = trial(0, 0.2)
    again = [trial(n, 0.3, repeat_of=0, seed_offset=n) for n in (1, 2)]
    assert not are_left(sweep_of(first, top=0)) and are_left(sweep_of(first, top=1))
    again[1].outcome = "running"
    assert are_left(sweep_of(first, *again, top=1))
    again[1].outcome = "diverged"  # one that failed is not tried once more
    assert not are_left(sweep_of(first, *again, top=1))


def test_fewer_repeats_are_planned_where_fewer_trials_came_to_the_end() -> None:
    others = [trial(n, 0.1, "pruned") for n in range(2, 9)]
    sweep = sweep_of(trial(0, 0.2), trial(1, 0.3, "running"), *others)
    assert num_planned(sweep) == 4  # it may still come to the end
    sweep.trials[1].outcome = "diverged"
    assert num_planned(sweep) == 2
    again = [trial(9 + n, 0.3, repeat_of=0, seed_offset=n) for n in (0, 1)]
    assert num_planned(sweep_of(sweep.trials[0], *again[1:])) == 2  # a budget ended the search
    assert num_planned(sweep_of(*sweep.trials.values(), top=0)) == 0


def test_repeats_of_those_that_a_longer_search_has_beaten_count_too() -> None:
    first = [trial(0, 0.2), *(trial(n, 0.1, "pruned") for n in range(1, 8))]
    again = [trial(8 + n, 0.3, repeat_of=0, seed_offset=n) for n in (1, 2)]
    longer = sweep_of(*first, *again, trial(11, 0.9), trial(12, 0.0, "running"), top=1)
    assert num_planned(longer) == 4
    longer.trials[12].outcome = "pruned"
    assert num_planned(longer) == 4
