"""What is read from and written to a terminal."""

import re

from facesearch.errors import InputError


def printable(text: str) -> str:
    """Return ``text`` without control characters: a file's name may hold some."""
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", "?", text)


def parse_duration(text: str) -> float:
    """Return seconds from ``90``, ``90s``, ``15m`` or ``2h``; raises InputError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not match or float(match[1]) <= 0:
        raise InputError(f"--time '{text}': write a duration such as 90s, 15m or 2h.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]
