"""What every part of the config shares: strict, frozen, and names that come from a table."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema, model_validator

from facesearch.errors import did_you_mean


def one_of(table: Mapping[str, str]) -> tuple[AfterValidator, WithJsonSchema]:
    """Return the annotations of a ``str`` field that must be a name in ``table``.

    Args:
        table: Name to one line that says what it is; `facesearch list` prints it.

    """

    def known(name: str) -> str:
        if name not in table:
            raise ValueError(f"unknown name '{name}'{did_you_mean(name, table)}")
        return name

    return AfterValidator(known), WithJsonSchema({"type": "string", "enum": sorted(table)})


class Contradictions(ValueError):
    """Values that are right alone and wrong together.

    ``faults`` holds for each the field to change, dotted from the part that refuses, and the rest
    of a sentence that begins with it.
    """

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {rest}" for field, rest in faults))
        self.faults = faults


# The field to change, and the rest of a sentence that begins with it.
Conflicts = Iterator[tuple[str, str]]
Rule = Callable[[Any], Conflicts]


def rule(check: Rule) -> Rule:
    """Mark a method of a `Part` as one of its rules: what it yields is refused.

    A rule reads what it needs and no more: where a field is wrong by itself, the rules that do not
    read it are checked all the same (`seen.py`).
    """
    check.__dict__["is_rule"] = True
    return check


@cache
def rules_of(part: type) -> tuple[Rule, ...]:
    """Return the rules of a part, those of its bases first."""
    members = [member for kind in reversed(part.__mro__) for member in vars(kind).values()]
    return tuple(member for member in members if getattr(member, "is_rule", False) is True)


class Part(BaseModel):
    """A part of the config: unknown fields, NaN and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    @model_validator(mode="after")
    def _obeys_its_rules(self) -> Self:
        told = [conflict for check in rules_of(type(self)) for conflict in check(self)]
        if told:
            raise Contradictions(told)
        return self


def as_plain(config: BaseModel) -> dict[str, Any]:
    """Return the config as plain JSON types, complete with defaults."""
    return config.model_dump(mode="json")
