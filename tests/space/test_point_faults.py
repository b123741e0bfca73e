import random

import pytest

from facesearch.errors import InputError
from facesearch.space import space_from_text

# Spaces whose options and ends are right one by one; the fault, its line, and what to blame.
CONTRADICTIONS = {
    "model: {block: {choice: [residual, plain]},\n drop_path: {choice: [0.0, 0.1]}}": (
        2, "model.drop_path needs a block with a shortcut; plain has none",
    ),
    "head:\n  type: magface\n  norm_low: {uniform: [1, 10]}\n  norm_high: {uniform: [2, 11]}": (
        4, "head.norm_high must be above norm_low 10, but got 2",
    ),
    "head: {type: triplet}\ntrain:\n  batch_size: {int: [8, 64]}\n"
    "  faces_per_identity: {int: [2, 32]}": (
        3, "train.batch_size 8 holds fewer than 2 identities of train.faces_per_identity 32",
    ),
    "head: {choice: [{type: softmax}, {type: arcface}]}\n"
    "augment: {mixup_alpha: {choice: [0.0, 0.2]}}": (
        2, "augment.mixup_alpha gives a picture two identities, but the margin",
    ),
    "data: {image_px: {choice: [64, 16]}}\n"
    "model: {stem: {choice: [small, patch]}, num_stages: 4}": (
        1, "data.image_px 16 is halved 5 times by model; use image_px >= 32",
    ),
    "model:\n  num_stages: {choice: [2, 3]}\n  depth: {choice: [[1, 1], [1, 1, 1]]}": (
        3, "model.depth has 2 numbers for num_stages 3",
    ),
    "model:\n  network: {choice: [cnn, resnet18]}\n  init: {choice: [null, torchvision]}": (
        3, "model.init torchvision is for resnet18, resnet34, resnet50, convnext_tiny, not for cnn",
    ),
    "model: {network: {choice: [cnn, resnet18]}, width: {choice: [32, 48]}}": (
        1, "model.width is fixed by network resnet18",
    ),
    "model:\n  choice:\n    - {network: resnet18}\n    - network: cnn\n"
    "      block: {choice: [residual, bottelneck]}": (
        5, "model.block: unknown name 'bottelneck'; did you mean 'bottleneck'?",
    ),
    "model: {input_channels: {int: [1, 3]}}": (
        1, "model.input_channels: must be 1 or 3, but got int.",
    ),
    "model: {num_stages: 4, depth: {choice: [[2, 2, 2, 2], [3, 4, 6]]}}": (
        1, "model.depth has 3 numbers for num_stages 4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_what_cannot_go_together_is_told_by_line(text: str) -> None:
    line, message = CONTRADICTIONS[text]
    with pytest.raises(InputError) as caught:
        space_from_text(text, "s.yaml")
    told = [row.split(maxsplit=2)[1:] for row in str(caught.value).splitlines()[1:]]
    assert any(int(number) == line and message in rest for number, rest in told), told


def test_a_space_without_faults_never_draws_an_invalid_point() -> None:
    space = space_from_text(
        "data: {image_px: {int: [32, 112]}}\n"
        "model: {stem: {choice: [small, large, patch]}, num_stages: {int: [1, 4]}}\n"
        "head: {choice: [{type: triplet}, {type: magface, norm_low: {uniform: [0.1, 1.5]}}]}\n"
        "train: {batch_size: {int: [8, 64]}, faces_per_identity: {int: [2, 4]}}\n"
    )
    rng = random.Random(0)
    heads = {space.draw(rng)[1].head.type for _ in range(500)}
    assert heads == {"triplet", "magface"}


def test_all_that_contradicts_is_told_in_one_run() -> None:
    text = (
        "data: {image_px: 16}\nmodel: {num_stages: 5, stem: large}\n"
        "head: {type: triplet}\naugment: {mixup_alpha: 1.0}\n"
        "train: {batch_size: 4}\n"
    )
    with pytest.raises(InputError) as caught:
        space_from_text(text)
    rows = [row.split(maxsplit=2)[1:] for row in str(caught.value).splitlines()[1:]]
    assert [(number, rest.split()[0]) for number, rest in rows] == [
        ("1", "data.image_px"), ("4", "augment.mixup_alpha"), ("5", "train.batch_size"),
    ]  # fmt: skip


def test_first_points_must_be_points_of_the_space() -> None:
    text = (
        "head: {choice: [{type: softmax}, {type: cosface, margin_cos: {uniform: [0.1, 0.3]}}]}\n"
        "model: {width: {int: [8, 16]}}\n"
        "search:\n"
        "  first_points:\n"
        "    - {head: arcface}\n"
        "    - {head: cosface, head.cosface.margin_cos: 0.9}\n"
        "    - {head: cosface, head.cosface.margn_cos: 0.2}\n"
        "    - {head: softmax, head.cosface.margin_cos: 0.2}\n"
        "    - {model.width: 8.5}\n"
    )
    with pytest.raises(InputError) as caught:
        space_from_text(text)
    for named in (
        "line 5   search.first_points, point 1: head cannot be 'arcface'; it is one of softmax, "
        "cosface.",
        "point 2: head.cosface.margin_cos cannot be 0.9; it is a number from 0.1 to 0.3.",
        "point 3: 'head.cosface.margn_cos' is no hole; did you mean 'head.cosface.margin_cos'?",
        "point 4: head.cosface.margin_cos has no meaning without head: cosface; write that too.",
        "line 9   search.first_points, point 5: model.width cannot be 8.5; it is a whole number",
    ):
        assert named in str(caught.value)


def test_a_first_point_may_name_an_option_that_is_a_list() -> None:
    space = space_from_text(
        "model: {depth: {choice: [[2, 2, 2, 2], [3, 4, 6, 3]]}}\n"
        "search: {first_points: [{model.depth: [3, 4, 6, 3]}]}\n"
    )
    (point,) = space.first_points()
    assert space.config(point).model.depth == [3, 4, 6, 3]


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        ("search: {first_points: [{int: [1, 3]}]}", 1, "search.first_points.0: cannot be"),
        ("model: {width: {choice: [8, 16]}}\n"
         "search: {first_points: [{model.width: {choice: [8]}}]}",
         1, "search.first_points.0.model.width: cannot be a distribution"),
        ("head: {type: arcface, scale: {choice: [1, [{int: [3, 1]}]]}}",
         2, "head.scale.choice.1.0.int: the low end must be below the high end"),
        ("search: {objective: {val/rank1: 1, cost/gflops: {uniform: [0.1, 0.2]}}}",
         1, "search.objective.cost/gflops: cannot be a distribution"),
    ],
)  # fmt: skip
def test_what_is_told_to_be_wrong_is_no_other_fault(text: str, count: int, told: str) -> None:
    with pytest.raises(InputError) as error:
        space_from_text(text)
    first, *lines = str(error.value).splitlines()
    assert len(lines) == count and told in lines[0]
    assert first.startswith(f"space: {count} fault")
