"""What several commands share: their options, and how they are stopped."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

SPACE = click.argument("space", type=click.Path(path_type=Path))
RUNS = click.option(
    "--runs", "runs_dir", type=click.Path(path_type=Path), default=Path("runs"),
    show_default=True, help="Folder for sweeps, models and the default MLflow store.",
)  # fmt: skip
TRACKING = click.option(
    "--tracking-uri", help="MLflow store; default: MLFLOW_TRACKING_URI, else SQLite in --runs."
)
DATA = click.option("--data", "root", help="Folder of faces; default: FACESEARCH_DATA.")


class Interrupted(Exception):
    """The command was stopped from outside; what is to be printed has been."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


@contextmanager
def told_when_stopped(told: str) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end what is inside alike: with one line, and the exit code of each.

    Ray has a handler of its own for SIGTERM, which exits with the number of the signal.

    Raises:
        Interrupted: After the line was printed.

    """
    exit_code = 128 + signal.SIGINT

    def on_term(number: int, frame: FrameType | None) -> None:
        nonlocal exit_code
        exit_code = 128 + signal.SIGTERM
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, on_term)
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit):
            if stop.code != signal.SIGTERM:
                raise
            exit_code = 128 + signal.SIGTERM
        click.echo(told, err=True)
        raise Interrupted(exit_code) from None
    finally:
        signal.signal(signal.SIGTERM, before)
