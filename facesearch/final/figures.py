"""A figure with its interval, and the report that holds all of them."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from facesearch.data.left_out import PassedOver
from facesearch.metrics.intervals import mean_interval

# In the order in which one is looked for: smaller ones than 1e-3 need more faces than most have.
_HEADLINE_FARS = ("1e-3", "1e-2", "1e-1")
# Shorter names may be a word of the sentence that they stand in.
_LEAST_NAME = 3


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval, and how many faces (or pairs) it rests on.

    The interval is NaN where it is withheld; a note of the report says why.
    """

    value: float
    low: float
    high: float
    num_faces: int

    @property
    def has_interval(self) -> bool:
        """Whether its interval is known."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def __str__(self) -> str:
        if not self.has_interval:
            return f"{self.value:.3f} [no interval] of {self.num_faces}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] of {self.num_faces}"


@dataclass(frozen=True)
class Outcome:
    """What a model made of each face of a set: 1 for right, 0 for wrong; and whose face it is.

    ``threshold_variance`` is what the choice of a threshold adds to the variance of the mean.
    """

    is_right_N: np.ndarray
    identities_N: np.ndarray
    threshold_variance: float = 0.0

    def figure(self) -> Figure:
        """Return the part that is right; its interval is of whole identities.

        Where all or none are right, each identity counts as one trial: its faces succeed and fail
        together. A negative identity is an identity of its own.
        """
        count = len(self.is_right_N)
        value = float(np.mean(self.is_right_N)) if count else math.nan
        low, high = mean_interval(
            self.is_right_N, self.identities_N, more_variance=self.threshold_variance
        )
        return Figure(value, low, high, count)


@dataclass
class Report:
    """What is known of a final model.

    Args:
        figures: By name, ``set/measure``.
        notes: What could not be measured, and why; what is to be known when reading.
        tables: Rows of columns, by name, in the order in which they are to be read.
        left_out: What was passed over; it names files and identities, so it is told on the screen
            and not kept: `notes` count it.

    """

    figures: dict[str, Figure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    left_out: list[PassedOver] = field(default_factory=list)

    def without_names(self, names: Iterable[str]) -> "Report":
        """Return it fit to be passed on: no table that names people, and no name in a note.

        Args:
            names: Of the people who were trained on; very short ones and numbers stay, as they
                may stand for anything.

        """
        known = set(names)
        tables = {
            title: rows
            for title, rows in self.tables.items()
            if not any(cell in known for row in rows for cell in row.values() if _is_text(cell))
        }
        long = [name for name in known if len(name) >= _LEAST_NAME and not name.isdigit()]
        notes = [_masked(note, long) for note in self.notes]
        return Report(dict(self.figures), notes, tables)

    def as_json(self) -> str:
        """Return it as JSON; a number that is not finite becomes null."""
        kept = {name: asdict(one) for name, one in self.figures.items()}
        told = {"figures": kept, "notes": self.notes, "tables": self.tables}
        return json.dumps(_plain(told), indent=1, allow_nan=False)


def headline_tar(figures: Mapping[str, Figure], place: str) -> tuple[str, Figure] | None:
    """Return the FAR and the TAR of a set that are shown where only one is.

    It is that at 1e-3, or at the smallest larger FAR at which TAR has an interval; where none has,
    at the smallest of them that was measured. None if there is none.

    Args:
        figures: Of a report.
        place: Name of the set.

    """
    known = [(far, figures.get(f"{place}/tar_at_far_{far}")) for far in _HEADLINE_FARS]
    found = [(far, figure) for far, figure in known if figure is not None]
    return next((one for one in found if one[1].has_interval), found[0] if found else None)


def read_report(path: Path) -> Report:
    """Return a report that `Report.as_json` has written."""
    told = json.loads(path.read_text())
    figures: dict[str, Figure] = {}
    for name, figure in told["figures"].items():
        value, low, high = (
            math.nan if figure[end] is None else float(figure[end])
            for end in ("value", "low", "high")
        )
        figures[name] = Figure(value, low, high, figure["num_faces"])
    return Report(figures, told["notes"], told["tables"])


def _is_text(cell: object) -> bool:
    return isinstance(cell, str)


def _masked(note: str, names: Iterable[str]) -> str:
    for name in names:
        if name in note:
            note = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "(a name)", note)
    return note


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
