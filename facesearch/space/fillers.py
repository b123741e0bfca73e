"""Who fills holes without a sampler: a point drawn before, dice, and the ends of the space."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
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
