import random

import pytest
from broken_spaces import told_of

from facesearch.errors import InputError
from facesearch.space import space_from_text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optim:\n  lr: {uniform: [2, 1]}", r"line 2 .*low end must be below .* got \[2, 1\]"),
        ("optim: {lr: {log_uniform: [0, 1]}}", "the low end must be > 0"),
        ("optim: {lr: {uniform: [0.1, .inf]}}", "two finite numbers"),
        ("optim: {lr: {uniform: [0.1, .nan]}}", "two finite numbers"),
        ("optim: {lr: {uniform: 3}}", "two finite numbers"),
        ("optim: {lr: {choice: []}}", "at least one option"),
        ("head: {choice: {choice: [softmax]}}", "at least one option"),
        ("model: {depth: {int: [1, 2.5]}}", "both ends must be whole numbers"),
        (f"model: {{width: {{choice: {list(range(4, 300))}}}}}", "296 options; a choice has 200"),
        ("search: {trials: {int: [1, 3]}}", "search.trials: cannot be a distribution"),
        ("train: {epochs: {int: [1, 3]}}", "train.epochs: cannot be a distribution"),
        ("train: {choice: [{epochs: 3}, {epochs: 30}]}", "train.epochs: cannot be a distribution"),
        ("data: {split_seed: {int: [0, 9]}}", "data.split_seed: cannot .* ranked on the same"),
        ("data: {choice: [{image_px: 32}, {image_px: 64}]}", "data: cannot be a distribution"),
        ("uniform: [1, 2]", "must be a mapping of fields"),
        ("train: [1]\noptim: {lr: {uniform: [0.1, 1]}}", "train: must be a mapping of fields"),
    ],
)
def test_a_hole_that_cannot_be_drawn_from_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        space_from_text(text)


def test_the_size_of_the_images_may_be_searched() -> None:
    assert len(space_from_text("data: {image_px: {choice: [32, 64]}}").holes()) == 1


@pytest.mark.parametrize(
    ("lr", "told"),
    [
        ("{uniform: [0.1, 0.3], step: 0.1}",
         "unknown 'step' beside uniform; a distribution is one key and its value. Steps are listed "
         "by a choice: write {choice: [0.1, 0.2, 0.3]}."),
        ("{int: [1, 9], q: 4}", "write {choice: [1, 5, 9]}."),
        ("{uniform: [0, 10], step: 0.1}", "1.0, 1.1, ...]}."),
        ("{uniform: 3, step: 0.1}", "write {choice: [...]}."),
        ("{int: [2, 64], log: true}", "unknown 'log' beside int; a distribution is one key and its "
         "value: write {log_int: [2, 64]}."),
        ("{uniform: [0.1, 0.3], log: false}", "value: remove 'log'."),
        ("{uniform: [0.1, 0.3], choice: [1]}", "unknown 'choice' beside uniform;"),
        ("{low: 0.1, high: 0.3, log_uniform: [1, 2]}", "unknown 'low', 'high' beside log_uniform;"),
    ],
)  # fmt: skip
def test_what_stands_beside_a_distribution_is_told_with_what_it_stands_for(
    lr: str, told: str
) -> None:
    (sentence,) = told_of(f"optim: {{lr: {lr}}}")
    assert sentence.startswith("optim.lr: ") and told in sentence


def test_fields_beside_a_choice_of_mappings_are_told_where_to_go() -> None:
    (sentence,) = told_of("model: {choice: [{width: 8}, {width: 16}], num_stages: 2}")
    assert sentence == (
        "model: unknown 'num_stages' beside choice; a distribution is one key and its value: write "
        "'num_stages' into the options, each a mapping of fields."
    )


def test_a_hole_in_a_list_is_drawn_and_is_faulty_as_any_other() -> None:
    space = space_from_text("model: {depth: [{int: [1, 3]}, 2, {choice: [1, 4]}, 2]}")
    drawn = {tuple(space.draw(random.Random(seed))[1].model.depth) for seed in range(60)}
    assert drawn == {(first, 2, third, 2) for first in (1, 2, 3) for third in (1, 4)}
    (sentence,) = told_of("model: {depth: [{int: [3, 1]}, 2, 2, 2]}")
    assert sentence.startswith("model.depth.0.int: the low end must be below the high end")
    (sentence,) = told_of("model: {depth: [{int: [1, 99]}, 2, 2, 2]}")
    assert sentence == "model.depth.0: must be <= 48, but got 99."


@pytest.mark.parametrize(
    ("depth", "told"),
    [
        ("[1, [2], 1, 1]", "model.depth.1: must be a whole number, but got [2]; write 2."),
        ("[1, {a: 2}, 1, 1]", "model.depth.1: must be a whole number, but got {'a': 2};"),
        ("{choice: [[1, [2], 1, 1]]}", "model.depth.1: must be a whole number, but got [2]"),
    ],
)
def test_a_list_in_a_list_is_told(depth: str, told: str) -> None:
    (sentence,) = told_of(f"model: {{depth: {depth}}}")
    assert sentence.startswith(told)


def test_a_list_of_faults_has_an_end() -> None:
    options = ", ".join(f"{{width: {1000 + i}}}" for i in range(60))
    with pytest.raises(InputError, match="60 faults") as caught:
        space_from_text(f"model: {{choice: [{options}]}}")
    rows = str(caught.value).splitlines()
    assert len(rows) == 42 and rows[-1] == "  ... and 20 more"
