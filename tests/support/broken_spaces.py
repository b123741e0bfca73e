"""Spaces with something wrong in them: each field of the schema, wrong in every way."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import yaml

from facesearch.config import HEAD_CONFIGS, RunConfig, SweepSettings
from facesearch.config.seen import part_in
from facesearch.errors import InputError
from facesearch.space import SearchSpace, space_from_text

Field = tuple[str, ...]
# Values of another type, out of every range, or shaped like what a user takes for a distribution.
WRONG: dict[str, Any] = {
    "word": "nonsense",
    "quoted": "7",
    "huge": 10**12,
    "negative": -7,
    "fraction": 0.123,
    "infinite": float("inf"),
    "true": True,
    "nothing": None,
    "list": [3, 4],
    "lists": [[3], {"a": 1}],
    "empty list": [],
    "mapping": {"a": 1},
    "empty mapping": {},
    "step": {"uniform": [0.1, 0.3], "step": 0.1},
    "misspelt": {"unifrm": [0.1, 0.3]},
    "foreign": {"normal": [0.1, 0.3]},
    "backwards": {"uniform": [3, 1]},
    "one end": {"log_uniform": 3},
    "no options": {"choice": []},
    "wrong options": {"choice": ["nonsense", [3], None, {"a": 1}]},
    "fractions": {"uniform": [0.5, 1e6]},
    "hole in a list": [{"int": [1, 3]}, "nonsense"],
    "hole in a hole": {"choice": [{"choice": [{"uniform": [9, 1]}]}]},
}


def fields() -> Iterator[Field]:
    """Yield every field of a space file; those of a head behind its name."""
    for model in (RunConfig, SweepSettings):
        for name in model.model_fields:
            if name == "head":
                for head, part in HEAD_CONFIGS.items():
                    yield from (("head", head, field) for field in part.model_fields)
            yield from _below(model, name, ())


def _below(model: Any, name: str, place: Field) -> Iterator[Field]:
    yield (*place, name)
    part = part_in(model.model_fields[name], {})
    for field in part.model_fields if part else ():
        yield from _below(part, field, (*place, name))


def text_of(*wrong: tuple[Field, Any]) -> str:
    """Return a space in which some fields have a value, each part on a line of its own."""
    raw: dict[str, Any] = {}
    for field, value in wrong:
        part, keys = raw, list(field)
        if keys[0] == "head" and len(keys) > 2:
            part.setdefault("head", {"type": keys[1]})
            keys = ["head", keys[2]]
        for key in keys[:-1]:
            part = part.setdefault(key, {})
        part[keys[-1]] = deepcopy(value)  # one object that stands twice would be an alias
    lines = (
        yaml.safe_dump({key: value}, default_flow_style=True, width=10**6)
        for key, value in raw.items()
    )
    return "".join(f"{line.strip()[1:-1]}\n" for line in lines)


def told_of(text: str) -> list[str]:
    """Return the sentences that are told of a space, without their lines; none if it is right."""
    try:
        space = space_from_text(text, "s.yaml")
    except InputError as error:
        head, *rows = str(error).splitlines()
        assert head.endswith("nothing was started"), head
        return [row.split(maxsplit=2)[2] for row in rows]
    assert isinstance(space, SearchSpace)
    return []
