"""Every field, wrong in every way: what is told names it, what was found and what is allowed."""

import random
import re

import pytest
from broken_spaces import WRONG, Field, fields, text_of, told_of

from facesearch.space import space_from_text

FIELDS = list(fields())
GROUPS = sorted({field[:2] if field[0] == "head" else field[:1] for field in FIELDS})
# Words of Python and of pydantic, and what a value is replaced by inside.
FOREIGN = re.compile(
    r"Traceback|Error|dictionary|instance|NoneType|UNKNOWN|union|Input |Value error|function-"
)
ALLOWED = re.compile(
    r"must|Known: |needs|only |write |remove |takes |at most|fixed by|low end|use "
)
FOUND = re.compile(r"but got|unknown|cannot be|options|missing|halved|fixed by|holds|needs|gives")


def name_of(field: Field) -> str:
    """The field as it is named in a message: without the head's own name."""
    return ".".join(field if field[0] != "head" or len(field) < 3 else (field[0], field[2]))


@pytest.mark.parametrize("group", GROUPS, ids=".".join)
def test_a_field_that_is_wrong_is_named_with_what_was_found_and_what_is_allowed(
    group: Field,
) -> None:
    refused = 0
    for field in [field for field in FIELDS if field[: len(group)] == group]:
        for value in WRONG.values():
            text = text_of((field, value))
            told = told_of(text)
            refused += bool(told)
            if not told:
                rng = random.Random(0)
                space = space_from_text(text)
                assert all(space.draw(rng)[1] for _ in range(5))
            for sentence in told:
                assert FOUND.search(sentence) and ALLOWED.search(sentence), (text, sentence)
                assert not FOREIGN.search(sentence), (text, sentence)
            assert not told or any(name_of(field) in sentence for sentence in told), (text, told)
    assert refused > 5


def test_nobody_is_told_to_write_what_stands_there() -> None:
    for field in FIELDS:
        for value in WRONG.values():
            for sentence in told_of(text_of((field, value))):
                said = re.search(r"unknown[^']*'([^']*)'.*did you mean '([^']*)'", sentence)
                assert said is None or said[1] != said[2], sentence
