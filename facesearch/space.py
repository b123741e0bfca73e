"""A search space is a training config with holes in it.

Any value of the config may be a distribution: ``{uniform: [low, high]}``, ``{log_uniform: [..]}``,
``{int: [..]}``, ``{log_int: [..]}`` (both ends included) or ``{choice: [..]}``; an option of a
choice may be a whole mapping with holes of its own, which makes a space conditional. The parts
``name``, ``search`` and ``resources`` belong to the sweep and have no holes.

Not in this module: who proposes the points (`tuning/search.py`).
"""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from facesearch.config import RunConfig, SweepSettings
from facesearch.errors import InputError, did_you_mean
from facesearch.yaml_text import Document, Path_, parse_yaml, read_yaml

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


class SearchSpace:
    """A checked space: it fills its holes and gives typed configs."""

    def __init__(self, document: Document) -> None:
        """Take a parsed file; use `load_space`, which checks it too."""
        raw = dict(document.value)
        self.document = document
        self._settings_raw = {k: raw.pop(k) for k in SweepSettings.model_fields if k in raw}
        self.template = raw

    @property
    def settings(self) -> SweepSettings:
        """The sweep's own parts: name, search and resources."""
        return SweepSettings.model_validate(self._settings_raw)

    def fill(self, suggest: Suggest) -> tuple[Point, dict[str, Any]]:
        """Fill every hole that applies.

        Returns:
            The point (flat: hole name to value) and the complete raw config.
        """
        point: Point = {}
        return point, _fill(self.template, "", suggest, point)

    def config(self, point: Mapping[str, Any]) -> RunConfig:
        """Return the typed config of a point that was drawn before."""
        return RunConfig.model_validate(self.fill(_Replay(point))[1])

    def draw(self, rng: random.Random) -> tuple[Point, RunConfig]:
        """Draw one random point."""
        point, raw = self.fill(_Dice(rng))
        return point, RunConfig.model_validate(raw)

    def corner_config(self) -> RunConfig:
        """Return the config with every number at its low end and every first option."""
        return RunConfig.model_validate(self.fill(_Corner(False, 0))[1])

    def with_settings(self, **search: Any) -> "SearchSpace":
        """Return the space with other search settings (``name`` too); None keeps the file's.

        Raises:
            InputError: If a value is not allowed.
        """
        given = {key: value for key, value in search.items() if value is not None}
        space = SearchSpace(self.document)
        if "name" in given:
            space._settings_raw["name"] = given.pop("name")
        space._settings_raw["search"] = {**space._settings_raw.get("search", {}), **given}
        faults = [text for _, text in _model_faults(space, SweepSettings, space._settings_raw)]
        if faults:
            raise InputError("; ".join(faults))
        return space

    def holes(self) -> list[Hole]:
        """Return every hole, conditional ones too, in the order of the file."""
        return [hole for hole, _ in _walk_holes(self.template, "", ())]


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
    faults: dict[tuple[int, str], None] = dict.fromkeys(_hole_faults(space))
    known = [*SweepSettings.model_fields, *RunConfig.model_fields]
    for key in space.template:
        if key not in known:
            message = f"{key}: unknown field{did_you_mean(key, known)}"
            faults[(document.line((key,)), message)] = None
            continue
    faults.update(dict.fromkeys(_model_faults(space, SweepSettings, space._settings_raw)))
    faults.update(dict.fromkeys(_search_faults(space, bool(faults))))
    if not any("a distribution" in message for _, message in faults):
        holes = list(faults)
        for suggest in _corners(space):
            raw = {k: v for k, v in space.fill(suggest)[1].items() if k in RunConfig.model_fields}
            for line, message in _model_faults(space, RunConfig, raw, suggest):
                if not _is_told(line, message, holes):
                    faults[(line, message)] = None
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        rows = [f"  line {line:<4}{message}" for line, message in sorted(faults)]
        raise InputError("\n".join([f"{document.source}: {count}, nothing was started", *rows]))
    return space


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


# --- holes ---------------------------------------------------------------------------------


def hole_kind(value: Any) -> str | None:
    """Return which distribution ``value`` is, or None when it is a plain value."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in HOLES:
        return str(next(iter(value)))
    return None


def _join(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key


def option_labels(options: list[Any]) -> list[Any]:
    """Return a short name for each option: itself, or a mapping's ``type`` (made unique)."""
    labels: list[Any] = []
    for i, option in enumerate(options):
        label = option
        if isinstance(option, (dict, list)):
            label = option.get("type", f"option{i}") if isinstance(option, dict) else str(option)
        if label in labels:
            label = f"{label}#{i}"
        labels.append(label)
    return labels


def _fill(value: Any, name: str, suggest: Suggest, point: Point) -> Any:
    kind = hole_kind(value)
    if kind is None:
        if isinstance(value, dict):
            return {k: _fill(v, _join(name, k), suggest, point) for k, v in value.items()}
        return value
    if kind == "choice":
        labels = option_labels(value["choice"])
        point[name] = label = suggest.option(name, labels)
        option = value["choice"][labels.index(label)]
        inner = _join(name, str(label)) if isinstance(option, dict) else name
        return _fill(option, inner, suggest, point)
    low, high = value[kind]
    is_int = kind.endswith("int")
    point[name] = suggest.number(name, low, high, is_log=kind.startswith("log"), is_int=is_int)
    return point[name]


def _walk_holes(value: Any, name: str, path: Path_) -> Iterator[tuple[Hole, Path_]]:
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
            yield from _walk_holes(option, _join(name, str(label)), (*path, "choice", i))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk_holes(item, _join(name, key), (*path, key))


def _hole_faults(space: SearchSpace) -> Iterator[tuple[int, str]]:
    document = space.document
    for hole, path in _walk_holes(space.template, "", ()):
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


# --- who fills -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Replay:
    point: Mapping[str, Any]

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        if name not in self.point:
            raise InputError(f"the point has no value for '{name}'; it was drawn elsewhere.")
        return int(self.point[name]) if is_int else float(self.point[name])

    def option(self, name: str, labels: list[Any]) -> Any:
        if self.point.get(name) not in labels:
            raise InputError(f"'{name}' must be one of {labels}, but got {self.point.get(name)!r}.")
        return self.point[name]


@dataclass(frozen=True)
class _Dice:
    rng: random.Random

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        if is_log:
            value = math.exp(self.rng.uniform(math.log(low), math.log(high)))
            return min(max(round(value), int(low)), int(high)) if is_int else value
        return self.rng.randint(int(low), int(high)) if is_int else self.rng.uniform(low, high)

    def option(self, name: str, labels: list[Any]) -> Any:
        return self.rng.choice(labels)


@dataclass
class _Corner:
    """Every number at one end, and the ``turn``-th option of every choice."""

    at_high_end: bool
    turn: int

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        end = high if self.at_high_end else low
        return end if is_int else float(end)

    def option(self, name: str, labels: list[Any]) -> Any:
        return labels[self.turn % len(labels)]


def _corners(space: SearchSpace) -> Iterator[_Corner]:
    """Both ends of all numbers, under as many turns as the longest choice has options."""
    turns = max([len(h.values) for h in space.holes() if h.kind == "choice"], default=1)
    for turn in range(turns):
        yield _Corner(False, turn)
        yield _Corner(True, turn)


# --- faults of the typed config, told by line ------------------------------------------------


def _model_faults(
    space: SearchSpace, model: type[BaseModel], raw: Mapping[str, Any], suggest: Any = None
) -> Iterator[tuple[int, str]]:
    try:
        model.model_validate(raw)
    except ValidationError as error:
        for item in error.errors():
            loc = _plain_path(item["loc"], raw)
            line = space.document.line(_file_path(space.document.value, loc, suggest))
            yield line, _sentence(loc, item, model, raw)


def _plain_path(loc: tuple[int | str, ...], raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Drop the names of union members, which pydantic puts into a location."""
    path: list[str] = []
    value: Any = raw
    for i, key in enumerate(loc):
        is_last = i == len(loc) - 1
        if isinstance(value, dict) and (key in value or (is_last and not _is_tag(key, value))):
            path.append(str(key))
            value = value.get(key)
    return tuple(path)


def _is_tag(key: Any, value: Mapping[str, Any]) -> bool:
    return key == value.get("type") or key in ("str", "dict[str,float]")


def _file_path(value: Any, loc: tuple[str, ...], suggest: Any) -> Path_:
    """Return where in the file the value at ``loc`` of a filled config stands."""
    path: list[Any] = []
    for key in (*loc, None):
        while hole_kind(value) == "choice" and suggest is not None:
            index = suggest.turn % len(value["choice"])
            value = value["choice"][index]
            path += ["choice", index]
        if key is None or not isinstance(value, dict) or key not in value:
            break
        path.append(key)
        value = value[key]
    return tuple(path)


def _sentence(loc: tuple[str, ...], item: Any, model: type[BaseModel], raw: Any) -> str:
    name = ".".join(loc) or "the config"
    kind = item["type"]
    if kind == "extra_forbidden":
        parent: Any = raw
        for key in loc[:-1]:
            parent = parent[key]
        fields = _fields_at(model, loc[:-1], parent)
        return f"{name}: unknown field{did_you_mean(loc[-1], fields)}"
    if kind.startswith("union_tag"):
        found = item.get("ctx", {}).get("tag", "nothing")
        allowed = _fields_at_tags(item)
        return f"{name}.type: unknown or missing type '{found}'{did_you_mean(str(found), allowed)}"
    message = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    got = item["input"]
    if kind == "missing":
        return f"{name}: is missing; write it."
    if isinstance(got, dict) or "but got" in message or len(loc) == 0:
        return f"{name} {message}."
    if message.endswith("."):
        return f"{name}: {message}"
    return f"{name}: {message}, but got {got!r}."


def _fields_at_tags(item: Any) -> list[str]:
    expected = item.get("ctx", {}).get("expected_tags", "")
    tags = [tag.strip(" '") for tag in expected.split(",") if tag.strip()]
    return tags or ["softmax", "normface", "cosface", "arcface", "adaface"]


def _fields_at(model: type[BaseModel], loc: tuple[str, ...], parent: Any) -> list[str]:
    """Return the field names allowed at ``loc`` of ``model``."""
    current: Any = model
    for key in loc:
        current = current.model_fields[key].annotation
    for member in getattr(current, "__args__", ()):
        literal = member.model_fields["type"].annotation.__args__ if _is_part(member) else ()
        if isinstance(parent, dict) and parent.get("type") in literal:
            current = member
    return list(current.model_fields) if _is_part(current) else []


def _is_part(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


def json_schema() -> dict[str, Any]:
    """Return a JSON schema of a space file, in which any value of the run may be a hole."""
    schema = RunConfig.model_json_schema()
    settings = SweepSettings.model_json_schema()
    holes = _hole_schema()
    definitions: dict[str, Any] = {**schema.pop("$defs"), "hole": holes}
    for definition in [schema, *[d for k, d in definitions.items() if k != "hole"]]:
        for key, field in definition.get("properties", {}).items():
            if key != "type":
                definition["properties"][key] = {"anyOf": [field, {"$ref": "#/$defs/hole"}]}
    schema["properties"].update(settings["properties"])
    schema["$defs"] = {**definitions, **settings.get("$defs", {})}
    schema["title"] = "facesearch space"
    return schema


def _hole_schema() -> dict[str, Any]:
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    options = {kind: {**pair} for kind in NUMERIC}
    properties: dict[str, Any] = {**options, "choice": {"type": "array", "minItems": 1}}
    return {
        "type": "object", "properties": properties, "additionalProperties": False,
        "minProperties": 1, "maxProperties": 1,
    }  # fmt: skip


