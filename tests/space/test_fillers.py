import random
from collections import Counter

import pytest

from facesearch.errors import InputError
from facesearch.space.fillers import Dice, Ends, RandomEnds, Replay

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
