import math
import random
from typing import Any

import pytest

from facesearch.config.sweep import OBJECTIVES
from facesearch.errors import InputError
from facesearch.space import Point, space_from_text
from facesearch.tuning.past import Past, Told
from facesearch.tuning.records import TrialRecord

POINT = {"head": "softmax", "optim.lr": 0.1}


def empty(**search: Any) -> Past:
    text = "head: {choice: [{type: arcface, scale: {int: [10, 64]}}, {type: softmax}]}"
    return Past(
        space_from_text(f"{text}\noptim: {{lr: {{uniform: [0.01, 1]}}}}").with_settings(**search)
    )


def trial(outcome: str, *scores: float, draw: int = 0, point: Point = POINT) -> TrialRecord:
    return TrialRecord(draw, point, draw, [{"score": score} for score in scores], outcome)


@pytest.mark.parametrize(
    ("told", "scores", "has_failed", "is_known"),
    [
        (Told(POINT), None, False, False),
        (Told(POINT, trial("completed", 0.1, 0.2)), (0.2,), False, True),
        (Told(POINT, trial("pruned", 0.1)), (0.1,), False, True),
        (Told(POINT, trial("paused", 0.1)), (0.1,), False, True),
        (Told(POINT, trial("killed", 0.1, math.nan)), (0.1,), False, True),
        (Told(POINT, trial("killed")), None, False, False),
        (Told(POINT, trial("diverged", 0.9)), None, True, True),
        (Told(POINT, trial("out_of_memory")), None, True, True),
        (Told(POINT, trial("completed", 0.1, math.nan)), None, True, True),
        (Told(POINT, trial("completed")), None, True, True),
        (Told(POINT, excess={"memory": 0.5}), None, False, True),
    ],
)
def test_what_is_known_of_a_point(
    told: Told, scores: tuple[float, ...] | None, has_failed: bool, is_known: bool
) -> None:
    assert told.scores == scores
    assert (told.has_failed, told.is_known) == (has_failed, is_known)
    assert told.is_under_way == (told == Told(POINT))


def test_all_goes_by_the_draw_and_known_by_when_it_became_known() -> None:
    past = empty()
    for draw in (0, 1, 2, 3):
        past.add(draw, {**POINT, "optim.lr": (draw + 1) / 10})
    past.end(trial("completed", 0.5, draw=2))
    past.end(trial("killed", draw=1))
    past.end(trial("pruned", 0.1, draw=0))
    assert [told.point["optim.lr"] for told in past.all()] == [0.1, 0.2, 0.3, 0.4]
    assert [told.point["optim.lr"] for told in past.known()] == [0.3, 0.1]


def test_a_failure_counts_as_worse_than_all_seen_on_their_scale() -> None:
    past = empty(objective={"val/rank1": 1.0, "cost/gflops": -0.1})
    least = past.search.least_scores({})[0]
    assert least < -100 and past.penalty() == (least,)
    past.end(trial("completed", 0.3, draw=0))
    assert past.penalty() == (least,)
    past.end(trial("completed", 0.5, draw=1))
    past.end(trial("diverged", 0.9, draw=2))
    assert past.penalty() == (pytest.approx(0.1),)


def test_a_failure_is_never_told_less_than_the_least_that_is_possible() -> None:
    past = empty()
    past.end(trial("completed", 0.1, draw=0))
    past.end(trial("completed", 0.9, draw=1))
    assert past.penalty() == (0.0,)
    past.end(trial("completed", -0.2, draw=2))
    # but for a success that is even worse: a failure is below that one too, by the least there is
    assert past.penalty() == (math.nextafter(-0.2, -math.inf),)


@pytest.mark.parametrize(
    "objective",
    [
        "val/rank1",
        {"val/rank1": 1.0, "cost/gflops": 0.1},
        {"val/rank1": 0.5, "val/top1": 0.5, "cost/mparams": -3.0},
        ["val/rank1", "cost/gflops"],
    ],
)
def test_a_failure_counts_below_every_success(objective: Any) -> None:
    dice = random.Random(0)
    for _ in range(50):
        past = empty(objective=objective)
        scores_of = past.search.scores
        for draw in range(dice.randint(1, 4)):
            level = dice.choice([0.0, dice.random()])  # nobody knew anybody, in some
            metrics = dict.fromkeys(OBJECTIVES, level) | {"cost/gflops": 10 ** dice.uniform(-3, 3)}
            first, *more = scores_of(metrics)
            done = trial("completed", first, draw=draw)
            done.curve[-1] |= {f"score_{i}": value for i, value in enumerate(more, 1)}
            past.add(draw, POINT)
            past.end(done)
        worst = [min(column) for column in zip(*(t.scores or () for t in past.all()), strict=True)]
        assert all(mine < least for mine, least in zip(past.penalty(), worst, strict=True))


def test_the_typical_excess_is_a_mean_over_those_that_exceed() -> None:
    past = empty()
    assert past.typical_excess() == {}
    past.refuse(0, POINT, {"memory": 0.5})
    past.refuse(1, POINT, {"memory": 1.5, "cost/gflops": 2.0})
    assert past.typical_excess() == {"cost/gflops": 2.0, "memory": 1.0}


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"head": "softmax"}, "no value for 'optim.lr'"),
        ({"head": "cosface", "optim.lr": 0.1}, "must be one of"),
        ({**POINT, "model.width": 8}, "'model.width' is no hole of this point"),
        ({**POINT, "head.arcface.scale": 10}, "'head.arcface.scale' is no hole of this point"),
        ({**POINT, "optim.lr": 1.5}, r"'optim.lr' must be in \[0.01, 1\], but got 1.5"),
    ],
)
def test_a_point_of_another_space_is_refused_and_nothing_is_learnt(
    point: Point, message: str
) -> None:
    past = empty()
    with pytest.raises(InputError, match=message):
        past.add(0, point)
    assert not past.learn(trial("completed", 0.5, point=point))
    assert past.all() == []


def test_of_another_sweep_only_scores_and_divergence_count() -> None:
    past = empty()
    assert past.learn(trial("completed", 0.5)) and past.learn(trial("pruned", 0.5))
    assert past.learn(trial("diverged"))
    assert not past.learn(trial("out_of_memory")) and not past.learn(trial("failed"))
    assert not past.learn(trial("killed"))
    two = empty(objective=["val/rank1", "val/top1"])
    assert not two.learn(trial("completed", 0.5))
    assert len(past.all()) == 3 and past.known() == []
