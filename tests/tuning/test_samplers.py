import math
import statistics
from collections import Counter

import optuna
import pytest
from optuna.trial import TrialState

from facesearch.config.sweep import SAMPLERS
from facesearch.space import Point, space_from_text
from facesearch.tuning.past import Past
from facesearch.tuning.records import TrialRecord
from facesearch.tuning.samplers import SOURCES, ask_optuna, cma, sobol

TEXT = """
head: {choice: [{type: arcface, scale: {int: [10, 64]}}, {type: softmax}]}
model: {width: {log_int: [8, 64]}}
optim: {lr: {log_uniform: [0.01, 1]}, weight_decay: {uniform: [0, 0.1]}}
"""
POINT = {"head": "softmax", "model.width": 8, "optim.lr": 0.1, "optim.weight_decay": 0.0}


def empty(sampler: str) -> Past:
    return Past(space_from_text(TEXT).with_settings(sampler=sampler))


def end(past: Past, draw: int, outcome: str, *scores: float, point: Point = POINT) -> None:
    curve = [{"score": score} for score in scores]
    past.end(TrialRecord(draw, point, draw, curve, outcome))


def told(past: Past) -> list[optuna.trial.FrozenTrial]:
    """Return what the study knows that is asked for the next point."""
    suggest = ask_optuna(past, 99)
    study: optuna.Study = suggest.trial.study  # type: ignore[attr-defined]
    return study.get_trials()[:-1]


def test_every_sampler_of_the_config_is_there() -> None:
    assert set(SOURCES) == set(SAMPLERS)


def test_tpe_ranks_success_before_pruned_before_failed_before_refused() -> None:
    past = empty("tpe")
    end(past, 0, "completed", 0.1, 0.6)
    end(past, 1, "pruned", 0.2, math.nan)
    end(past, 2, "diverged", 0.9)
    end(past, 3, "killed")
    past.refuse(4, POINT, {"memory": 0.5})
    past.add(5, POINT)
    trials = told(past)
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED, TrialState.COMPLETE]
    assert [trial.state for trial in trials] == [*states, TrialState.RUNNING]
    assert [trial.intermediate_values for trial in trials] == [{}, {1: 0.2}, {}, {}, {}]
    assert trials[0].value == 0.6
    assert [trial.constraints["memory"] for trial in trials[:4]] == [-0.5, -0.5, -0.5, 0.5]


def test_a_failure_is_under_way_for_tpe_while_it_would_be_among_the_good_ones() -> None:
    past = empty("tpe")
    for draw in range(19):
        end(past, draw, "diverged")
    assert {trial.state for trial in told(past)} == {TrialState.RUNNING}
    end(past, 19, "completed", 0.5)
    assert Counter(t.state for t in told(past))[TrialState.RUNNING] == 19
    end(past, 20, "completed", 0.5)
    end(past, 21, "completed", 0.5)
    assert Counter(t.state for t in told(past)) == {TrialState.PRUNED: 19, TrialState.COMPLETE: 3}


@pytest.mark.parametrize("sampler", ["gp", "nsga2"])
def test_the_others_are_told_the_last_score_and_the_penalty(sampler: str) -> None:
    past = empty(sampler)
    end(past, 0, "completed", 0.4)
    end(past, 1, "pruned", 0.3)
    end(past, 2, "out_of_memory")
    past.refuse(3, POINT, {"memory": 0.5})
    trials = told(past)
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    assert [trial.value for trial in trials] == pytest.approx([0.4, 0.3, 0.2, 0.2])


def test_without_refused_points_there_are_no_constraints() -> None:
    past = empty("gp")
    end(past, 0, "completed", 0.4)
    assert told(past)[0].constraints == {}


def test_sobol_is_even_in_every_hole() -> None:
    past = empty("qmc")
    points = [past.space.fill(sobol(past, draw))[0] for draw in range(64)]
    assert Counter(point["head"] for point in points) == {"arcface": 32, "softmax": 32}
    parts = Counter(math.floor(4 * (math.log10(point["optim.lr"]) + 2) / 2) for point in points)
    assert parts == {0: 16, 1: 16, 2: 16, 3: 16}


def test_cma_starts_in_the_middle_or_at_the_best_of_another_sweep() -> None:
    def centre(past: Past) -> float:
        points = [past.space.fill(cma(past, draw))[0] for draw in range(60)]
        return statistics.mean(point["optim.weight_decay"] for point in points)

    assert centre(empty("cmaes")) == pytest.approx(0.05, abs=0.01)
    taught = empty("cmaes")
    for decay, score in [(0.01, 0.2), (0.08, 0.9)]:
        point = {**POINT, "optim.weight_decay": decay}
        assert taught.learn(TrialRecord(0, point, 0, [{"score": score}], "completed"))
    assert centre(taught) == pytest.approx(0.08, abs=0.015)


def test_cma_without_a_number_that_every_point_has_is_dice() -> None:
    text = "head: {choice: [{type: arcface, scale: {int: [10, 64]}}, {type: softmax}]}"
    past = Past(space_from_text(text).with_settings(sampler="cmaes"))
    heads = Counter(past.space.fill(cma(past, draw))[0]["head"] for draw in range(200))
    assert min(heads.values()) > 70
