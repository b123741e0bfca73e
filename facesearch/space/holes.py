"""Holes: what a value may be instead of a plain one, and how all holes of a template are filled.

Not here: who fills them (`fillers.py`) and what may go wrong in a file (`check.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from facesearch.config.seen import has_unknown
from facesearch.yaml_text import Path_

NUMERIC = ("uniform", "log_uniform", "int", "log_int")
HOLES = (*NUMERIC, "choice")
Point = dict[str, Any]
# Parts that may change while weights are trained, but for the fields of them that shape the
# weights, or how the optimiser groups them.
_FREE = ("optim.", "augment.", "head.")
_FIXED = ("type", "centres", "learn_scale", "lr_factor", "layer_decay")


class Suggest(Protocol):
    """Who fills a hole: a sampler, a dice, or a point that was drawn before."""

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""


@dataclass(frozen=True)
class Hole:
    """One thing that is searched: its dotted name and what it may become.

    ``under`` says which options of other holes it needs, from the outermost to the nearest.
    """

    name: str
    kind: str
    values: tuple[Any, ...]
    under: tuple[tuple[str, Any], ...] = ()

    @property
    def is_log(self) -> bool:
        """Whether the ends are far apart enough to be searched by their logarithm."""
        return self.kind.startswith("log")


def hole_kind(value: Any) -> str | None:
    """Return which distribution ``value`` is, or None when it is a plain value."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in HOLES:
        return str(next(iter(value)))
    return None


def is_same_for_all_trials(field: Sequence[str]) -> bool:
    """Whether a field of the run, or all below it, can have no hole.

    Trials are ranked on the same faces, whatever their size in pixels, and epoch by epoch.
    """
    is_faces = field[0] == "data" and list(field[1:2]) != ["image_px"]
    return is_faces or list(field) == ["train", "epochs"]


def may_change_in_training(name: str) -> bool:
    """Whether weights can be trained on with another value in the hole ``name``, as pbt does."""
    # an option of a choice adds its label to the name: head.arcface.lr_factor, optim.type.option0
    return name.startswith(_FREE) and not set(name.split(".")) & set(_FIXED)


def join(prefix: str, key: str) -> str:
    """Return the dotted name of ``key`` inside ``prefix``."""
    return f"{prefix}.{key}" if prefix else key


def option_labels(options: list[Any]) -> list[Any]:
    """Return a short name for each option: itself, or a mapping's ``type`` or ``network``.

    A name that comes twice gets its place behind it, and again while that is a name too.
    """
    labels: dict[Any, None] = {}
    for place, option in enumerate(options):
        label = option_label(option, place)
        while label in labels:
            label = f"{label}#{place}"
        labels[label] = None
    return list(labels)


def option_label(option: Any, place: int = 0) -> Any:
    """Return the short name of one option that stands at ``place`` of its list."""
    if isinstance(option, dict):
        named = (option[key] for key in ("type", "network") if isinstance(option.get(key), str))
        return next(named, f"option{place}")
    if isinstance(option, list):
        # what is told to be wrong (`UNKNOWN`) may have been a dimension: its list keeps the name
        is_plain = not any(walk_holes(option, "", ())) and not has_unknown(option)
        return str(option) if is_plain else f"option{place}"
    return option


def _inside(option: Any, name: str, label: Any) -> str:
    """Return the name of what is inside an option."""
    return join(name, str(label)) if isinstance(option, (dict, list)) else name


def fill_holes(value: Any, name: str, suggest: Suggest, point: Point) -> Any:
    """Return ``value`` with its holes filled by ``suggest``; note each in ``point``."""
    kind = hole_kind(value)
    if kind is None:
        if isinstance(value, dict):
            return {k: fill_holes(v, join(name, k), suggest, point) for k, v in value.items()}
        if isinstance(value, list):
            return [fill_holes(v, join(name, str(i)), suggest, point) for i, v in enumerate(value)]
        return value
    if kind == "choice":
        labels = option_labels(value["choice"])
        point[name] = label = suggest.option(name, labels)
        option = value["choice"][labels.index(label)]
        return fill_holes(option, _inside(option, name, label), suggest, point)
    low, high = value[kind]
    is_int = kind.endswith("int")
    point[name] = suggest.number(name, low, high, is_log=kind.startswith("log"), is_int=is_int)
    return point[name]


@dataclass(frozen=True)
class Spot:
    """A mapping of a template: a hole, a part, or neither."""

    name: str
    path: Path_
    under: tuple[tuple[str, Any], ...]
    value: dict[str, Any]


def walk_spots(
    value: Any, name: str, path: Path_, under: tuple[tuple[str, Any], ...] = ()
) -> Iterator[Spot]:
    """Yield every mapping in a template, those in lists and in options too."""
    if isinstance(value, dict):
        yield Spot(name, path, under, value)
    kind = hole_kind(value)
    if kind == "choice":
        options = value["choice"] if isinstance(value["choice"], list) else []
        for i, (label, option) in enumerate(zip(option_labels(options), options, strict=True)):
            inner = _inside(option, name, label)
            yield from walk_spots(option, inner, (*path, "choice", i), (*under, (name, label)))
    elif kind is None and isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk_spots(item, join(name, str(key)), (*path, key), under)


def walk_holes(
    value: Any, name: str, path: Path_, under: tuple[tuple[str, Any], ...] = ()
) -> Iterator[tuple[Hole, Path_]]:
    """Yield each hole with its place in the file."""
    for spot in walk_spots(value, name, path, under):
        kind = hole_kind(spot.value)
        if kind is not None:
            raw = spot.value[kind]
            if kind == "choice":
                values = option_labels(raw) if isinstance(raw, list) else []
            else:
                values = raw if isinstance(raw, list) else [raw]
            yield Hole(spot.name, kind, tuple(values), spot.under), (*spot.path, kind)
