from typing import Any

import pytest
from pydantic import ValidationError

from facesearch.config import SearchConfig
from facesearch.config.sweep import LIMITS, OBJECTIVES, SAMPLERS, SCHEDULERS, SchedulerConfig

METRICS = {"val/rank1": 0.4, "val/top1": 0.8, "cost/gflops": 3.0, "cost/mparams": 2.0}


# --- objective ---------------------------------------------------------------------------


def test_one_metric_is_one_score() -> None:
    search = SearchConfig(objective="val/top1")
    assert search.scores(METRICS) == [0.8]
    assert search.objectives == ["val/top1"] and not search.has_several


def test_a_weighted_objective_is_a_weighted_sum() -> None:
    search = SearchConfig(objective={"val/rank1": 0.25, "val/top1": 0.75, "cost/gflops": -0.1})
    assert search.scores(METRICS) == [pytest.approx(0.25 * 0.4 + 0.75 * 0.8 - 0.1 * 3.0)]
    assert search.objectives == ["val/rank1", "val/top1", "cost/gflops"]
    assert not search.has_several


def test_a_list_is_a_score_each_and_costs_get_a_minus() -> None:
    search = SearchConfig(objective=["cost/mparams", "val/rank1", "cost/gflops"])
    assert search.scores(METRICS) == [-2.0, 0.4, -3.0]
    assert search.objectives == ["cost/mparams", "val/rank1", "cost/gflops"]
    assert search.has_several


def test_a_list_of_one_metric_is_that_metric() -> None:
    search = SearchConfig(objective=["val/rank1"])
    assert search.scores(METRICS) == [0.4] and not search.has_several


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_metric_may_stand_in_a_list(name: str) -> None:
    names = list(dict.fromkeys([name, "val/rank1"]))
    metrics = dict.fromkeys(OBJECTIVES, 0.5)
    expected = [-0.5 if n.startswith("cost/") else 0.5 for n in names]
    assert SearchConfig(objective=names).scores(metrics) == expected


def test_a_failure_never_looks_better_than_a_success() -> None:
    search = SearchConfig(objective={"val/rank1": 1.0, "cost/gflops": -0.2})
    worst_success = search.scores({"val/rank1": 0.0, "cost/gflops": 3.0})
    assert search.least_scores({"cost/gflops": 3.0}) == worst_success < [0]
    assert search.least_scores({}) < search.scores({"val/rank1": 0.0, "cost/gflops": 900.0})
    assert SearchConfig().least_scores({"cost/gflops": 3.0}) == [0.0]


def test_a_failure_is_the_worst_in_each_of_several_objectives() -> None:
    search = SearchConfig(objective=["val/rank1", "cost/gflops"])
    assert search.least_scores({"cost/gflops": 3.0}) == [0.0, -3.0]
    unknown = search.least_scores({})
    dearest = search.scores({"val/rank1": 0.01, "cost/gflops": 900.0})
    assert all(least < score for least, score in zip(unknown, dearest, strict=True))


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ({"cost/gflops": -1.0}, "trivial winner"),
        (["cost/gflops", "cost/mparams"], "trivial winner"),
        ("cost/gflops", "trivial winner"),
        ([], "needs at least one metric of val/rank1"),
        ({}, "needs at least one metric of val/rank1"),
        ("val/rank2", "unknown metric 'val/rank2'; did you mean 'val/rank1'"),
        (["val/rank1", "cost/gflop"], "did you mean 'cost/gflops'"),
        ({"val/top2": 1.0}, "did you mean 'val/top1'"),
        (["val/rank1", "cost/gflops", "val/rank1"], "names a metric twice"),
        (["val/rank1", 3], "must be a metric, a list"),
        (3, "must be a metric, a list"),
        ({"val/rank1": "much"}, "a weighted sum {metric: number"),
        ({"val/rank1": float("nan")}, "val/rank1 must have a finite number .* but got nan"),
        ({"val/rank1": 1.0, "cost/gflops": float("-inf")}, "cost/gflops must .* but got -inf"),
        ({"val/rank1": -1.0}, r"val/rank1 is maximised, .* but got -1; write 1 \(costs alone"),
        ({"val/rank1": 1.0, "val/top1": -0.5}, "val/top1 is maximised, .* write 0.5"),
        ({"val/rank1": 0.0}, "val/rank1 must have a weight that is not 0, or be left out"),
        ({"val/rank1": 1, "cost/gflops": -0.0}, "cost/gflops must have a weight that is not 0"),
    ],
)
def test_what_is_no_objective_is_refused(objective: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SearchConfig(objective=objective)


def test_all_weights_that_are_wrong_are_told_at_once() -> None:
    with pytest.raises(ValidationError, match=r"val/rank1 is .*; val/top1 is ") as caught:
        SearchConfig(objective={"val/rank1": -1.0, "val/top1": -2.0, "cost/gflops": 1.0})
    assert caught.value.error_count() == 1


def test_a_cost_is_minimised_whatever_the_sign_of_its_weight() -> None:
    for weight in (0.1, -0.1):
        search = SearchConfig(objective={"val/rank1": 1.0, "cost/gflops": weight})
        assert search.scores(METRICS) == [pytest.approx(0.4 - 0.1 * 3.0)]
        assert search.objective_words == "1 x val/rank1 - 0.1 x cost/gflops"
        failed = search.least_scores({})
        assert failed < search.scores({"val/rank1": 0.0, "cost/gflops": 9000.0})


def test_what_has_none_of_the_three_shapes_is_told_once() -> None:
    for objective in (3, None, [["val/rank1"]], {"val/rank1": "much"}, {"val/rank1": True}):
        with pytest.raises(ValidationError) as caught:
            SearchConfig(objective=objective)
        assert caught.value.error_count() == 1


# --- limits ------------------------------------------------------------------------------


def test_every_limit_may_be_set() -> None:
    limits = dict.fromkeys(LIMITS, 2.0)
    assert SearchConfig(limits=limits).limits == limits


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"cost/mparam": 2.0}, "cost/mparam is no cost .*; did you mean 'cost/mparams'"),
        ({"val/rank1": 0.5}, "val/rank1 is no cost .* Known: cost/gflops, cost/latency_ms"),
        ({"cost/mparams": 0.0}, "cost/mparams must be > 0, but got 0"),
        ({"cost/latency_ms": -1.0}, "cost/latency_ms must be > 0, but got -1"),
        ({"cost/gflops": float("nan")}, "finite number"),
        ({"cost/gflops": float("inf")}, "finite number"),
    ],
)
def test_what_is_no_limit_is_refused(limits: dict[str, float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SearchConfig(limits=limits)


def test_all_that_is_wrong_with_the_limits_is_told_at_once() -> None:
    with pytest.raises(ValidationError, match=r"cost/gflop is no cost .*; cost/mparams must be"):
        SearchConfig(limits={"cost/mparams": -1.0, "cost/gflop": 1.0})


# --- sampler and scheduler ---------------------------------------------------------------


def test_every_name_of_the_tables_is_taken() -> None:
    assert [SearchConfig(sampler=name).sampler for name in SAMPLERS] == list(SAMPLERS)
    assert [SchedulerConfig(type=name).type for name in SCHEDULERS] == list(SCHEDULERS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "cma"}, "unknown name 'cma'; did you mean 'cmaes'"),
        ({"sampler": "bayes"}, "unknown name 'bayes'.* Known: cmaes, gp, grid"),
        ({"scheduler": {"type": "asha_promoted"}}, "did you mean 'asha_promote'"),
        ({"scheduler": {"type": "bohb"}}, "unknown name 'bohb'.* Known: asha, asha_promote"),
        ({"scheduler": {"type": "asha", "kept": 3}}, "Extra inputs"),
        ({"scheduler": {"pilot_trials": 3}}, "greater than or equal to 4"),
        ({"scheduler": {"keep": 0}}, "greater than or equal to 1"),
        ({"scheduler": {"interval_epochs": 0}}, "greater than or equal to 1"),
        ({"grid_levels": 1}, "greater than or equal to 2"),
        ({"patience_trials": 0}, "greater than or equal to 1"),
        ({"gpu_hours": 0.0}, "greater than 0"),
    ],
)
def test_an_unknown_name_or_an_empty_budget_is_refused(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        SearchConfig.model_validate(settings)


@pytest.mark.parametrize("grace", [1, 5, "auto"])
def test_the_grace_is_a_count_of_epochs_or_auto(grace: Any) -> None:
    assert SchedulerConfig(grace_epochs=grace).grace_epochs == grace


@pytest.mark.parametrize("grace", [0, -1, 1.5, True, None, "Auto", "3", [1]])
def test_another_grace_is_told_once(grace: Any) -> None:
    with pytest.raises(ValidationError, match="a whole number >= 1, or auto") as caught:
        SchedulerConfig(grace_epochs=grace)
    assert caught.value.error_count() == 1
