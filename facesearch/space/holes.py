"""Holes: what a value may be instead of a plain one, and how all holes of a template are filled.

Not here: who fills them (`fillers.py`) and what may go wrong in a file (`check.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from facesearch.yaml_text import Path_

NUMERIC = ("uniform", "log_uniform", "int", "log_int")
HOLES = (*NUMERIC, "choice")
Point = dict[str, Any]


class Suggest(Protocol):
    """Who fills a hole: a sampler, a dice, or a point that was drawn before."""

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""


@dataclass(frozen=True)
class Hole:
    """One thing that is searched: its dotted name and what it may become."""

    name: str
    kind: str
    values: tuple[Any, ...]

    @property
    def is_log(self) -> bool:
        """Whether the ends are far apart enough to be searched by their logarithm."""
        return self.kind.startswith("log")


def hole_kind(value: Any) -> str | None:
    """Return which distribution ``value`` is, or None when it is a plain value."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in HOLES:
        return str(next(iter(value)))
    return None


def _join(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key


def option_labels(options: list[Any]) -> list[Any]:
    """Return a short name for each option: itself, or a mapping's ``type`` or ``network``.

    A name that comes twice gets its place behind it.
    """
    labels: list[Any] = []
    for i, option in enumerate(options):
        label = option
        if isinstance(option, (dict, list)):
            label = _mapping_label(option, i) if isinstance(option, dict) else str(option)
        if label in labels:
            label = f"{label}#{i}"
        labels.append(label)
    return labels


def _mapping_label(option: dict[str, Any], place: int) -> Any:
    return next((option[key] for key in ("type", "network") if key in option), f"option{place}")


def fill_holes(value: Any, name: str, suggest: Suggest, point: Point) -> Any:
    """Return ``value`` with its holes filled by ``suggest``; note each in ``point``."""
    kind = hole_kind(value)
    if kind is None:
        if isinstance(value, dict):
            return {k: fill_holes(v, _join(name, k), suggest, point) for k, v in value.items()}
        return value
    if kind == "choice":
        labels = option_labels(value["choice"])
        point[name] = label = suggest.option(name, labels)
        option = value["choice"][labels.index(label)]
        inner = _join(name, str(label)) if isinstance(option, dict) else name
        return fill_holes(option, inner, suggest, point)
    low, high = value[kind]
    is_int = kind.endswith("int")
    point[name] = suggest.number(name, low, high, is_log=kind.startswith("log"), is_int=is_int)
    return point[name]


def walk_holes(value: Any, name: str, path: Path_) -> Iterator[tuple[Hole, Path_]]:
    """Yield each hole with its place in the file."""
    kind = hole_kind(value)
    if kind in NUMERIC:
        raw = value[kind]
        yield Hole(name, str(kind), tuple(raw) if isinstance(raw, list) else (raw,)), (*path, kind)
    elif kind == "choice":
        options = value["choice"] if isinstance(value["choice"], list) else [value["choice"]]
        labels = option_labels(options)
        yield Hole(name, "choice", tuple(labels)), (*path, "choice")
        for i, (label, option) in enumerate(zip(labels, options, strict=True)):
            yield from walk_holes(option, _join(name, str(label)), (*path, "choice", i))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from walk_holes(item, _join(name, key), (*path, key))
