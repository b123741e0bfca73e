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


def refuse(*faults: tuple[bool, str]) -> None:
    """Raise ValueError with the message of every fault that holds."""
    told = [message for holds, message in faults if holds]
    if told:
        raise ValueError("; ".join(told))


def as_plain(config: BaseModel) -> dict[str, Any]:
    """Return the config as plain JSON types, complete with defaults."""
    return config.model_dump(mode="json")
