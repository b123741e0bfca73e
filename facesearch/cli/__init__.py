"""The command line: parse, call, print. Heavy imports wait until a command needs them."""

import signal
import sys
from pathlib import Path
from typing import Any

import click

from facesearch.cli.look import data, list_names, schema, validate
from facesearch.cli.options import DATA, RUNS, TRACKING, Interrupted
from facesearch.cli.sweeps import baseline, extend, preview, sync, tune
from facesearch.cli.text import faces_root, printable
from facesearch.errors import FacesearchError, InputError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="facesearch")
def cli() -> None:
    """Find the best face-recognition CNN for your faces and hardware, and prove it.

    \b
    facesearch tune searchspaces/quickstart.yaml     sweep on generated faces
    facesearch finalize --run-id RUN                 retrain the best, verify it
    """


for _command in (tune, extend, preview, baseline, sync, validate, schema, list_names, data):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; errors of the user get one message and their exit code."""
    sys.exit(_run())


def _run() -> int:
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except FacesearchError as error:
        click.echo(f"error: {printable(str(error))}", err=True)
        return error.exit_code
    except Interrupted as stop:
        return stop.exit_code
    except SystemExit as stop:
        if stop.code == signal.SIGTERM:  # Ray's own handler, before the sweep has its own
            return 128 + signal.SIGTERM
        raise
    return 0


@cli.command()
@click.option("--run-id", required=True, help="A trial's or a sweep's run, or how its id begins.")
@DATA
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Longer or shorter training.")
@TRACKING
@RUNS
def finalize(
    run_id: str, root: str | None, epochs: int | None, tracking_uri: str | None, runs_dir: Path
) -> None:
    """Retrain a trial on everybody, verify it, save it, write the submissions.

    \b
    facesearch finalize --run-id 3f2b91c
    """
    from rich.console import Console

    from facesearch.errors import TrialFailure
    from facesearch.final.finalize import finalize as run
    from facesearch.tracking.store import resolve_store

    console = Console()
    store = resolve_store(tracking_uri, runs_dir)

    def on_epoch(result: Any, epochs: int) -> None:
        loss = result.metrics["train/loss"]
        console.print(
            f"epoch {result.epoch}/{epochs}  loss {loss:.4f}  {result.seconds:.1f}s",
            highlight=False,
        )

    try:
        final = run(
            store,
            run_id,
            runs_dir=runs_dir,
            root=faces_root(root),
            epochs=epochs,
            on_epoch=on_epoch,
        )
    except TrialFailure as failure:
        raise InputError(f"the final training {failure.outcome}: {failure}") from None
    for name, figure in final.figures.items():
        console.print(f"{name:<20}{figure}", highlight=False)
    files = ", ".join(sorted(path.name for path in final.folder.iterdir()))
    console.print(f"model: {final.folder} ({files})", highlight=False, soft_wrap=True)
    console.print(f"MLflow run: {final.run_id}", highlight=False)
