"""A config of which some fields are wrong, as far as it can be known: to tell what contradicts.

pydantic checks no rule of a part in which a field is wrong. Here every rule is checked, and says
nothing where it reads what is not known.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from types import FunctionType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from facesearch.config.part import rules_of

Place = tuple[str | int, ...]


class NotKnown(Exception):
    """A field was read that is wrong by itself."""


class Unknown:
    """Stands for a value that is told to be wrong already."""

    def __repr__(self) -> str:
        return "..."


UNKNOWN = Unknown()


def has_unknown(value: Any) -> bool:
    """Whether a value is `UNKNOWN`, or a mapping or list that holds it at any depth."""
    items = value.values() if isinstance(value, Mapping) else value
    is_nested = isinstance(value, (Mapping, list))
    return value is UNKNOWN or (is_nested and any(map(has_unknown, items)))


def part_in(field: FieldInfo, raw: Any) -> type[BaseModel] | None:
    """Return the part that a field holds; of several the one whose ``type`` stands in ``raw``."""
    kinds = [field.annotation, *get_args(field.annotation)]
    parts = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    if len(parts) < 2:
        return parts[0] if parts else None
    named = raw.get("type") if isinstance(raw, Mapping) else None
    return next((p for p in parts if named in get_args(p.model_fields["type"].annotation)), None)


class Seen:
    """What is known of a part, read as the part itself is.

    Args:
        part: What it should be.
        raw: What was written.
        wrong: The places in it, of fields and unknown ones, that are told already.

    """

    def __init__(self, part: type[BaseModel], raw: Mapping[str, Any], wrong: Collection[Place]):
        self._part, self._raw, self._wrong = part, raw, {*wrong, *_meant(part, raw, wrong)}
        self.model_fields_set = set(raw)

    def __getattr__(self, name: str) -> Any:
        """Return the value of a field, property or method of the part.

        Raises:
            NotKnown: If the field is wrong by itself.

        """
        field = self._part.model_fields.get(name)
        if field is None:
            return self._member(name)
        raw = self._raw.get(name, UNKNOWN)
        part = part_in(field, raw)
        inner = {place[1:] for place in self._wrong if place[0] == name}
        if () in inner or (inner and part is None) or (name in self._raw and raw is UNKNOWN):
            raise NotKnown(name)
        if name not in self._raw:
            if field.is_required():
                raise NotKnown(name)
            return field.get_default(call_default_factory=True)
        return Seen(part, raw, inner) if part and isinstance(raw, Mapping) else raw

    def _member(self, name: str) -> Any:
        member = getattr(self._part, name)
        if isinstance(member, property) and member.fget:
            return member.fget(self)
        return member.__get__(self) if isinstance(member, FunctionType) else member

    def parts(self) -> Iterator[tuple[str, "Seen"]]:
        """Yield the parts in it, by the names of their fields."""
        for name in self._part.model_fields:
            try:
                value = getattr(self, name)
            except NotKnown:
                continue
            if isinstance(value, Seen):
                yield name, value

    def contradictions(self) -> Iterator[tuple[Place, str]]:
        """Yield the place and the rest of the sentence of all that its rules refuse, and below."""
        for name, part in self.parts():
            yield from (((name, *place), rest) for place, rest in part.contradictions())
        for check in rules_of(self._part):
            try:
                for field, rest in check(self):
                    yield tuple(field.split(".")), rest
            except NotKnown:
                continue


def _meant(
    part: type[BaseModel], raw: Mapping[str, Any], wrong: Collection[Place]
) -> Iterator[Place]:
    """Yield the fields that an unknown one was meant to be: what they are is not known."""
    absent = [name for name in part.model_fields if name not in raw]
    for place in wrong:
        if len(place) == 1 and str(place[0]) not in part.model_fields:
            yield from ((n,) for n in difflib.get_close_matches(str(place[0]), absent, n=3))
