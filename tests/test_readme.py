import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from facesearch.cli import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_tree_equals_the_disk() -> None:
    tree = README.split("## The tree")[1].split("```")[1]
    shown = {word.rstrip("/") for word in re.findall(r"^  (\S+)", tree, re.MULTILINE)}
    there = {p.name for p in (ROOT / "facesearch").iterdir() if not p.name.startswith(("_", "py."))}
    assert shown == there


def test_every_link_and_space_is_there() -> None:
    for name in re.findall(r"(?:searchspaces|experiments)/[\w./-]+\.\w+", README):
        assert (ROOT / name).exists(), name


def test_every_name_is_in_the_table() -> None:
    """Where it is not: paste what `facesearch list --markdown` prints into the README."""
    table = CliRunner().invoke(cli, ["list", "--markdown"], catch_exceptions=False).output
    assert f"|---|---|---|\n{table}" in README


COMMANDS = re.findall(r"(?:^|&& |`)(facesearch [^\n#`&>]+)", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_parses(command: str) -> None:
    words = shlex.split(command)[1:]
    node: click.Command = cli
    while isinstance(node, click.Group) and (words or not node.invoke_without_command):
        found = node.get_command(click.Context(node), words.pop(0))
        assert found is not None, command
        node = found
    node.make_context(command, [w for w in words if w != "..."])
