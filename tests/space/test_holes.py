from typing import Any

import pytest

from facesearch.space.fillers import Ends, Replay
from facesearch.space.holes import (
    fill_holes,
    hole_kind,
    may_change_in_training,
    option_labels,
    walk_holes,
)

TEMPLATE: dict[str, Any] = {
    "head": {
        "choice": [
            {"type": "softmax", "label_smoothing": {"uniform": [0, 0.2]}},
            {"type": "arcface", "scale": {"choice": [16, {"log_uniform": [20, 64]}]}},
        ]
    },
    "model": {"width": {"int": [4, 8]}, "depth": [1, 2]},
}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"uniform": [0, 1]}, "uniform"),
        ({"choice": [1]}, "choice"),
        ({"uniform": [0, 1], "log": True}, None),
        ({"type": "arcface"}, None),
        ([1, 2], None),
        (0.1, None),
    ],
)
def test_a_hole_is_a_mapping_of_one_distribution(value: Any, kind: str | None) -> None:
    assert hole_kind(value) == kind


def test_options_get_short_names_and_no_name_twice() -> None:
    options = [
        {"type": "arcface", "scale": 16}, {"type": "arcface", "scale": 32}, {"network": "resnet18"},
        {"width": 8}, [3, 4], 5, "gap", {"type": {"choice": ["softmax"]}},
    ]  # fmt: skip
    assert option_labels(options) == [
        "arcface", "arcface#1", "resnet18", "option3", "[3, 4]", 5, "gap", "option7",
    ]  # fmt: skip


def test_a_hole_knows_which_options_it_stands_under() -> None:
    found = {hole.name: hole.under for hole, _ in walk_holes(TEMPLATE, "", ())}
    assert found == {
        "head": (),
        "head.softmax.label_smoothing": (("head", "softmax"),),
        "head.arcface.scale": (("head", "arcface"),),
        # an option that is a hole itself needs both choices
        "head.arcface.scale.option1": (("head", "arcface"), ("head.arcface.scale", "option1")),
        "model.width": (),
    }


def test_filling_notes_every_choice_and_leaves_the_rest_as_it_is() -> None:
    point: dict[str, Any] = {}
    filled = fill_holes(TEMPLATE, "", Ends({"head": "arcface"}), point)
    assert filled == {
        "head": {"type": "arcface", "scale": 16},
        "model": {"width": 4, "depth": [1, 2]},
    }
    assert point == {"head": "arcface", "head.arcface.scale": 16, "model.width": 4}


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("optim.lr", True),
        ("optim.schedule", True),
        ("augment.strength", True),
        ("head.margin_rad", True),
        ("head.lr_factor", False),
        ("head.arcface.lr_factor", False),
        ("head", False),
        ("optim.type", False),
        ("optim.option0.layer_decay", False),
        ("model.width", False),
        ("data.image_px", False),
        ("train.batch_size", False),
    ],
)
def test_what_shapes_the_weights_may_not_change_in_training(name: str, may: bool) -> None:
    assert may_change_in_training(name) == may


LISTS: dict[str, Any] = {
    "model": {"depth": [{"int": [1, 3]}, 2, {"choice": [2, {"log_int": [4, 8]}]}]},
    "head": {"choice": [[{"a": {"uniform": [0, 1]}}, 3], [1, 2]]},
}


def test_holes_in_lists_are_named_by_their_place() -> None:
    found = {hole.name: hole.under for hole, _ in walk_holes(LISTS, "", ())}
    assert found == {
        "model.depth.0": (),
        "model.depth.2": (),
        "model.depth.2.option1": (("model.depth.2", "option1"),),
        "head": (),
        "head.option0.0.a": (("head", "option0"),),
    }


def test_holes_in_lists_are_filled_where_they_stand() -> None:
    point: dict[str, Any] = {}
    ends = Ends({"model.depth.2": "option1", "head": "option0"})
    filled = fill_holes(LISTS, "", ends, point)
    assert filled == {"model": {"depth": [1, 2, 4]}, "head": [{"a": 0.0}, 3]}
    assert fill_holes(LISTS, "", Replay(point), {}) == filled
    assert fill_holes(LISTS, "", Ends({"head": "[1, 2]"}), {})["head"] == [1, 2]


@pytest.mark.parametrize(
    "options",
    [
        ["x#2", {"type": "x"}, {"type": "x"}],
        ["x#2", "x#2#2", {"type": "x"}, {"type": "x"}, "x"],
        [1, True, 1.0, "True#1"],
        [[1], "[1]", "[1]#1"],
        [None, "option1", {"a": 1}],
    ],
)
def test_no_two_options_share_a_name(options: list[Any]) -> None:
    labels = option_labels(options)
    assert len(labels) == len(set(labels)) == len(options)
    for label, option in zip(labels, options, strict=True):
        assert fill_holes({"choice": options}, "a", Ends({"a": label}), {}) == option
