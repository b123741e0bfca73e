import random
from collections import Counter

import pytest

from facesearch.errors import InputError
from facesearch.space import Hole, space_from_text
from facesearch.space.fillers import (
    Dice,
    Ends,
    Prefer,
    Quantiles,
    RandomEnds,
    Replay,
    combination,
    count_combinations,
    grid_values,
    quantile,
)
from facesearch.space.holes import walk_holes

NUMBER = {"is_log": False, "is_int": False}


def test_a_replay_gives_what_was_drawn_and_nothing_else() -> None:
    replay = Replay({"lr": 0.1, "depth": 3.0, "head": "arcface"})
    assert replay.number("lr", 0, 1, **NUMBER) == 0.1
    depth = replay.number("depth", 1, 5, is_log=False, is_int=True)
    assert depth == 3 and isinstance(depth, int)
    assert replay.option("head", ["softmax", "arcface"]) == "arcface"
    with pytest.raises(InputError, match="the point has no value for 'width'"):
        replay.number("width", 1, 5, **NUMBER)
    with pytest.raises(InputError, match=r"'head' must be one of \['softmax'\], but got 'arcface'"):
        replay.option("head", ["softmax"])


@pytest.mark.parametrize("is_log", [False, True])
@pytest.mark.parametrize("is_int", [False, True])
def test_dice_fill_the_range_and_reach_both_whole_ends(is_log: bool, is_int: bool) -> None:
    dice = Dice(random.Random(0))
    draws = [dice.number("x", 1, 8, is_log=is_log, is_int=is_int) for _ in range(2000)]
    assert 1 <= min(draws) < 1.1 and 7.8 < max(draws) <= 8
    below = sum(value < 3 for value in draws) / len(draws)
    # a log hole spends half of its draws below the geometric mean, 2.83
    assert (below > 0.4) == is_log
    if is_int:
        assert set(draws) == set(range(1, 9))


def test_ends_are_the_low_ones_and_the_first_but_for_what_is_fixed() -> None:
    ends = Ends({"b": 7, "head": "softmax"})
    assert ends.number("a", 1, 9, **NUMBER) == 1.0
    assert ends.number("b", 1, 9, is_log=False, is_int=True) == 7
    assert ends.option("head", ["arcface", "softmax"]) == "softmax"
    assert ends.option("block", ["ir", "plain"]) == "ir"


def test_random_ends_are_ends_and_every_option_comes() -> None:
    ends = RandomEnds(random.Random(0))
    numbers = Counter(ends.number("a", 1, 9, is_log=False, is_int=True) for _ in range(400))
    assert set(numbers) == {1, 9} and min(numbers.values()) > 150
    assert {ends.option("b", [1, 2, 3]) for _ in range(100)} == {1, 2, 3}


BRANCHES = """
head:
  choice:
    - {type: arcface, margin_rad: {uniform: [0.1, 0.5]}}
    - {type: softmax}
model: {width: {log_int: [8, 64]}, depth: {int: [1, 2]}}
optim: {lr: {log_uniform: [0.01, 1]}}
"""


def test_what_is_preferred_comes_first_and_the_rest_from_the_other() -> None:
    prefer = Prefer({"depth": 4, "head": "softmax"}, Ends())
    assert prefer.number("depth", 1, 9, is_log=False, is_int=True) == 4
    assert prefer.number("width", 8, 64, is_log=False, is_int=True) == 8
    assert prefer.option("head", ["arcface", "softmax"]) == "softmax"
    assert prefer.option("block", ["ir", "plain"]) == "ir"


def test_quantiles_give_each_whole_number_option_and_octave_an_equal_part() -> None:
    parts = [Quantiles({"x": (i + 0.5) / 400}) for i in range(400)]
    whole = Counter(q.number("x", 1, 4, is_log=False, is_int=True) for q in parts)
    assert whole == {1: 100, 2: 100, 3: 100, 4: 100}
    assert Counter(q.option("x", ["a", "b"]) for q in parts) == {"a": 200, "b": 200}
    octaves = Counter(int(q.number("x", 1, 15.999, is_log=True, is_int=False)) for q in parts)
    assert sum(octaves[i] for i in range(8, 16)) == pytest.approx(octaves[1], abs=1)


@pytest.mark.parametrize("kind", ["uniform", "log_uniform", "int", "log_int"])
def test_quantiles_stay_in_the_range_and_can_be_taken_back(kind: str) -> None:
    hole = Hole("x", kind, (2, 50))
    options = {"is_log": hole.is_log, "is_int": kind.endswith("int")}
    for part in [0.0, 0.1, 0.5, 0.99, 1.0]:
        value = Quantiles({"x": part}).number("x", 2, 50, **options)
        assert 2 <= value <= 50 and isinstance(value, int if options["is_int"] else float)
        again = Quantiles({"x": quantile(hole, value)}).number("x", 2, 50, **options)
        assert again == pytest.approx(value)


def test_a_quantile_of_one_is_the_last_option() -> None:
    assert Quantiles({"x": 1.0}).option("x", ["a", "b"]) == "b"


def test_grid_values_hold_both_ends_exactly_and_no_whole_number_twice() -> None:
    assert grid_values(Hole("x", "uniform", (0, 1)), 3) == [0.0, 0.5, 1.0]
    assert grid_values(Hole("x", "log_uniform", (0.01, 1)), 3) == [0.01, pytest.approx(0.1), 1.0]
    assert grid_values(Hole("x", "int", (1, 2)), 5) == [1, 2]
    assert grid_values(Hole("x", "log_int", (8, 64)), 4) == [8, 16, 32, 64]
    assert grid_values(Hole("x", "choice", ("a", "b")), 3) == ["a", "b"]


def test_the_grid_has_every_combination_of_each_branch_once() -> None:
    space = space_from_text(BRANCHES)
    holes = space.holes()
    # arcface's three margins and softmax, by three widths, two depths, three rates
    assert count_combinations(holes, 3) == (3 + 1) * 3 * 2 * 3
    points = [combination(holes, 3, place) for place in range(72)]
    assert len({tuple(point.items()) for point in points}) == 72
    assert all(space.fill(Replay(point))[0] == point for point in points)
    assert [point["optim.lr"] for point in points[:4]] == [0.01, pytest.approx(0.1), 1.0, 0.01]
    assert [point["head"] for point in points] == ["arcface"] * 54 + ["softmax"] * 18


def test_the_grid_of_nested_choices_is_what_going_through_them_by_hand_gives() -> None:
    inner = {"choice": [{"type": "x", "p": {"choice": [1, 2]}}, {"type": "y"}]}
    template = {"a": {"choice": [{"type": "u", "b": inner}, "v"]}, "c": {"choice": [True, False]}}
    holes = [hole for hole, _ in walk_holes(template, "", ())]
    branches = [("u", "x", 1), ("u", "x", 2), ("u", "y"), ("v",)]
    expected = [(*branch, c) for branch in branches for c in (True, False)]
    assert count_combinations(holes, 2) == len(expected)
    drawn = [tuple(combination(holes, 2, place).values()) for place in range(len(expected))]
    assert drawn == expected


def test_the_grid_of_a_space_without_holes_is_one_empty_point() -> None:
    assert count_combinations([], 3) == 1
    assert combination([], 3, 0) == {}
