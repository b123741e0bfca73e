"""What several commands share: their options, and how they are stopped."""

from pathlib import Path

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
    """The sweep was stopped from outside; what is to be printed has been."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code
