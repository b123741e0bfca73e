"""What is wrong with the points that a space can draw, and with those that are to be tried first.

Each option and each end is looked at alone, the rest at its first; what does not go together shows
at some ends of some options, so many combinations are drawn as well. A constraint that is monotone
in each number, as all of the config are, cannot be broken between the ends only.
"""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from facesearch.config import RunConfig
from facesearch.errors import did_you_mean
from facesearch.space.fillers import Ends, RandomEnds
from facesearch.space.holes import Hole, Suggest, fill_holes
from facesearch.space.messages import model_faults
from facesearch.space.search_space import SearchSpace

# Two options of 16 and 5, with a nested one of 4 and two ends, are missed once in 20 billion.
_COMBINATIONS = 1000


def drawn_faults(space: SearchSpace, template: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for what the config refuses of the points that can be drawn.

    Args:
        space: The space.
        template: Its template, without the fields that no run has.

    """
    told: set[tuple[int, str]] = set()
    for suggest in _fillers(space):
        point: dict[str, Any] = {}
        try:
            raw = fill_holes(dict(template), "", suggest, point)
        except (TypeError, ValueError, LookupError):
            continue  # a hole that cannot be drawn from is told as such
        for fault in model_faults(space.document, RunConfig, raw, point):
            if fault not in told:
                told.add(fault)
                yield fault


def _fillers(space: SearchSpace) -> Iterator[Suggest]:
    holes = space.holes()
    yield Ends()
    for hole in holes:
        for value in hole.values:
            yield Ends({**dict(hole.under), hole.name: value})
    if len(holes) > 1:
        rng = random.Random(0)
        yield from (RandomEnds(rng) for _ in range(_COMBINATIONS))


def first_point_faults(space: SearchSpace) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for first points that are no points of the space."""
    holes = {hole.name: hole for hole in space.holes()}
    for number, point in enumerate(space.first_points()):
        line = space.document.line(("search", "first_points", number))
        for message in _point_faults(point, holes):
            yield line, f"search.first_points, point {number + 1}: {message}"


def _point_faults(point: Mapping[str, Any], holes: Mapping[str, Hole]) -> Iterator[str]:
    for name, value in point.items():
        if name not in holes:
            yield f"'{name}' is no hole{did_you_mean(name, holes)}"
            continue
        hole = holes[name]
        if not _is_allowed(hole, value):
            yield f"{name} cannot be {value!r}; it is {_describe(hole)}."
        for other, option in hole.under:
            if point.get(other) != option:
                yield f"{name} has no meaning without {other}: {option}; write that too."


def _is_allowed(hole: Hole, value: Any) -> bool:
    if hole.kind == "choice":
        return value in hole.values
    kinds = int if hole.kind.endswith("int") else (int, float)
    low, high = hole.values
    return isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high


def _describe(hole: Hole) -> str:
    if hole.kind == "choice":
        return f"one of {', '.join(map(str, hole.values))}"
    noun = "a whole number" if hole.kind.endswith("int") else "a number"
    return f"{noun} from {hole.values[0]:g} to {hole.values[1]:g}"
