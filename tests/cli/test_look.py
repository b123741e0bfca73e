import pytest
from click.testing import CliRunner
from command_line import run

from facesearch.cli import cli
from facesearch.config import CATALOGUE, HEAD_CONFIGS
from facesearch.config.catalogue import PARTS
from facesearch.config.sweep import LIMITS, OBJECTIVES, SAMPLERS, SCHEDULERS
from facesearch.data.augment import CHANGES
from facesearch.errors import InputError
from facesearch.heads import HEADS
from facesearch.models import NETWORKS


@pytest.mark.parametrize(
    ("topic", "names"),
    [
        ("models", NETWORKS),
        ("heads", HEADS),
        ("augmentations", [field for _, fields in CHANGES.values() for field in fields]),
        ("layouts", CATALOGUE["layouts"]["data.layout"]),
        ("objectives", [*OBJECTIVES, *LIMITS]),
        (None, [*SAMPLERS, *SCHEDULERS]),  # `list search` prints the settings of the part
    ],
)
def test_every_name_is_listed_with_a_line(topic: str | None, names: list[str]) -> None:
    output = run("list", *([topic] if topic else []))
    lines = dict(line.split(maxsplit=1) for line in output.splitlines() if "  " in line)
    assert all(len(lines[name]) > 10 for name in names)


def test_all_topics_are_listed_without_one() -> None:
    output = run("list")
    assert all(f"{field}:" in output for topic in CATALOGUE.values() for field in topic)


@pytest.mark.parametrize("part", PARTS)
def test_every_setting_of_a_part_is_listed_with_its_default(part: str) -> None:
    output = run("list", part)
    for name, field in PARTS[part].model_fields.items():
        if field.description:
            line = next(line for line in output.splitlines() if line.split()[0] == name)
            assert field.description in line
            assert line.endswith(f"Default: {'none' if field.default is None else field.default}.")


def test_the_parts_are_those_of_a_space_file_and_the_heads() -> None:
    parts = {"data", "augment", "model", "optim", "train", "search", "resources"}
    assert set(PARTS) == parts | set(HEAD_CONFIGS)


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'heads'"):
        CliRunner().invoke(cli, ["list", "head"], catch_exceptions=False)
