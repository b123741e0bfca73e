"""What is wrong with the points that a space can draw, and with those that are to be tried first.

Each option and each end is looked at alone, the rest at its first; what does not go together shows
at some ends of some options, so many combinations are drawn as well. A constraint that is monotone
in each number, as all of the config are, cannot be broken between the ends only.
"""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from facesearch.config import RunConfig
from facesearch.config.seen import UNKNOWN
from facesearch.errors import did_you_mean
from facesearch.space.fillers import Ends, RandomEnds
from facesearch.space.holes import Hole, Suggest, fill_holes, option_label, walk_holes
from facesearch.space.messages import model_faults
from facesearch.yaml_text import Document

# Two options of 16 and 5, with a nested one of 4 and two ends, are missed once in 20 billion.
_COMBINATIONS = 1000


def drawn_faults(document: Document, template: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for what the config refuses of the points that can be drawn.

    Args:
        document: The file.
        template: The run's template; its holes can be filled.

    """
    told: set[tuple[int, str]] = set()
    drawn: set[str] = set()
    holes = holes_of(template)
    for suggest in _fillers(holes):
        point: dict[str, Any] = {}
        raw = fill_holes(template, "", suggest, point)
        if repr(point) in drawn:
            continue
        drawn.add(repr(point))
        for fault in model_faults(document, RunConfig, raw, point):
            if fault not in told:
                told.add(fault)
                yield fault
    if not told:
        yield from _faults_between(document, template, holes)


def _faults_between(
    document: Document, template: Mapping[str, Any], holes: Sequence[Hole]
) -> Iterator[tuple[int, str]]:
    """Yield what is refused between two ends that are right, as in a field of 1 or 3."""
    for hole in holes:
        for value in _between(hole):
            point: dict[str, Any] = {}
            ends = Ends({**dict(hole.under), hole.name: value})
            raw = fill_holes(template, "", ends, point)
            yield from model_faults(document, RunConfig, raw, point)


def holes_of(template: Mapping[str, Any]) -> list[Hole]:
    """Return every hole of a template, conditional ones too, in the order of the file."""
    return [hole for hole, _ in walk_holes(template, "", ())]


def _fillers(holes: Sequence[Hole]) -> Iterator[Suggest]:
    yield Ends()
    for hole in holes:
        for value in hole.values:
            yield Ends({**dict(hole.under), hole.name: value})
    if len(holes) > 1:
        rng = random.Random(0)
        yield from (RandomEnds(rng) for _ in range(_COMBINATIONS))


def _between(hole: Hole) -> list[float]:
    """Return a number that a field of a few allowed ones, such as 1 or 3, refuses between them."""
    if hole.kind == "choice":
        return []
    low, high = hole.values
    return [(low + high) // 2 if hole.kind.endswith("int") else (low + high) / 2]


def first_point_faults(
    document: Document,
    points: Sequence[Mapping[str, Any]],
    template: Mapping[str, Any],
    untold: Collection[str],
) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for first points that are no points of the space.

    Args:
        document: The file.
        points: The first points, as they are written.
        template: The run's template; its holes can be filled.
        untold: Names of holes that cannot: what is in them is not known.

    """
    holes = {hole.name: hole for hole in holes_of(template)}
    for number, point in enumerate(points):
        if not isinstance(point, Mapping):
            continue  # told already
        line = document.line(("search", "first_points", number))
        named = {name: option_label(value) for name, value in point.items()}
        known = {n: v for n, v in named.items() if v is not UNKNOWN and not _is_in(n, untold)}
        for message in _point_faults(known, holes):
            yield line, f"search.first_points, point {number + 1}: {message}"


def _is_in(name: str, holes: Collection[str]) -> bool:
    return any(name == hole or name.startswith(f"{hole}.") for hole in holes)


def _point_faults(point: Mapping[str, Any], holes: Mapping[str, Hole]) -> Iterator[str]:
    for name, value in point.items():
        if name not in holes:
            known = did_you_mean(name, holes) if holes else "; the file has none."
            yield f"'{name}' is no hole{known}"
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
