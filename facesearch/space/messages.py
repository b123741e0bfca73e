"""What the typed config refuses, in words and by line of the file."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from facesearch.config import HEAD_CONFIGS
from facesearch.config.part import Contradictions
from facesearch.errors import did_you_mean
from facesearch.space.holes import HOLES, hole_kind, join, option_labels
from facesearch.yaml_text import Document, Path_


def model_faults(
    document: Document,
    model: type[BaseModel],
    raw: Mapping[str, Any],
    point: Mapping[str, Any] | None = None,
) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for each fault that ``model`` finds in a filled template.

    Args:
        document: The file.
        model: What it must be.
        raw: The template, filled.
        point: What the holes were filled with.

    """
    try:
        model.model_validate(raw)
    except ValidationError as error:
        for loc, sentence in _sentences(error, model, raw):
            yield document.line(_file_path(document.value, loc, point or {})), sentence


def _sentences(
    error: ValidationError, model: type[BaseModel], raw: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the place in the config and the sentence of each fault."""
    items = [(_plain_path(item["loc"], raw), item) for item in error.errors()]
    for number, (loc, item) in enumerate(items):
        refused = item.get("ctx", {}).get("error")
        if isinstance(refused, Contradictions):
            for field, rest in refused.faults:
                place = (*loc, *field.split("."))
                yield place, f"{'.'.join(place)} {rest}."
        elif not (
            # of a list that may be a number too, only what is wrong in the list is of interest
            isinstance(item["input"], list)
            and any(loc == other for i, (other, _) in enumerate(items) if i != number)
        ):
            yield loc, _sentence(loc, item, model, raw)


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


def _file_path(value: Any, loc: tuple[str, ...], point: Mapping[str, Any]) -> Path_:
    """Return where in the file the value at ``loc`` of a config stands that ``point`` filled."""
    path: list[Any] = []
    name = ""
    for key in (*loc, None):
        while hole_kind(value) == "choice" and name in point:
            index = option_labels(value["choice"]).index(point[name])
            label, value = point[name], value["choice"][index]
            path += ["choice", index]
            if not isinstance(value, dict):
                return tuple(path)
            name = join(name, str(label))
        if key is None or not isinstance(value, dict) or key not in value:
            break
        path.append(key)
        name, value = join(name, key), value[key]
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
        tags = item.get("ctx", {}).get("expected_tags", "")
        allowed = [tag.strip(" '") for tag in tags.split(",") if tag.strip()] or list(HEAD_CONFIGS)
        return f"{name}.type: unknown or missing type '{found}'{did_you_mean(str(found), allowed)}"
    message = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    got = item["input"]
    if kind == "missing":
        return f"{name}: is missing; write it."
    if isinstance(got, dict) and len(got) == 1 and _nearly_a_hole(next(iter(got))):
        word = next(iter(got))
        return f"{name}: unknown distribution '{word}'{did_you_mean(word, HOLES)}"
    if isinstance(got, dict) or "but got" in message or len(loc) == 0:
        return f"{name} {message}."
    if message.endswith("."):
        return f"{name}: {message}"
    return f"{name}: {message}, but got {got!r}."


def _nearly_a_hole(word: str) -> bool:
    return bool(difflib.get_close_matches(word, HOLES, n=1, cutoff=0.6))


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
