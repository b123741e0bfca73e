"""What is wrong with a hole itself, whatever is drawn from it."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from facesearch.config.seen import UNKNOWN
from facesearch.space.holes import (
    HOLES,
    Hole,
    Spot,
    hole_kind,
    is_same_for_all_trials,
    walk_holes,
    walk_spots,
)
from facesearch.space.wording import flow
from facesearch.yaml_text import Document, Path_

MOST_OPTIONS = 200
# what other libraries call the distance of two values
_STEP_WORDS = {"step", "q", "step_size", "quantum"}
_SHOWN_STEPS = 12


@dataclass(frozen=True)
class HoleFault:
    """A hole that cannot be drawn from, or must not be.

    ``path`` is where it stands in the file, and of the line ``at`` is told; nothing more is known
    of a value that is not ``is_fillable``.
    """

    name: str
    path: Path_
    at: Path_
    message: str
    is_fillable: bool = False


def hole_faults(document: Document, template: Mapping[str, Any]) -> Iterator[HoleFault]:
    """Yield what is wrong with the holes of a run's template."""
    for spot in walk_spots(template, "", ()):
        if message := _crowd_fault(spot):
            yield HoleFault(spot.name, spot.path, spot.path, f"{_dotted(spot.path)}: {message}.")
    for hole, path in walk_holes(template, "", ()):
        if message := _choice_fault(hole) if hole.kind == "choice" else _numeric_fault(hole):
            yield HoleFault(hole.name, path[:-1], path, f"{_dotted(path)}: {message}.")
        if message := _forbidden(path, document.value):
            yield HoleFault(hole.name, path[:-1], path, message, is_fillable=True)


def setting_faults(settings: Mapping[str, Any]) -> Iterator[HoleFault]:
    """Yield the holes in the sweep's own parts, which can have none."""
    for spot in walk_spots(settings, "", ()):
        if hole_kind(spot.value) or _crowd_fault(spot):
            message = f"{_dotted(spot.path)}: cannot be a distribution; write a plain value."
            yield HoleFault(spot.name, spot.path, spot.path, message)


def without(value: Any, paths: Collection[Path_], path: Path_ = ()) -> Any:
    """Return ``value`` with `UNKNOWN` at each of ``paths``."""
    if path in paths:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: without(item, paths, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [without(item, paths, (*path, i)) for i, item in enumerate(value)]
    return value


def _dotted(path: Path_) -> str:
    return ".".join(str(part) for part in path)


def _crowd_fault(spot: Spot) -> str | None:
    """Say what stands in the mapping of a distribution beside it, if anything does."""
    kind = next((key for key in HOLES if key in spot.value), None)
    more = [str(key) for key in spot.value if key != kind]
    if kind is None or not more or not spot.path:
        return None
    words = ", ".join(f"'{word}'" for word in more)
    told = f"unknown {words} beside {kind}; a distribution is one key and its value"
    if kind == "choice":
        return f"{told}: write {words} into the options, each a mapping of fields"
    if more == ["log"] and spot.value["log"] is True:
        as_log = {f"log_{kind.removeprefix('log_')}": spot.value[kind]}
        return f"{told}: write {flow(as_log)}"
    if set(more) & _STEP_WORDS:
        return f"{told}. Steps are listed by a choice: write {_steps(spot.value[kind], more, spot)}"
    return f"{told}: remove {words}"


def _steps(ends: Any, more: list[str], spot: Spot) -> str:
    """Return the choice that a distribution with a step stands for."""
    step = spot.value[next(word for word in more if word in _STEP_WORDS)]
    if not (_are_ends(ends) and _is_finite(step) and step > 0 and ends[0] < ends[1]):
        return "{choice: [...]}"
    count = math.floor((ends[1] - ends[0]) / step * (1 + 1e-9)) + 1
    values = [float(f"{ends[0] + step * i:.10g}") for i in range(min(count, _SHOWN_STEPS))]
    is_whole = all(isinstance(number, int) for number in (*ends, step))
    shown = ", ".join(f"{round(v) if is_whole else v}" for v in values)
    return f"{{choice: [{shown}{', ...' if count > _SHOWN_STEPS else ''}]}}"


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _are_ends(ends: Any) -> bool:
    return isinstance(ends, (list, tuple)) and len(ends) == 2 and all(map(_is_finite, ends))


def _choice_fault(hole: Hole) -> str | None:
    if not hole.values:
        return "a distribution 'choice' needs a list with at least one option"
    if len(hole.values) > MOST_OPTIONS:
        return (
            f"{len(hole.values)} options; a choice has {MOST_OPTIONS} at most. Write int or uniform"
        )
    return None


def _numeric_fault(hole: Hole) -> str | None:
    ends = hole.values
    if not _are_ends(ends):
        return f"a distribution needs two finite numbers [low end, high end], but got {list(ends)}"
    problem = None
    if hole.kind.endswith("int") and not all(isinstance(e, int) for e in ends):
        problem = "both ends must be whole numbers"
    elif hole.is_log and ends[0] <= 0:
        problem = "the low end must be > 0 and below the high end"
    elif ends[0] >= ends[1]:
        problem = "the low end must be below the high end"
    return problem and f"{problem}, but got {list(ends)}"


def _forbidden(path: Path_, value: Any) -> str | None:
    """Say why a field must be the same for all trials, if it must."""
    field = [str(part) for part in path[:-1] if part != "choice" and not isinstance(part, int)]
    if field[0] == "data" and is_same_for_all_trials(field):
        return (
            f"{'.'.join(field)}: cannot be a distribution: trials are ranked on the same faces, or "
            "their scores say nothing; only data.image_px can be searched."
        )
    if is_same_for_all_trials(field) or (field == ["train"] and _has_epochs(path, value)):
        return (
            "train.epochs: cannot be a distribution: trials are compared epoch by epoch; write one "
            "number, the scheduler stops trials early."
        )
    return None


def _has_epochs(path: Path_, value: Any) -> bool:
    """Whether an option of the choice at ``path`` writes epochs."""
    for part in path:
        value = value[part]
    options = value if isinstance(value, list) else []
    return any(isinstance(option, dict) and "epochs" in option for option in options)
