import random
from collections import Counter
from pathlib import Path

import pytest

from facesearch.config import HEAD_CONFIGS
from facesearch.errors import InputError
from facesearch.space import SearchSpace, load_space, space_from_text

SPACE = """
name: both
head:
  choice:
    - {type: arcface, margin_rad: {uniform: [0.1, 0.5]}, scale: 20}
    - {type: softmax, label_smoothing: {uniform: [0.0, 0.2]}}
model: {depth: {int: [1, 3]}, width: {log_int: [8, 64]}, embedding_dim: {choice: [64, 128]}}
optim: {lr: {log_uniform: [1e-3, 1]}}
search: {trials: 5}
"""


def space() -> SearchSpace:
    return space_from_text(SPACE)


def test_every_draw_is_inside_and_valid() -> None:
    rng = random.Random(0)
    heads: Counter[str] = Counter()
    for _ in range(300):
        point, config = space().draw(rng)
        heads[config.head.type] += 1
        assert 1e-3 <= config.optim.lr <= 1
        assert config.model.depth in (1, 2, 3) and 8 <= config.model.width <= 64
        assert ("head.arcface.margin_rad" in point) == (config.head.type == "arcface")
    assert min(heads["arcface"], heads["softmax"]) > 100


def test_a_log_hole_is_drawn_by_its_logarithm() -> None:
    rng = random.Random(0)
    draws = [space().draw(rng)[1].optim.lr for _ in range(400)]
    assert 0.4 < sum(lr < 10**-1.5 for lr in draws) / len(draws) < 0.6


def test_a_point_gives_its_config_again() -> None:
    point, config = space().draw(random.Random(3))
    assert space().config(point) == config


def test_a_point_of_another_space_is_refused() -> None:
    with pytest.raises(InputError, match="must be one of"):
        space().config({"head": "cosface"})


def test_a_file_without_holes_is_one_run() -> None:
    plain = space_from_text("head: {type: softmax}\ntrain: {epochs: 2}")
    assert plain.holes() == [] and plain.config({}).train.epochs == 2


def test_holes_are_named_by_their_path() -> None:
    names = [hole.name for hole in space().holes()]
    assert names == [
        "head", "head.arcface.margin_rad", "head.softmax.label_smoothing",
        "model.depth", "model.width", "model.embedding_dim", "optim.lr",
    ]  # fmt: skip


def test_settings_can_be_replaced_and_are_checked() -> None:
    changed = space().with_settings(trials=2, name="other", time_s=None)
    assert (changed.settings.search.trials, changed.settings.name) == (2, "other")
    with pytest.raises(InputError, match="trials"):
        space().with_settings(trials=0)


def test_two_hundred_points_over_all_heads_are_valid_and_build_nothing() -> None:
    space = load_space(Path(__file__).parents[2] / "searchspaces" / "heads.yaml")
    rng = random.Random(1)
    drawn = [space.draw(rng)[1] for _ in range(200)]
    assert {config.head.type for config in drawn} == set(HEAD_CONFIGS)


def test_settings_given_one_after_the_other_add_up() -> None:
    space = space_from_text("name: a")
    both = space.with_settings(trials=7).with_settings(sampler="random", name="b")
    assert (both.settings.search.trials, both.settings.search.sampler) == (7, "random")
    assert both.settings.name == "b" and space.settings.search.trials == 16
