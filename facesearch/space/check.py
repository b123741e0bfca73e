"""Reading a space file: all its faults at once, each with its line, or a checked space."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facesearch.config import RunConfig, SweepSettings
from facesearch.errors import InputError, did_you_mean
from facesearch.space.fillers import Corner
from facesearch.space.holes import HOLES, Hole, hole_kind, walk_holes
from facesearch.space.messages import model_faults
from facesearch.space.search_space import SearchSpace
from facesearch.yaml_text import Document, parse_yaml, read_yaml


def load_space(path: Path) -> SearchSpace:
    """Read and check a space file.

    Raises:
        InputError: With all faults of the file at once, each with its line.

    """
    return check_space(read_yaml(path))


def space_from_text(text: str, source: str = "space") -> SearchSpace:
    """Check a space given as YAML text; raises InputError as `load_space` does."""
    return check_space(parse_yaml(text, source))


def check_space(document: Document) -> SearchSpace:
    """Return the space of a parsed file, or raise InputError with all its faults."""
    if not isinstance(document.value, dict):
        raise InputError(f"{document.source}: must be a mapping of fields, like 'head: ...'.")
    space = SearchSpace(document)
    faults: dict[tuple[int, str], None] = dict.fromkeys(hole_faults(space))
    known = [*SweepSettings.model_fields, *RunConfig.model_fields]
    for key in space.template:
        if key not in known:
            message = f"{key}: unknown field{did_you_mean(key, known)}"
            faults[(document.line((key,)), message)] = None
    faults.update(dict.fromkeys(model_faults(space.document, SweepSettings, space.settings_raw)))
    faults.update(dict.fromkeys(_search_faults(space, bool(faults))))
    faults.update(dict.fromkeys(_first_point_faults(space, bool(faults))))
    faults.update(dict.fromkeys(_corner_faults(space, list(faults))))
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        rows = [f"  line {line:<4}{message}" for line, message in sorted(faults)]
        raise InputError("\n".join([f"{document.source}: {count}, nothing was started", *rows]))
    return space


def _corner_faults(space: SearchSpace, told: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield what the typed config refuses at the corners of the space, unless told already."""
    if any("a distribution" in message for _, message in told):
        return
    for suggest in corners(space):
        raw = {k: v for k, v in space.fill(suggest)[1].items() if k in RunConfig.model_fields}
        for line, message in model_faults(space.document, RunConfig, raw, suggest):
            if not _is_told(line, message, told):
                yield line, message


def _is_told(line: int, message: str, told: list[tuple[int, str]]) -> bool:
    """Whether the ends of a hole were already refused for the field that ``message`` names."""
    field = message.split(":")[0].split(" ")[0].split(".")[-1]
    return any(line == other and f".{field}." in text for other, text in told)


def _search_faults(space: SearchSpace, has_faults: bool) -> Iterator[tuple[int, str]]:
    """Contradictions between the sweep's settings and the run they schedule."""
    if has_faults or not space.holes():
        return
    epochs = (space.template.get("train") or {}).get("epochs", 10)
    if hole_kind(epochs):
        yield (
            space.document.line(("train", "epochs")),
            "train.epochs: cannot be a distribution: trials are compared epoch by epoch; write one "
            "number, the scheduler stops trials early.",
        )
    grace = space.settings.search.scheduler.grace_epochs
    if isinstance(epochs, int) and grace > epochs:
        yield (
            space.document.line(("search", "scheduler", "grace_epochs")),
            f"search.scheduler.grace_epochs: must be <= train.epochs ({epochs}), but got {grace}.",
        )


def _first_point_faults(space: SearchSpace, has_faults: bool) -> Iterator[tuple[int, str]]:
    """First points that name no hole, or a value that the hole cannot have."""
    if has_faults:
        return
    holes = {hole.name: hole for hole in space.holes()}
    for number, point in enumerate(space.settings.search.first_points):
        line = space.document.line(("search", "first_points", number))
        where = f"search.first_points, point {number + 1}"
        for name, value in point.items():
            if name not in holes:
                yield line, f"{where}: '{name}' is no hole{did_you_mean(name, holes)}"
            elif not _is_allowed(holes[name], value):
                yield line, f"{where}: {name} cannot be {value!r}; it is {_describe(holes[name])}."


def _is_allowed(hole: Hole, value: Any) -> bool:
    if hole.kind == "choice":
        return value in hole.values
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    low, high = hole.values
    return is_number and low <= value <= high


def _describe(hole: Hole) -> str:
    if hole.kind == "choice":
        return f"one of {', '.join(map(str, hole.values))}"
    return f"a number from {hole.values[0]:g} to {hole.values[1]:g}"


def hole_faults(space: SearchSpace) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for each hole that cannot be drawn from."""
    document = space.document
    for hole, path in walk_holes(space.template, "", ()):
        where = (document.line(path), ".".join(str(p) for p in path))
        if hole.kind == "choice":
            value: Any = document.value
            for key in path:
                value = value[key]
            if not isinstance(value, list) or not value:
                yield (
                    where[0],
                    f"{where[1]}: a distribution 'choice' needs a list with at least one option.",
                )
        elif message := _numeric_fault(hole):
            yield where[0], f"{where[1]}: {message}, but got {list(hole.values)}."
    for path in list(document.lines):
        if path and path[0] in SweepSettings.model_fields and path[-1] in HOLES:
            name = ".".join(str(p) for p in path[:-1])
            yield document.line(path), f"{name}: cannot be a distribution; write a plain value."


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


def corners(space: SearchSpace) -> Iterator[Corner]:
    """Both ends of all numbers, under as many turns as the longest choice has options."""
    turns = max([len(h.values) for h in space.holes() if h.kind == "choice"], default=1)
    for turn in range(turns):
        yield Corner(False, turn)
        yield Corner(True, turn)
