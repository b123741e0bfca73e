"""What pydantic refuses of a field, in words: what it must be, what was found, what to write."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ValidationError

from facesearch.config import HEAD_CONFIGS
from facesearch.errors import did_you_mean
from facesearch.space.holes import HOLES

_MAPPING = "must be a mapping of fields"
_WORDS = {
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": "must be a mapping",
    "list_type": "must be a list",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "literal_error": "must be {expected}",
    "finite_number": "must be a finite number",
    "greater_than": "must be > {gt:g}",
    "greater_than_equal": "must be >= {ge:g}",
    "less_than": "must be < {lt:g}",
    "less_than_equal": "must be <= {le:g}",
    "too_short": "must have {min_length} or more",
    "too_long": "must have {max_length} at most",
    "string_pattern_mismatch": "must be letters, digits and . _ - (pattern {pattern})",
}
# What a value must be of, by what pydantic says of one that is not.
_SCALARS: dict[str, tuple[type, ...]] = {
    "int_type": (int,), "int_from_float": (int,), "float_type": (int, float), "bool_type": (bool,),
    "string_type": (str,), "literal_error": (),
}  # fmt: skip
_MAPPINGS = ("model_type", "model_attributes_type")
_YES_NO = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def shown(value: Any) -> str:
    """Return a value for a message: as it is written in a file, and not too long."""
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def flow(value: Any) -> str:
    """Return a value as it may be written into a space file."""
    text = json.dumps(value, default=str)
    return re.sub(r'"([A-Za-z_][\w-]*)"', r"\1", text)


def refusal(
    name: str, item: Mapping[str, Any], part: type[BaseModel] | None, *, is_searched: bool
) -> str:
    """Return the sentence for one error of pydantic.

    Args:
        name: Of the field, dotted.
        item: The error, as `ValidationError.errors` gives it.
        part: What the field's value should be, if a part.
        is_searched: Whether the field may be searched: distributions are proposed for it.

    """
    kind, got = item["type"], item["input"]
    if kind == "missing":
        return f"{name}: is missing; write it."
    word = next(iter(got)) if isinstance(got, dict) and len(got) == 1 else ""
    if is_searched and nearly_a_hole(word) and kind != "extra_forbidden":
        return f"{name}: unknown distribution '{word}'{did_you_mean(word, HOLES)}"
    if kind.startswith("union_tag"):
        return _type_refusal(name, item, is_searched=is_searched)
    message = wanted(item)
    if message.endswith("."):
        return f"{name}: {message}"
    if "but got" in message:
        return f"{name} {message}."
    return (
        f"{name}: {message}, but got {shown(got)}{_cure(kind, got, part, is_searched=is_searched)}."
    )


def nearly_a_hole(word: str) -> bool:
    """Whether a word may have been meant to be a distribution's, and is none."""
    close = difflib.get_close_matches(str(word).casefold(), HOLES, n=1, cutoff=0.6)
    return word not in HOLES and bool(close)


def unknown_field(name: str, known: list[str], *, is_alone: bool) -> str:
    """Return the sentence for a field that is not known.

    Args:
        name: Of the field, dotted.
        known: What may be written there.
        is_alone: Whether nothing stands beside it: then it may have been a distribution.

    """
    place, _, word = name.rpartition(".")
    if is_alone and nearly_a_hole(word) and not difflib.get_close_matches(word, known, n=1):
        return f"{place}: unknown distribution '{word}'{did_you_mean(word, HOLES)}"
    return f"{name}: unknown field{did_you_mean(word, known)}"


def _type_refusal(name: str, item: Mapping[str, Any], *, is_searched: bool) -> str:
    tags = item.get("ctx", {}).get("expected_tags", "")
    allowed = [tag.strip(" '") for tag in tags.split(",") if tag.strip()] or list(HEAD_CONFIGS)
    found = item["input"].get("type")
    known = f"Known: {', '.join(sorted(allowed))}."
    if found is None:
        return f"{name}.type: is missing; write one. {known}"
    if not isinstance(found, str):
        cure = _scalar_cure("string_type", found, is_searched=is_searched)
        return f"{name}.type: must be a name, but got {shown(found)}{cure}. {known}"
    return f"{name}.type: unknown type '{found}'{did_you_mean(found, allowed)}"


def wanted(item: Mapping[str, Any]) -> str:
    """Return what a field must be, by one error of pydantic."""
    message = str(item["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    words = _WORDS.get(item["type"])
    return words.format(**item.get("ctx", {})) if words else message


def _cure(kind: str, got: Any, part: type[BaseModel] | None, *, is_searched: bool) -> str:
    """Return what to write instead, if what was meant can be guessed."""
    if kind in _MAPPINGS:
        return _mapping_cure(got, part, is_searched=is_searched)
    if kind in _SCALARS:
        return _scalar_cure(kind, got, is_searched=is_searched)
    return ""


def _mapping_cure(got: Any, part: type[BaseModel] | None, *, is_searched: bool) -> str:
    if isinstance(got, list):
        return _options_cure(got, (dict,)) if is_searched else ""
    if got is None:
        return "; write its fields, or remove it"
    named = next((named for named in _named(got, part)), None)
    return f"; write {flow(named)}" if named else ""


def _named(got: Any, part: type[BaseModel] | None) -> Iterator[dict[str, Any]]:
    """Yield the mappings that a name alone may stand for."""
    for key in ("type", "network"):
        kind = part or HEAD_CONFIGS.get(got if isinstance(got, str) else "")
        if kind and key in kind.model_fields:
            with suppress(ValidationError):
                kind.model_validate({key: got})
                yield {key: got}


def _options_cure(options: list[Any], kinds: tuple[type, ...]) -> str:
    """Propose to search what is listed, if it is of the right kind."""
    if not options or not all(type(option) in kinds for option in options):
        return ""
    if len(options) == 1:
        return f"; write {flow(options[0])}"
    return f"; to search them write {flow({'choice': options})}"


def _scalar_cure(kind: str, got: Any, *, is_searched: bool) -> str:
    if isinstance(got, list):
        return (is_searched and _options_cure(got, _SCALARS[kind])) or "; write one value"
    if isinstance(got, dict):
        options = next((flow(value) for value in got.values() if isinstance(value, list)), "[...]")
        return f"; write one value{f', or {{choice: {options}}}' if is_searched else ''}"
    if got is None:
        return "; write a value, or remove it"
    if kind == "bool_type" and str(got).lower() in _YES_NO:
        return f"; write {_YES_NO[str(got).lower()]}"
    if kind in ("int_type", "float_type") and isinstance(got, str) and is_number(got):
        return "; write it without quotes"
    return ""


def is_number(text: str) -> bool:
    """Whether a text is read as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
