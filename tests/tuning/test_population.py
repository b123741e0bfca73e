import random
from typing import Any

import pytest

from facesearch.errors import InputError
from facesearch.space import Hole, space_from_text
from facesearch.tuning.population import Population, check_population, perturbed, quarters
from facesearch.tuning.records import PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord

LR = Hole("optim.lr", "log_uniform", (0.01, 1.0))
HOLES = {"optim.lr": LR}


def sweep_at(epoch: int, scores: list[float], outcome: str = PAUSED) -> SweepRecord:
    """All members after ``epoch`` epochs; a member's rate tells its number."""
    trials = {
        number: TrialRecord(
            number, {"optim.lr": 0.1 + number / 1000}, curve=[{"score": s}] * epoch, outcome=outcome
        )
        for number, s in enumerate(scores)
    }
    return SweepRecord("s", len(scores), 9, trials=trials)


def wake(sweep: SweepRecord, population: Population) -> tuple[int, Any, Any] | None:
    """Do as the controller does with what is proposed."""
    member = population.next_member(sweep)
    if member is not None:
        number, point, parent = member
        trial = sweep.trials[number]
        trial.outcome, trial.woken_epochs, trial.parent = WAITING, trial.epochs, parent
        trial.point = point or trial.point
    return member


def check(text: str) -> None:
    check_population(space_from_text(text, "space.yaml"))


def test_the_worst_quarter_goes_on_from_the_best_with_another_rate() -> None:
    sweep = sweep_at(3, [0.5, 0.1, 0.6, 0.9, 0.4, 0.2, 0.8, 0.7])
    population = Population(0, HOLES)
    woken = [wake(sweep, population) for _ in range(2)]
    assert [member[0] for member in woken if member] == [5, 1]  # of the worst two, the better first
    for member in woken:
        assert member is not None
        _, point, parent = member
        assert parent in (3, 6)
        rate = 0.1 + parent / 1000
        assert point["optim.lr"] in (pytest.approx(0.8 * rate), pytest.approx(1.2 * rate))


def test_others_go_on_as_they_are_and_parents_only_when_they_were_read() -> None:
    sweep = sweep_at(3, [0.5, 0.1, 0.6, 0.9])
    population = Population(0, HOLES)
    assert wake(sweep, population) is not None  # 1 from 3
    assert [wake(sweep, population) for _ in range(2)] == [(0, None, None), (2, None, None)]
    assert population.next_member(sweep) is None, "the checkpoint of 3 is still being read"
    sweep.trials[1].curve.append({"score": 0.7})
    assert wake(sweep, population) == (3, None, None)
    assert population.next_member(sweep) is None


def test_a_parent_does_not_wait_for_a_child_that_failed() -> None:
    sweep = sweep_at(3, [0.5, 0.1, 0.6, 0.9])
    population = Population(0, HOLES)
    wake(sweep, population)
    sweep.trials[1].outcome = "failed"
    numbers = [wake(sweep, population) for _ in range(3)]
    assert numbers == [(0, None, None), (2, None, None), (3, None, None)]


@pytest.mark.parametrize("state", [WAITING, RUNNING])
def test_nobody_goes_on_before_all_have_come(state: str) -> None:
    sweep = sweep_at(3, [0.5, 0.1, 0.6, 0.9])
    sweep.trials[2].curve, sweep.trials[2].outcome = [{"score": 0.6}] * 2, state
    assert Population(0, HOLES).next_member(sweep) is None
    sweep.trials[2].outcome = "failed"
    assert Population(0, HOLES).next_member(sweep) == (0, None, None), "three are too few"


def test_those_who_are_further_count_by_their_score_then() -> None:
    sweep = sweep_at(3, [0.5, 0.4, 0.6, 0.9])
    ahead = sweep.trials[3]
    ahead.outcome, ahead.curve = RUNNING, [*ahead.curve, {"score": 0.0}]
    # 1 is still the worst at epoch 3; the best has moved on, so its weights are no longer to be had
    assert Population(0, HOLES).next_member(sweep) == (1, None, None)


def test_the_dice_are_the_same_whenever_they_are_asked() -> None:
    scores = [0.5, 0.1, 0.6, 0.9, 0.4, 0.2, 0.8, 0.7]
    sweep = sweep_at(3, scores)
    alone = [wake(sweep, Population(7, HOLES)) for _ in range(2)]
    again = sweep_at(3, scores)
    again.trials[5].outcome = WAITING  # woken before a crash; the rest must not change
    assert Population(7, HOLES).next_member(again) == alone[1]
    others = [Population(seed, HOLES).next_member(sweep_at(3, scores)) for seed in range(20)]
    assert len({(m[2], m[1]["optim.lr"]) for m in others if m and m[1]}) == 4, "2 parents, 2 rates"
    epochs = [Population(7, HOLES).next_member(sweep_at(e, scores)) for e in range(1, 20)]
    assert len({(m[2], m[1]["optim.lr"]) for m in epochs if m and m[1]}) == 4


@pytest.mark.parametrize("count", range(20))
def test_quarters_do_not_overlap(count: int) -> None:
    members = [TrialRecord(n, {}) for n in range(count)]
    best, worst = quarters(members)
    assert len(best) == len(worst) == count // 4
    assert not {t.number for t in best} & {t.number for t in worst}


@pytest.mark.parametrize("seed", range(50))
def test_numbers_stay_in_their_holes_and_choices_stay(seed: int) -> None:
    rng = random.Random(seed)
    holes = {
        "a": Hole("a", "uniform", (0.0, 0.5)),
        "b": Hole("b", "log_uniform", (10, 64)),
        "c": Hole("c", "int", (1, 5)),
        "d": Hole("d", "log_int", (8, 64)),
        "e": Hole("e", "choice", (1, 2, 3)),
    }
    point = {"a": rng.uniform(0, 0.5), "b": rng.uniform(10, 64), "c": rng.randint(1, 5), "d": 30}
    point |= {"e": 2, "of.another.space": 5}
    before = dict(point)
    changed = perturbed(point, holes, rng)
    assert point == before, "a parent's point is its own"
    assert changed["e"] == 2 and changed["of.another.space"] == 5
    assert changed["d"] in (24, 36) and isinstance(changed["c"], int)
    for name in ("a", "b", "c", "d"):
        low, high = holes[name].values
        assert low <= changed[name] <= high
        inside = [min(max(point[name] * f, low), high) for f in (0.8, 1.2)]
        assert any(abs(changed[name] - v) <= (0.5 if name in "cd" else 1e-12) for v in inside)


def test_rates_margins_and_changes_of_images_may_change() -> None:
    check(
        """
head: {type: arcface, margin_rad: {uniform: [0.1, 0.5]}, scale: {log_uniform: [10, 64]}}
optim: {lr: {log_uniform: [0.01, 1]}, schedule: {choice: [cosine, constant]}}
augment: {cutout_fraction: {uniform: [0, 0.4]}, changes_per_image: {choice: [0, 2]}}
"""
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("model: {depth: {int: [1, 2]}}", "model.depth"),
        ("data: {image_px: {choice: [32, 64]}}", "data.image_px"),
        ("train: {batch_size: {choice: [32, 64]}}", "train.batch_size"),
        ("head: {choice: [{type: arcface}, {type: cosface}]}", "head"),
        ("head: {type: subcenter_arcface, centres: {int: [2, 3]}}", "head.centres"),
        ("head: {type: arcface, lr_factor: {uniform: [0.5, 1]}}", "head.lr_factor"),
        ("head: {type: arcface, learn_scale: {choice: [false, true]}}", "head.learn_scale"),
        ("optim: {type: {choice: [sgd, adamw]}}", "optim.type"),
        ("optim: {layer_decay: {uniform: [0.5, 1]}}", "optim.layer_decay"),
    ],
)
def test_what_does_not_fit_the_weights_is_refused_by_name(text: str, name: str) -> None:
    with pytest.raises(InputError, match=rf"space.yaml: .* change of {name}\. Write one value"):
        check(text)


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = (
        "model: {depth: {int: [1, 2]}}\noptim: {lr: {uniform: [0.1, 0.2]}, type: {choice: [sgd]}}"
    )
    with pytest.raises(InputError, match=r"change of model\.depth, optim\.type\. Write"):
        check(text)
