"""What every part of the config shares: strict, frozen, and names that come from a table."""

from collections.abc import Mapping
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema

from facesearch.errors import did_you_mean


class Part(BaseModel):
    """A part of the config: unknown fields, NaN and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


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


def refuse(*faults: tuple[bool, str, str]) -> None:
    """Raise `Contradictions` with every fault that holds: (holds, field, rest of a sentence)."""
    told = [(field, rest) for holds, field, rest in faults if holds]
    if told:
        raise Contradictions(told)


def as_plain(config: BaseModel) -> dict[str, Any]:
    """Return the config as plain JSON types, complete with defaults."""
    return config.model_dump(mode="json")
