"""What is read from and written to a terminal."""

import os
import re
from pathlib import Path
from typing import Any

from facesearch.errors import InputError, printable

__all__ = ["faces_root", "objective_lines", "parse_duration", "printable"]


def parse_duration(text: str) -> float:
    """Return seconds from ``90``, ``90s``, ``15m`` or ``2h``; raises InputError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not match or float(match[1]) <= 0:
        raise InputError(f"--time '{text}': write a duration such as 90s, 15m or 2h.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def faces_root(given: str | Path | None) -> str | None:
    """Return the folder of faces as an absolute path: the given one, else FACESEARCH_DATA."""
    chosen = given or os.environ.get("FACESEARCH_DATA") or None
    return str(Path(chosen).expanduser().resolve()) if chosen else None


def objective_lines(search: Any) -> list[str]:
    """Return what a sweep seeks, told where costs are part of it: in which direction they count.

    Args:
        search: The `SearchConfig`.

    """
    has_costs = any(name.startswith("cost/") for name in search.objectives)
    return [f"objective: {search.objective_words} (costs are minimised)"] if has_costs else []
