"""What a check found, and how it is told."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from facesearch.errors import Fault, capped, count_of

_SHOWN = 30


@dataclass
class Findings:
    """What was found in a folder: faults to be mended, and notes that may stay.

    left_out is how many training pictures training passes over.
    """

    root: Path
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: int = 0

    def place(self, path: Path) -> Path:
        """Return a path from the folder on; the folder itself and what is not in it stay whole."""
        is_inside = path != self.root and path.is_relative_to(self.root)
        return path.relative_to(self.root) if is_inside else path

    def short(self, line: str) -> str:
        """Return a line of another part of the project, with the path that it begins with cut."""
        return Fault(line.removeprefix(f"{self.root}{os.sep}"), count_of(line))


def shortened(lines: list[str]) -> list[str]:
    """Return the first lines, each once, and how many more there are."""
    return capped(lines, _SHOWN)
