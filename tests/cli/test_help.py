import click
from click.testing import CliRunner

from facesearch.cli.help import SECTIONS, GroupedCommands


def made(*names: str) -> str:
    group = GroupedCommands("facesearch")
    for name in names:
        group.add_command(click.Command(name, help="Do something. And more."))
    return CliRunner().invoke(group, ["--help"]).output


def test_commands_stand_in_their_groups_in_the_order_of_use() -> None:
    lines = [line.strip() for line in made("doctor", "tune", "preview").splitlines()]
    words = [line.split()[0] for line in lines if line]
    assert words.index("Search:") < words.index("preview") < words.index("tune")
    assert words.index("tune") < words.index("Set-up:") < words.index("doctor")
    assert "Final model:" not in lines


def test_a_command_without_a_group_is_not_lost() -> None:
    assert "Others:\n  new  Do something." in made("tune", "new")


def test_no_command_is_in_two_groups() -> None:
    names = [name for lines in SECTIONS.values() for name in lines]
    assert len(names) == len(set(names))
