"""How much is told: ``-q`` only results and errors, ``-v`` detail, ``-vv`` the libraries' logs.

Both may stand before a command and behind it; they add up.
"""

import logging
import os
from typing import Any

import click

from facesearch.errors import printable

_LIBRARIES = ("ray", "mlflow")
_KEY = "facesearch.verbosity"


def level() -> int:
    """Return -1 for quiet, 0, 1 for detail, 2 and more for logs of the libraries."""
    context = click.get_current_context(silent=True)
    return int(context.find_root().meta.get(_KEY, 0)) if context else 0


def is_quiet() -> bool:
    """Whether only results and errors are told."""
    return level() < 0


def say_detail(text: str) -> None:
    """Print a line to standard error if detail is asked for."""
    if level() > 0:
        click.echo(text, err=True)


def say_note(text: str) -> None:
    """Print a remark to standard error, unless only results are asked for."""
    if not is_quiet():
        click.echo(printable(f"note: {text}"), err=True)


def say_hint(text: str) -> None:
    """Print what may be typed next, unless only results are asked for."""
    if not is_quiet():
        click.echo(printable(text))


def bars_beside() -> Any:
    """Return bars on the standard error, as answers may be piped on."""
    from rich.console import Console

    from facesearch.cli.progress import Bars

    return Bars(Console(stderr=True))


def accept_verbosity(command: click.Command) -> click.Command:
    """Add ``-v`` and ``-q`` to a command, and to the commands of a group."""
    taken = {word for parameter in command.params for word in parameter.opts}
    options = [
        click.Option(
            ["-v", "--verbose"], count=True, expose_value=False, callback=_louder,
            help="Tell more; -vv: logs of Ray and MLflow too.",
        ),
        click.Option(
            ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_quieter,
            help="Tell only results and errors.",
        ),
    ]  # fmt: skip
    command.params += [option for option in options if not taken & set(option.opts)]
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            accept_verbosity(inner)
    return command


def _louder(context: click.Context, option: click.Parameter, count: int) -> None:
    _add(context, count)
    if level_of(context) > 1:
        # for what they import later, and start: both set their own level when they are imported
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "DEBUG")
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "debug")
        logging.basicConfig(format="%(name)s: %(message)s")
        for name in _LIBRARIES:
            logging.getLogger(name).setLevel(logging.DEBUG)


def _quieter(context: click.Context, option: click.Parameter, is_set: bool) -> None:
    _add(context, -1 if is_set else 0)


def level_of(context: click.Context) -> int:
    """Return the level of a context whose command may still be parsed."""
    return int(context.find_root().meta.get(_KEY, 0))


def _add(context: click.Context, change: Any) -> None:
    meta = context.find_root().meta
    meta[_KEY] = meta.get(_KEY, 0) + change
