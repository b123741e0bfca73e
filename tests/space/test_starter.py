import random
from typing import Any

import pytest

from facesearch.config import as_plain
from facesearch.heads import build_head
from facesearch.models import build_network
from facesearch.models.cost import network_cost
from facesearch.space import space_from_text
from facesearch.space.starter import (
    Found,
    epochs_for,
    image_px_for,
    starter_space,
    sweep_name,
)


def found(people: int, each: int, side_px: int = 112) -> Found:
    return Found("layout lfw", people, people * each, each, each, each, side_px)


@pytest.mark.parametrize("has_gpu", [False, True])
@pytest.mark.parametrize(
    "faces", [found(6, 2, 24), found(96, 16), found(1000, 6), found(500, 40), found(8000, 120)]
)
def test_a_space_is_right_for_every_amount_and_its_points_build(
    faces: Found, has_gpu: bool
) -> None:
    space = space_from_text(starter_space(faces, "x", "s.json", ["a b"], has_gpu=has_gpu))
    rng = random.Random(0)
    for _ in range(6):
        config = space.draw(rng)[1]
        build_network(config.model, config.data.image_px)
        build_head(as_plain(config.head), embedding_dim=8, num_identities=4)
    search = space.settings.search
    assert search.scheduler.grace_epochs < space.first_config().train.epochs


def largest(faces: Found, hole: str) -> Any:
    space = space_from_text(starter_space(faces, "x", "s.json", has_gpu=False))
    return next(h for h in space.holes() if h.name == hole).values[-1]


@pytest.mark.parametrize("hole", ["head.arcface.margin_rad", "head.cosface.scale"])
def test_margins_and_scales_grow_with_the_pictures_a_person(hole: str) -> None:
    few, some, many = (largest(found(1000, each), hole) for each in (6, 40, 200))
    assert few < some <= many


def test_few_faces_are_seen_more_often() -> None:
    assert [epochs_for(n) for n in (10, 6029, 10**6)] == [40, 20, 12]


def test_pictures_are_not_enlarged_and_a_cpu_is_spared() -> None:
    assert image_px_for(24, has_gpu=True) == 32
    assert image_px_for(100, has_gpu=True) == 80
    assert [image_px_for(0, has_gpu=gpu) for gpu in (False, True)] == [64, 112]


def test_people_with_few_pictures_are_ranked_as_strangers_only() -> None:
    text = starter_space(found(100, 3), "x", "s.json", has_gpu=False)
    assert space_from_text(text).settings.search.objective == "val/rank1"


def test_a_first_network_is_small_on_a_cpu() -> None:
    space = space_from_text(starter_space(found(1000, 6), "x", "s.json", has_gpu=False))
    config = space.first_config()
    assert network_cost(config.model, config.data.image_px, 1).flops < 0.5e9


@pytest.mark.parametrize(
    ("text", "name"), [("My Faces (2)", "my-faces-2"), ("顔", "faces"), ("-" * 99, "faces")]
)
def test_any_folder_gives_a_name(text: str, name: str) -> None:
    assert sweep_name(text) == name
    assert space_from_text(f"name: {sweep_name(text)}").settings.name == name


def test_what_was_found_stands_in_the_head() -> None:
    text = starter_space(found(1000, 6), "x", "s.json", ["facesearch tune x"], has_gpu=False)
    first, _, told, command, *_ = text.splitlines()
    assert first == "# yaml-language-server: $schema=s.json"
    assert told == "#   layout lfw: 1,000 people with 6,000 faces (6 each), about 112 px"
    assert command == "#   facesearch tune x"
