"""Every field, wrong in every way: what is told names it, what was found and what is allowed."""

import random
import re

import pytest
from broken_spaces import WRONG, Field, fields, text_of, told_of

from facesearch.space import space_from_text

FIELDS = list(fields())
# Words of Python and of pydantic.
FOREIGN = re.compile(
    r"Traceback|Error|dictionary|instance|NoneType|UNKNOWN|union|Input |Value error|function-"
)
ALLOWED = re.compile(
    r"must|Known: |needs|only |write |remove |takes |at most|fixed by|low end|use |numbers for"
)
FOUND = re.compile(
    r"but got|unknown|cannot be|options|missing|halved|fixed by|holds|needs|gives|has \d|is no"
)
SAID = re.compile(r"unknown[^']*'([^']*)'.*did you mean '([^']*)'")


def group_of(field: Field) -> Field:
    """A head, or a part."""
    return field[: 2 if field[0] == "head" else 1]


GROUPS = sorted({group_of(field) for field in FIELDS})


@pytest.mark.parametrize("group", GROUPS, ids=".".join)
def test_a_field_that_is_wrong_is_named_with_what_was_found_and_what_is_allowed(
    group: Field,
) -> None:
    refused = 0
    for field in [field for field in FIELDS if group_of(field) == group]:
        for value in WRONG.values():
            text = text_of((field, value))
            told = told_of(text)
            refused += bool(told)
            if not told:
                space = space_from_text(text)
                assert all(space.draw(random.Random(seed))[1] for seed in range(5))
            for sentence in told:
                assert FOUND.search(sentence) and ALLOWED.search(sentence), (text, sentence)
                assert not FOREIGN.search(sentence), (text, sentence)
                said = SAID.search(sentence)
                assert said is None or said[1] != said[2], (text, sentence)
            assert not told or any(field[-1] in sentence for sentence in told), (text, told)
    assert refused > 5


def test_two_fields_that_are_wrong_are_told_as_each_alone() -> None:
    rng = random.Random(0)
    own = [field for field in FIELDS if field[0] != "head" and len(field) > 1]
    for _ in range(150):
        one, two = rng.sample(own, 2)
        if one == two[: len(one)] or two == one[: len(two)]:
            continue
        values = [WRONG[rng.choice(("word", "lists", "step", "one end", "mapping"))] for _ in "ab"]
        alone = [told_of(text_of((f, v))) for f, v in zip((one, two), values, strict=True)]
        both = told_of(text_of((one, values[0]), (two, values[1])))
        assert set(alone[0]) | set(alone[1]) == set(both)


# What contradicts, and fields that this does not depend on, so that it is known all the same.
CONTRADICTIONS = {
    "model: {network: resnet18, width: 64, %s}": (
        "model.width is fixed by network resnet18", ["dropout: 7", "widht: 3", "depht: 3"],
    ),
    "model: {block: plain, drop_path: 0.1, %s}": (
        "model.drop_path needs a block with a shortcut", ["num_stages: x", "width: {int: 3}"],
    ),
    "head: {type: magface, norm_low: 3, %s}": (
        "head.norm_high must be above norm_low 3", ["margin_low_rad: 28", "scale: {choice: []}"],
    ),
    "head: {type: triplet}\naugment: {mixup_alpha: 0.5, %s}": (
        "augment.mixup_alpha gives a picture two identities", ["strength: x", "flip: 0.5"],
    ),
    "model: {stem: patch, num_stages: 5, depth: [1, %s]}\ndata: {image_px: 16}": (
        "data.image_px 16 is halved 6 times", ["99", "[1]", "{uniform: [1, 2], step: 1}"],
    ),
    "search: {repeat_top: 2, objective: [val/rank1, val/top1], %s}": (
        "search.repeat_top ranks by the mean of one score", ["trials: 0", "seed: x"],
    ),
    "search: {sampler: cmaes, objective: [val/rank1, val/top1], %s}": (
        "search.sampler: cmaes maximises one number", ["trials: {int: [1, 2]}", "epochs: x"],
    ),
    "search: {first_points: [{model.width: 8}], %s}": (
        "'model.width' is no hole", ["trials: 0", "scheduler: asha"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_what_contradicts_is_told_beside_what_is_wrong_elsewhere(text: str) -> None:
    sentence, others = CONTRADICTIONS[text]
    for other in others:
        told = told_of(text % other)
        assert len(told) >= 2 and any(sentence in row for row in told), told


@pytest.mark.parametrize(
    "text",
    [
        "model: {num_stages: x, depth: [1, 1, 1]}",
        "model: {num_stags: 3, depth: [1, 1, 1]}",
        "model: {num_stages: {int: 3}, depth: [1, 1, 1]}",
        "model: {network: resnet19, width: 64}",
        "head: {type: tripplet}\naugment: {mixup_alpha: 0.5}",
        "head: 3\naugment: {mixup_alpha: 0.5}",
        "search: {trials: x, scheduler: {type: one_epoch, keep: 9}}",
    ],
)
def test_what_depends_on_a_field_that_is_wrong_is_not_guessed(text: str) -> None:
    assert len(told_of(text)) == 1
