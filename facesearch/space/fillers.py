"""Who fills holes without a sampler: a point drawn before, dice, and the corners of the space."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from facesearch.errors import InputError


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


@dataclass
class Corner:
    """Every number at one end, and the ``turn``-th option of every choice."""

    at_high_end: bool
    turn: int

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""
        end = high if self.at_high_end else low
        return end if is_int else float(end)

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        return labels[self.turn % len(labels)]
