"""What the typed config refuses, in words and by line of the file.

All of it: the fields that are wrong by themselves, and the contradictions between those that are
right. Not here: the words for one field (`wording.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from facesearch.config import RunConfig
from facesearch.config.part import Contradictions
from facesearch.config.seen import UNKNOWN, Place, Seen, has_unknown, part_in
from facesearch.space.holes import (
    NUMERIC,
    hole_kind,
    is_same_for_all_trials,
    join,
    option_labels,
)
from facesearch.space.wording import flow, refusal, unknown_field, wanted
from facesearch.yaml_text import Document, Path_

# What draws whole numbers alike.
_WHOLE = {"uniform": "int", "log_uniform": "log_int"}
# What is wrong with every number of a hole, or with none.
_OF_ANY_NUMBER = (
    "int_type", "int_from_float", "bool_type", "string_type", "list_type", "dict_type",
    "literal_error", "model_type", "model_attributes_type",
)  # fmt: skip


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
        raw: The template, filled; what is `UNKNOWN` in it is told already.
        point: What the holes were filled with.

    """
    for refused in refusals(model, raw):
        path = _file_path(document.value, refused.place, point or {})
        yield document.line(path), _of_the_hole(document.value, path, refused) or refused.sentence


class Refused(NamedTuple):
    """One value that is refused: where in the config, and in words.

    ``kind`` is the check that refuses it, and ``wanted`` what it must be, where one field is wrong.
    """

    place: Place
    sentence: str
    kind: str = ""
    wanted: str = ""


def refusals(model: type[BaseModel], raw: Mapping[str, Any]) -> Iterator[Refused]:
    """Yield all that ``model`` refuses of ``raw``."""
    try:
        model.model_validate(raw)
    except ValidationError as error:
        wrong: list[Place] = []
        for item in error.errors():
            place = _place(item["loc"], model, raw)
            refused = item.get("ctx", {}).get("error")
            if not isinstance(refused, Contradictions):
                wrong.append(place)
                if not _is_told(item, raw, place):
                    yield Refused(
                        place, _sentence(place, item, model, raw), item["type"], wanted(item)
                    )
            elif part_at(model, place, raw) is None:  # of a field, and not of a part as a whole
                wrong.append(place)
                yield from (_contradiction((*place, f), rest) for f, rest in refused.faults)
        for place, rest in Seen(model, raw, wrong).contradictions():
            yield _contradiction(place, rest)


def _contradiction(place: Place, rest: str) -> Refused:
    return Refused(place, f"{_dotted(place)} {rest}.")


def part_at(model: type[BaseModel], place: Sequence[Any], raw: Any) -> type[BaseModel] | None:
    """Return the part that stands at ``place`` of ``model``, by what is written in ``raw``."""
    part: type[BaseModel] | None = model
    for key in place:
        field = part.model_fields.get(str(key)) if part else None
        raw = raw.get(key) if isinstance(raw, Mapping) else None
        part = part_in(field, raw) if field else None
    return part


def _place(loc: Sequence[Any], model: type[BaseModel], raw: Any) -> Place:
    """Return the place in the config of an error; pydantic puts the names of union members in."""
    place: list[Any] = []
    part: type[BaseModel] | None = model
    keys = list(loc)
    while keys:
        key = keys.pop(0)
        if isinstance(raw, Mapping):
            field = part.model_fields.get(str(key)) if part else None
            raw = raw.get(key)
            part = part_in(field, raw) if field else None
            place.append(str(key))
            if field and _is_one_of_several(field):
                keys = keys[1:]
        elif isinstance(raw, list) and isinstance(key, int) and key < len(raw):
            place.append(key)
            part, raw = None, raw[key]
    return tuple(place)


def _is_one_of_several(field: FieldInfo) -> bool:
    kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType]
    return get_origin(field.annotation) in (Union, UnionType) and len(kinds) > 1


def _is_told(item: Any, raw: Mapping[str, Any], place: Place) -> bool:
    """Whether an error is of a value that is told to be wrong already."""
    got, kind = item["input"], str(item["type"])
    is_type = kind.startswith("union_tag") and isinstance(got, Mapping)
    # a check of the whole value, which stumbles over the part that is wrong
    error = item.get("ctx", {}).get("error")
    is_of_whole = kind == "value_error" and not isinstance(error, Contradictions)
    return (
        got is UNKNOWN
        or (is_type and got.get("type") is UNKNOWN)
        or (is_of_whole and has_unknown(got))
    )


def _sentence(place: Place, item: Any, model: type[BaseModel], raw: Mapping[str, Any]) -> str:
    name = _dotted(place) or "the config"
    if item["type"] == "extra_forbidden":
        part, parent = part_at(model, place[:-1], raw), _value_at(raw, place[:-1])
        known = list(part.model_fields) if part else []
        return unknown_field(name, known, is_alone=len(parent) == 1 and len(place) > 1)
    is_searched = model is RunConfig and not is_same_for_all_trials(list(map(str, place)))
    return refusal(name, item, part_at(model, place, raw), is_searched=is_searched)


def _value_at(raw: Any, place: Sequence[Any]) -> Any:
    for key in place:
        raw = raw[key]
    return raw


def _dotted(place: Sequence[Any]) -> str:
    return ".".join(str(key) for key in place)


def _of_the_hole(value: Any, path: Path_, refused: Refused) -> str | None:
    """Return the sentence where no value of a hole is what is wanted."""
    hole = _value_at(value, path)
    kind = hole_kind(hole)
    if kind not in NUMERIC or refused.kind not in _OF_ANY_NUMBER:
        return None
    told = f"{_dotted(refused.place)}: {refused.wanted}, but got {kind}"
    if kind in _WHOLE and refused.kind in ("int_type", "int_from_float"):
        return f"{told}; write {flow({_WHOLE[kind]: hole[kind]})}."
    return f"{told}."


def _file_path(value: Any, place: Sequence[Any], point: Mapping[str, Any]) -> Path_:
    """Return where in the file the value at ``place`` of a config stands that ``point`` filled."""
    path: list[Any] = []
    name = ""
    for key in (*place, None):
        while hole_kind(value) == "choice" and name in point:
            index = option_labels(value["choice"]).index(point[name])
            label, value = point[name], value["choice"][index]
            path += ["choice", index]
            if not isinstance(value, (dict, list)):
                return tuple(path)
            name = join(name, str(label))
        is_there = (
            isinstance(value, (dict, list))
            and hole_kind(value) is None
            and (
                key in value
                if isinstance(value, dict)
                else isinstance(key, int) and key < len(value)
            )
        )
        if not is_there:
            break
        path.append(key)
        name, value = join(name, str(key)), value[key]
    return tuple(path)
