"""What several commands share: their options, the bar for decoding, and how they are stopped."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from facesearch.cli.verbosity import is_quiet

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
    """The sweep was stopped from outside; what is to be printed has been."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


def with_progress(call: Callable[..., Any], label: str) -> Any:
    """Call with an ``on_progress`` that draws a bar once there is something to decode."""
    from rich.progress import Progress

    with Progress(transient=True, disable=is_quiet() or not sys.stderr.isatty()) as progress:
        bar: list[Any] = []

        def on_progress(done: int, total: int) -> None:
            if not bar:
                bar.append(progress.add_task(label, total=total))
            progress.update(bar[0], completed=done)

        return call(on_progress=on_progress)
