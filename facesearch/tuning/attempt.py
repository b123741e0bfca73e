"""One attempt at a trial: what the driver hands to a worker, and who may refuse it before."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from facesearch.space import Point


@dataclass(frozen=True)
class Attempt:
    """What a worker needs to take a trial up: the point, and what is known of its epochs.

    seed_offset is added to the seed of the config, for a repeat.
    """

    trial: int
    attempt: int
    point: Point
    epochs: int
    parent: int | None = None
    seed_offset: int = 0

    def as_config(self) -> dict[str, Any]:
        """Return it as the config of a Ray trial."""
        return asdict(self)


class Judge(Protocol):
    """Says before a trial is started how far its point is beyond the limits."""

    def excess(self, point: Point) -> Mapping[str, float]:
        """Return the limits that are exceeded, each with its relative excess."""

    def reason(self, excess: Mapping[str, float], point: Point) -> str:
        """Return the excess in one line for people."""
