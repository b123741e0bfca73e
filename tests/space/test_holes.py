from typing import Any

import pytest

from facesearch.space.fillers import Ends
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
