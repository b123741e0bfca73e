import json
import random
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from facesearch.cli import cli
from facesearch.config import as_plain
from facesearch.heads import build_head
from facesearch.models import build_network
from facesearch.space import json_schema, load_space, space_from_text
from facesearch.tuning.folder import identity

ROOT = Path(__file__).parents[1]
FILES = [*sorted(ROOT.glob("searchspaces/**/*.yaml")), *sorted(ROOT.glob("experiments/**/*.yaml"))]
SCHEMA = ROOT / "searchspaces" / ".schema.json"
EVERY = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


@EVERY
def test_a_shipped_space_draws_points_that_build(path: Path) -> None:
    space = load_space(path)
    rng = random.Random(0)
    for _ in range(10):
        config = space.draw(rng)[1]
        build_network(config.model, config.data.image_px)
        build_head(as_plain(config.head), embedding_dim=8, num_identities=4)


def test_the_three_first_spaces_are_there_and_say_what_they_ask() -> None:
    names = {path.stem for path in FILES}
    assert {"quickstart", "arcface", "heads"} <= names
    for path in (ROOT / "searchspaces").glob("*.yaml"):
        _, first, second, *_ = path.read_text().splitlines()
        assert first.endswith("?") or "?" in first
        assert f"facesearch tune searchspaces/{path.name}" in second


def test_the_schema_on_the_disk_is_the_commands() -> None:
    """Where it is not: facesearch schema > searchspaces/.schema.json."""
    assert SCHEMA.read_text() == CliRunner().invoke(cli, ["schema"]).output


@EVERY
def test_an_editor_finds_the_schema_of_a_space(path: Path) -> None:
    mark, _, place = path.read_text().splitlines()[0].partition("=")
    assert mark == "# yaml-language-server: $schema"
    assert (path.parent / place).resolve() == SCHEMA


@EVERY
def test_a_space_is_right_by_the_schema(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(yaml.safe_load(path.read_text()))


def test_the_schema_refuses_what_validate_refuses() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    for wrong in ({"optim": {"lrr": 1}}, {"train": {"epochs": {"int": [1, 2]}}}, {"heads": {}}):
        assert not validator.is_valid(wrong), wrong


def test_a_line_for_editors_is_no_other_question() -> None:
    text = (ROOT / "searchspaces" / "arcface.yaml").read_text()
    without = text.partition("\n")[2]
    assert without != text
    before, now = (identity(space_from_text(words, "x"), "faces") for words in (without, text))
    assert before == now
