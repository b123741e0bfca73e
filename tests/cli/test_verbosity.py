import logging
import os

import click
import pytest
from click.testing import CliRunner

from facesearch.cli import cli
from facesearch.cli.verbosity import accept_verbosity, level, say_detail


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_LOGGING_LEVEL", "RAY_BACKEND_LOG_LEVEL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def made() -> click.Group:
    group = click.Group("group")

    @group.command()
    def tell() -> None:
        say_detail("detail")
        click.echo(level())

    accept_verbosity(group)
    return group


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("tell", 0), ("-q tell", -1), ("tell -q", -1), ("-v tell", 1), ("tell -v", 1),
        ("-v tell -v", 2), ("tell -vv", 2), ("tell --quiet --verbose", 0),
    ],
)  # fmt: skip
def test_both_are_taken_before_a_command_and_behind_it(words: str, told: int) -> None:
    result = CliRunner().invoke(made(), words.split())
    assert int(result.stdout) == told
    assert ("detail" in result.stderr) == (told > 0)


def test_twice_asks_the_libraries_for_their_logs() -> None:
    names = ("ray", "mlflow")
    before = {name: logging.getLogger(name).level for name in names}
    try:
        CliRunner().invoke(made(), ["-v", "tell"])
        assert "RAY_BACKEND_LOG_LEVEL" not in os.environ
        CliRunner().invoke(made(), ["tell", "-vv"])
        assert os.environ["MLFLOW_LOGGING_LEVEL"] == "DEBUG"
        assert all(logging.getLogger(name).level == logging.DEBUG for name in names)
    finally:
        for name in names:
            logging.getLogger(name).setLevel(before[name])


def commands(group: click.Group) -> list[click.Command]:
    found: list[click.Command] = [group]
    for command in group.commands.values():
        found += commands(command) if isinstance(command, click.Group) else [command]
    return found


def test_every_command_takes_both() -> None:
    for command in commands(cli):
        taken = [word for parameter in command.params for word in parameter.opts]
        assert taken.count("-v") == taken.count("-q") == 1, command.name
