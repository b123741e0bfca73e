"""The command line: parse, call, print. Heavy imports wait until a command needs them."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from facesearch.cli.look import data, list_names, schema, validate
from facesearch.cli.text import faces_root, parse_duration, printable
from facesearch.errors import FacesearchError, InputError

_SPACE = click.argument("space", type=click.Path(path_type=Path))
_RUNS = click.option(
    "--runs", "runs_dir", type=click.Path(path_type=Path), default=Path("runs"),
    show_default=True, help="Folder for sweeps, models and the default MLflow store.",
)  # fmt: skip
_TRACKING = click.option(
    "--tracking-uri", help="MLflow store; default: MLFLOW_TRACKING_URI, else SQLite in --runs."
)
_DATA = click.option("--data", "root", help="Folder of faces; default: FACESEARCH_DATA.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="facesearch")
def cli() -> None:
    """Find the best face-recognition CNN for your faces and hardware, and prove it.

    \b
    facesearch tune searchspaces/quickstart.yaml     sweep on generated faces
    facesearch finalize --run-id RUN                 retrain the best, verify it
    """


for _command in (validate, schema, list_names, data):
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
    except _Interrupted as stop:
        return stop.exit_code
    return 0


class _Interrupted(Exception):
    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


def _with_progress(call: Callable[..., Any], label: str) -> Any:
    """Call with an ``on_progress`` that draws a bar once there is something to decode."""
    from rich.progress import Progress

    with Progress(transient=True, disable=not sys.stderr.isatty()) as progress:
        bar: list[Any] = []

        def on_progress(done: int, total: int) -> None:
            if not bar:
                bar.append(progress.add_task(label, total=total))
            progress.update(bar[0], completed=done)

        return call(on_progress=on_progress)


@cli.command()
@_SPACE
@_DATA
@click.option("--trials", type=int, help="Trials to start, instead of the file's.")
@click.option("--time", "time_text", help="Wall-clock budget: 90s, 15m, 2h.")
@click.option("--name", help="Name of the sweep, instead of the file's.")
@click.option("--address", help="A running Ray cluster: auto, or HOST:PORT.")
@_TRACKING
@_RUNS
def tune(  # noqa: PLR0913 - one argument an option
    space: Path, root: str | None, trials: int | None, time_text: str | None, name: str | None,
    address: str | None, tracking_uri: str | None, runs_dir: Path,
) -> None:  # fmt: skip
    """Sweep a search space.

    \b
    facesearch tune searchspaces/arcface.yaml --data FACES --time 2h
    """
    from facesearch.space import load_space

    chosen = load_space(space)
    budget = parse_duration(time_text) if time_text else None
    chosen = chosen.with_settings(trials=trials, time_s=budget, name=name)
    _tune(chosen, faces_root(root), address, tracking_uri, runs_dir)


def _tune(
    space: Any, root: str | None, address: str | None, tracking_uri: str | None, runs_dir: Path
) -> None:
    from rich.console import Console

    from facesearch.data.faces import load_faces
    from facesearch.tracking.store import resolve_store
    from facesearch.tuning.progress import leaderboard, leaders
    from facesearch.tuning.sweep import Cluster
    from facesearch.tuning.tune import first_config
    from facesearch.tuning.tune import tune as run

    console = Console()
    store = resolve_store(tracking_uri, runs_dir)
    data = first_config(space, root).data
    faces = _with_progress(functools.partial(load_faces, data), "decoding faces")
    hint = "" if data.root else "; give your own with --data FOLDER"
    console.print(
        f"faces: {faces.source}{hint}: {len(faces.identities)} identities to learn with "
        f"{len(faces.train)} faces, {len(faces.strangers)} faces of strangers to rank by",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    result = run(
        space, store, runs_dir=runs_dir, console=console, root=root, cluster=Cluster(address)
    )
    sweep, best = result.sweep, result.sweep.best
    console.print(leaderboard(sweep))
    console.print(leaders(sweep), highlight=False, markup=False, soft_wrap=True)
    outcomes = dict.fromkeys(t.outcome for t in sweep.trials.values())
    counts = ", ".join(f"{sweep.count(o)} {o}" for o in outcomes)
    console.print(f"{counts}; {sweep.epochs_spent} epochs", highlight=False)
    console.print(
        f"results: {result.folder}   MLflow: {store.uri}", highlight=False, soft_wrap=True
    )
    if best and best.run_id:
        more = "" if runs_dir == Path("runs") else f" --runs {runs_dir}"
        more += f" --tracking-uri {tracking_uri}" if tracking_uri else ""
        console.print(
            f"next:  facesearch finalize --run-id {best.run_id[:8]}{more}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    if sweep.is_interrupted:
        raise _Interrupted(143 if sweep.is_terminated else 130)


@cli.command()
@click.option("--run-id", required=True, help="A trial's or a sweep's run, or how its id begins.")
@_DATA
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Longer or shorter training.")
@_TRACKING
@_RUNS
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
