"""Who fills holes without a sampler: a point drawn before, dice, quantiles, the ends of the space.

And the grid: how many combinations of levels a space has, and which is the first, the second, ...
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from facesearch.errors import InputError
from facesearch.space.holes import Hole, Point, Suggest


@dataclass(frozen=True)
class Replay:
    """Fills holes with the values of a point that was drawn before."""

    point: Mapping[str, Any]

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""
        if name not in self.point:
            raise InputError(f"the point has no value for '{name}'; it was drawn elsewhere.")
        return int(self.point[name]) if is_int else float(self.point[name])

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        if self.point.get(name) not in labels:
            raise InputError(f"'{name}' must be one of {labels}, but got {self.point.get(name)!r}.")
        return self.point[name]


@dataclass(frozen=True)
class Dice:
    """Fills holes at random, logarithmic ones by their logarithm."""

    rng: random.Random

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""
        if is_log:
            value = math.exp(self.rng.uniform(math.log(low), math.log(high)))
            return min(max(round(value), int(low)), int(high)) if is_int else value
        return self.rng.randint(int(low), int(high)) if is_int else self.rng.uniform(low, high)

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        return self.rng.choice(labels)


@dataclass(frozen=True)
class Ends:
    """Every number at its low end, every choice at its first option, but for what is fixed."""

    fixed: Mapping[str, Any] = field(default_factory=dict)

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""
        value = self.fixed.get(name, low)
        return int(value) if is_int else float(value)

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        return self.fixed.get(name, labels[0])


@dataclass(frozen=True)
class RandomEnds:
    """Every number at one of its ends, at random; every choice at random."""

    rng: random.Random

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return ``low`` or ``high``."""
        end = self.rng.choice((low, high))
        return int(end) if is_int else float(end)

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        return self.rng.choice(labels)


@dataclass(frozen=True)
class Prefer:
    """What ``first`` names comes from it; everything else from ``otherwise``."""

    first: Mapping[str, Any]
    otherwise: Suggest

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""
        source = Replay(self.first) if name in self.first else self.otherwise
        return source.number(name, low, high, is_log=is_log, is_int=is_int)

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        source = Replay(self.first) if name in self.first else self.otherwise
        return source.option(name, labels)


@dataclass(frozen=True)
class Quantiles:
    """Fills each hole with its quantile, a number in [0, 1] by the hole's name.

    Every option and every whole number gets an equal part of [0, 1] (a logarithmic whole number
    the logarithm of its part, half a step to both sides), and so does every octave.
    """

    by_name: Mapping[str, float]

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""
        start, end = _scaled(low, high, is_log=is_log, is_int=is_int)
        value = start + (end - start) * self.by_name[name]
        value = min(max(math.exp(value) if is_log else value, low), high)
        return round(value) if is_int else float(value)

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        return labels[min(int(self.by_name[name] * len(labels)), len(labels) - 1)]


def quantile(hole: Hole, value: float) -> float:
    """Return a number in [0, 1] from which `Quantiles` makes ``value`` of a numeric hole."""
    low, high = hole.values
    is_int = hole.kind.endswith("int")
    start, end = _scaled(low, high, is_log=hole.is_log, is_int=is_int)
    return ((math.log(value) if hole.is_log else value) - start) / (end - start)


def _scaled(low: float, high: float, *, is_log: bool, is_int: bool) -> tuple[float, float]:
    """Return the ends on the hole's scale; the end of whole numbers lies half a step beyond."""
    half = 0.5 if is_int else 0.0
    low, high = low - half, high + half
    return (math.log(low), math.log(high)) if is_log else (low, high)


def grid_values(hole: Hole, levels: int) -> list[Any]:
    """Return what a hole may become on a grid: every option, or both ends and what is between.

    Args:
        hole: The hole.
        levels: Values of a range, at least 2, evenly spaced, by the logarithm in a logarithmic
            hole; whole numbers that would come twice come once.

    """
    if hole.kind == "choice":
        return list(hole.values)
    low, high = hole.values
    steps = [step / (levels - 1) for step in range(levels)]
    if hole.is_log:
        inner = [low ** (1 - t) * high**t for t in steps[1:-1]]
    else:
        inner = [low * (1 - t) + high * t for t in steps[1:-1]]
    if hole.kind.endswith("int"):
        return sorted({low, *map(round, inner), high})
    return [float(low), *inner, float(high)]


def count_combinations(holes: Sequence[Hole], levels: int) -> int:
    """Return how many points the grid of ``holes`` has; a branch counts where it is chosen."""
    return _count(holes, (), levels)


def combination(holes: Sequence[Hole], levels: int, place: int) -> Point:
    """Return one point of the grid; the last hole changes fastest.

    Args:
        holes: All holes of a space, as `SearchSpace.holes` gives them.
        levels: As in `grid_values`.
        place: Which point, in [0, ``count_combinations``).

    """
    point: Point = {}
    _combine(holes, (), levels, place, point)
    return point


_Under = tuple[tuple[str, Any], ...]


def _count(holes: Sequence[Hole], under: _Under, levels: int) -> int:
    """Count the combinations of the holes that apply as soon as ``under`` is chosen."""
    return math.prod(_count_of(holes, hole, levels) for hole in holes if hole.under == under)


def _count_of(holes: Sequence[Hole], hole: Hole, levels: int) -> int:
    """Count the combinations of one hole and of what is in its options."""
    inner = ((*hole.under, (hole.name, value)) for value in grid_values(hole, levels))
    return sum(_count(holes, under, levels) for under in inner)


def _combine(holes: Sequence[Hole], under: _Under, levels: int, place: int, point: Point) -> None:
    counts = {hole: _count_of(holes, hole, levels) for hole in holes if hole.under == under}
    rest = math.prod(counts.values())
    for hole, count in counts.items():
        rest //= count
        turn, place = divmod(place, rest)
        for value in grid_values(hole, levels):
            inner = (*under, (hole.name, value))
            below = _count(holes, inner, levels)
            if turn < below:
                break
            turn -= below
        point[hole.name] = value
        _combine(holes, inner, levels, turn, point)
