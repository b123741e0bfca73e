import pytest

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
