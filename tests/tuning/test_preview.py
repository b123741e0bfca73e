import numpy as np
import pytest

from facesearch.space import space_from_text
from facesearch.training.memory import Room
from facesearch.tuning.baseline import as_baseline
from facesearch.tuning.preview import (
    ATTEMPT_S,
    RAY_START_S,
    WORKER_START_S,
    describe_hole,
    duplicates,
    expected,
    extremes,
    impossible,
    shown_rungs,
)

SPACE = """
data: {image_px: 16}
model: {num_stages: 2, width: {choice: [4, 8, 64]}}
head:
  choice:
    - {type: softmax}
    - {type: arcface, margin_rad: {uniform: [0.0, 0.5]}}
optim: {lr: {log_uniform: [0.01, 1.0]}}
train: {epochs: 9}
search: {trials: %d, scheduler: {type: %s, grace_epochs: 1, eta: 3}}
"""


def test_holes_in_words_with_their_condition() -> None:
    lines = [describe_hole(hole) for hole in space_from_text(SPACE % (9, "asha")).holes()]
    assert lines == [
        ("model.width", "4 | 8 | 64", ""),
        ("head", "softmax | arcface", ""),
        ("head.arcface.margin_rad", "0.0 ... 0.5", "head = arcface"),
        ("optim.lr", "0.01 ... 1.0 (log)", ""),
    ]


def test_networks_come_from_small_to_large_and_what_cannot_fit_is_told() -> None:
    costs = extremes(space_from_text(SPACE % (9, "asha")), None, 100)
    assert [cost.point["model.width"] for cost in costs] == [4, 8, 64]
    assert np.all(np.diff([cost.mparams for cost in costs]) > 0)
    between = (costs[1].memory_bytes + costs[2].memory_bytes) / 2
    [told] = impossible(costs, Room(between, "as 3 trials run at once on this machine"))
    assert "'model.width': 64" in told and "GiB, a trial here has 0." in told
    assert ", as 3 trials run at once on this machine; such points will be refused" in told
    assert impossible(costs, Room(1e15)) == []


def test_faces_that_are_held_out_take_memory_too() -> None:
    space = space_from_text(SPACE % (9, "asha"))
    without, few, many = (extremes(space, None, 100, held)[0] for held in (0, 100, 1_000_000))
    assert without.memory_bytes <= few.memory_bytes < many.memory_bytes
    assert many.memory_bytes > 4 * 1_000_000 * 256  # their embeddings alone
    assert without.checkpoint_bytes == many.checkpoint_bytes


def test_without_early_stopping_the_duration_is_arithmetic() -> None:
    space = space_from_text(SPACE % (6, "none"))
    costs = extremes(space, None, 100)
    plan = expected(space, costs, [(3.0, 2.0)] * 3, at_once=2, repeats=2)
    assert plan.epochs == 54
    # each of two workers trains three trials: a first epoch of 3 s and eight of 2 s
    assert plan.seconds == pytest.approx(
        RAY_START_S + WORKER_START_S + 3 * (ATTEMPT_S + 3.0 + 8 * 2.0)
    )
    assert shown_rungs(plan.rungs) == [1, 9]
    # the best two again with two further seeds each: four trainings, two at a time
    again = space.with_settings(repeat_top=2, repeat_seeds=3, time_s=30.0)
    longer = expected(again, costs, [(3.0, 2.0)] * 3, at_once=2, repeats=2)
    assert (longer.repeats, longer.repeat_epochs, longer.epochs) == (4, 36, 54)
    assert longer.repeat_seconds == pytest.approx(2 * (ATTEMPT_S + 3.0 + 8 * 2.0))
    # the time bounds the search alone
    assert longer.seconds == pytest.approx(30.0 + longer.repeat_seconds)


def test_early_stopping_shows_in_the_rungs_and_time_is_bounded_by_the_budget() -> None:
    space = space_from_text(SPACE % (27, "asha"))
    costs = extremes(space, None, 100)
    plan = expected(space, costs, [(1.0, 1.0)] * 3, at_once=2, repeats=3)
    assert plan.rungs[1] == 27 > plan.rungs[2] >= 9 > plan.rungs[9]
    assert plan.epochs < 0.6 * 27 * 9
    assert {1, 3, 9} <= set(shown_rungs(plan.rungs))
    short = expected(space.with_settings(time_s=20.0), costs, [(1.0, 1.0)] * 3, 2, repeats=1)
    assert short.seconds == 20.0


def test_repeated_points_are_counted() -> None:
    space = space_from_text("model: {width: {choice: [4, 8]}}")
    assert duplicates(space, 50) == 48
    assert duplicates(space_from_text("optim: {lr: {uniform: [0.1, 1]}}"), 50) == 0


def test_baselines_ask_the_same_question_in_another_way() -> None:
    space = space_from_text("name: a\nsearch: {trials: 30, objective: val/top1}")
    whole, one = as_baseline(space, "random"), as_baseline(space, "one-epoch")
    assert whole.settings.name == "a-random" and whole.settings.search.scheduler.type == "none"
    assert one.settings.search.scheduler.keep == 3
    for search in (whole.settings.search, one.settings.search):
        assert (search.trials, search.objective) == (30, "val/top1")
