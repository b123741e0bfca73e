"""One attempt at a trial: what the driver hands to a worker."""

from dataclasses import asdict, dataclass
from typing import Any

from facesearch.space import Point


@dataclass(frozen=True)
class Attempt:
    """What a worker needs to take a trial up: the point, and what is known of its epochs."""

    trial: int
    attempt: int
    point: Point
    epochs: int
    parent: int | None = None

    def as_config(self) -> dict[str, Any]:
        """Return it as the config of a Ray trial."""
        return asdict(self)
