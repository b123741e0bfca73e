"""What a check found, and how it is told."""

from dataclasses import dataclass, field

_SHOWN = 30


@dataclass
class Findings:
    """What was found: faults to be mended, notes that may stay; left_out: training pictures."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: int = 0


def shortened(lines: list[str]) -> list[str]:
    """Return the first lines, each once, and how many more there are."""
    once = list(dict.fromkeys(lines))
    more = len(once) - _SHOWN
    return once if more <= 0 else [*once[:_SHOWN], f"... and {more} more"]
