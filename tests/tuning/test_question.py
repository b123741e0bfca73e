from typing import Any

import pytest

from facesearch.space import SearchSpace, space_from_text
from facesearch.tuning.question import difference, flat, identity

TEXT = "name: toy\noptim: {lr: {uniform: [0.1, 1.0]}}\n"


def space(text: str = "", **search: Any) -> SearchSpace:
    return space_from_text(TEXT + text).with_settings(**search)


def test_leaves_are_named_by_their_path() -> None:
    assert flat({"a": {"b": 1, "c": [1, 2]}, "d": [{"e": 2}], "f": {}}) == {
        "a.b": 1, "a.c": [1, 2], "d.0.e": 2,
    }  # fmt: skip


def changed(first: SearchSpace, second: SearchSpace) -> list[str]:
    return difference(identity(first, "f"), identity(second, "f"))


def test_a_default_that_is_written_asks_nothing_else() -> None:
    search = (
        "search: {sampler: tpe, seed: 0, objective: val/rank1, scheduler: {type: asha, eta: 3}}"
    )
    assert changed(space(), space(search)) == []
    assert changed(space(), space(seed=0, sampler="tpe", objective="val/rank1")) == []
    assert changed(space(search), space()) == []


def test_a_setting_that_was_changed_after_loading_asks_something_else() -> None:
    assert changed(space(), space(seed=3)) == ["  search.seed: was 0, is 3"]
    assert changed(space(), space(objective="val/top1")) == [
        "  search.objective: was val/rank1, is val/top1"
    ]
    weighted = space(objective={"val/rank1": 1.0, "cost/gflops": 0.1})
    assert changed(space(), weighted) == [
        "  search.objective: was val/rank1, is not written",
        "  search.objective.cost/gflops: was not written, is -0.1",
        "  search.objective.val/rank1: was not written, is 1.0",
    ]


@pytest.mark.parametrize("search", [{"trials": 99}, {"time_s": 9.0}, {"patience_trials": 2}])
def test_a_budget_is_no_part_of_the_question(search: dict[str, Any]) -> None:
    assert changed(space(), space(**search)) == []


def test_a_sweep_that_rewarded_costs_is_not_continued_by_one_that_minimises_them() -> None:
    asked = space(objective={"val/rank1": 1.0, "cost/gflops": 0.1})
    assert changed(asked, space(objective={"val/rank1": 1.0, "cost/gflops": -0.1})) == []
    before = identity(asked, "f") | {"search.objective.cost/gflops": 0.1}
    assert difference(before, identity(asked, "f")) == [
        "  search.objective.cost/gflops: was 0.1, is -0.1"
    ]


@pytest.mark.parametrize(
    "model",
    ["{network: resnet18, init: torchvision}",
     "{network: resnet18, init: {choice: [null, torchvision]}}",
     "{choice: [{network: cnn}, {network: resnet18, init: torchvision}]}"],
)  # fmt: skip
def test_a_sweep_of_before_the_pixels_of_torchvision_is_not_continued(model: str) -> None:
    now = identity(space(f"model: {model}\n"), "f")
    before = {name: leaf for name, leaf in now.items() if name != "model.pixels"}
    (line,) = difference(before, now)
    assert line.startswith("  model.pixels: was not written, is as torchvision's")
    assert "model.pixels" not in identity(space("model: {network: resnet18}\n"), "f")


def test_a_weight_of_zero_of_an_older_sweep_asks_for_nothing() -> None:
    now = identity(space(objective={"val/rank1": 1.0, "cost/gflops": 0.1}), "f")
    assert difference({**now, "search.objective.val/top1": 0}, now) == []
    assert difference({**now, "search.objective.val/top1": 0.5}, now) != []
