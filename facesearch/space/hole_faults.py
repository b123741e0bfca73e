"""What is wrong with a hole itself, whatever is drawn from it."""

import math
from collections.abc import Iterator
from typing import Any

from facesearch.config import SweepSettings
from facesearch.space.holes import HOLES, Hole, is_same_for_all_trials, walk_holes
from facesearch.space.search_space import SearchSpace
from facesearch.yaml_text import Path_

MOST_OPTIONS = 200


def hole_faults(space: SearchSpace) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for each hole that cannot be drawn from, or must not be."""
    document = space.document
    for hole, path in walk_holes(space.template, "", ()):
        name, where = ".".join(str(part) for part in path), document.line(path)
        if hole.kind == "choice":
            if message := _choice_fault(hole):
                yield where, f"{name}: {message}."
        elif message := _numeric_fault(hole):
            yield where, f"{name}: {message}, but got {list(hole.values)}."
        if message := _forbidden(path, document.value):
            yield where, message
    for path in list(document.lines):
        if path and path[0] in SweepSettings.model_fields and path[-1] in HOLES:
            name = ".".join(str(part) for part in path[:-1])
            yield document.line(path), f"{name}: cannot be a distribution; write a plain value."


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
    is_number = [isinstance(e, (int, float)) and not isinstance(e, bool) for e in ends]
    if len(ends) != 2 or not all(is_number) or not all(math.isfinite(e) for e in ends):
        return "a distribution needs two finite numbers [low end, high end]"
    if hole.kind.endswith("int") and not all(isinstance(e, int) for e in ends):
        return "both ends must be whole numbers"
    if hole.is_log and ends[0] <= 0:
        return "the low end must be > 0 and below the high end"
    if ends[0] >= ends[1]:
        return "the low end must be below the high end"
    return None


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
