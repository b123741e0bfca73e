import pytest
from pydantic import BaseModel, ValidationError

from facesearch.config import HEAD_CONFIGS, RunConfig
from facesearch.config.part import Conflicts, Contradictions, Part, rule


def parts(kind: type[Part] = Part) -> list[type[Part]]:
    """Every model of the config, however deep."""
    return [found for child in kind.__subclasses__() for found in [child, *parts(child)]]


PARTS = parts()


def test_every_scalar_field_has_a_sentence() -> None:
    lacking = [
        f"{part.__name__}.{name}"
        for part in PARTS
        for name, field in part.model_fields.items()
        if name != "type"
        and not field.description
        and not (isinstance(field.default, BaseModel) or field.annotation is RunConfig)
    ]
    assert lacking == []


def test_every_head_is_among_the_parts() -> None:
    assert len(PARTS) > 25 and set(HEAD_CONFIGS.values()) <= set(PARTS)


class Pair(Part):
    """Two numbers that must rise, and not meet at 7."""

    low: int = 0
    high: int = 1

    @rule
    def _rises(self) -> Conflicts:
        if self.high <= self.low:
            yield "high", f"must be above {self.low}"

    @rule
    def _avoids_seven(self) -> Conflicts:
        if 7 in (self.low, self.high):
            yield "low", "and high must not be 7"


class Even(Pair):
    """A pair with a rule of its own."""

    @rule
    def _is_even(self) -> Conflicts:
        if self.low % 2:
            yield "low", "must be even"


@pytest.mark.parametrize(
    ("kind", "low", "high", "told"),
    [
        (Pair, 1, 2, []),
        (Pair, 3, 2, ["high"]),
        (Pair, 8, 7, ["high", "low"]),
        (Even, 9, 7, ["high", "low", "low"]),
    ],
)
def test_every_rule_that_is_broken_is_told(
    kind: type[Pair], low: int, high: int, told: list[str]
) -> None:
    try:
        kind(low=low, high=high)
    except ValidationError as error:
        refused = error.errors()[0]["ctx"]["error"]
        assert isinstance(refused, Contradictions)
        assert [field for field, _ in refused.faults] == told
    else:
        assert told == []
