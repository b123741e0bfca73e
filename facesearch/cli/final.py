"""The command of the final stage."""

import shlex
from pathlib import Path
from typing import Any

import click

from facesearch.cli.figures import print_report
from facesearch.cli.options import DATA, RUNS, TRACKING, told_when_stopped
from facesearch.cli.text import faces_root, printable
from facesearch.cli.verbosity import say_hint, say_note
from facesearch.errors import InputError
from facesearch.tracking.address import said_again

_VIEWS = click.option(
    "--views", type=click.Choice(["plain", "flip", "crops"]), default="flip", show_default=True,
    help="Test-time augmentation: looks at each picture 1, 2 or 10 times.",
)  # fmt: skip
# What the options of the second stage are when nothing is said of it.
_FINE_TUNE = {"fine_tune_px": None, "fine_tune_margin": 1.0, "fine_tune_lr": 0.2}
_EPOCHS = click.IntRange(1, 10_000)


@click.command()
@click.option(
    "--run-id",
    required=True,
    help="A trial's or a sweep's run, how its id begins, or a sweep's name.",
)
@DATA
@click.option("--epochs", type=_EPOCHS, help="Longer or shorter training.")
@click.option(
    "--seeds",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Members that are trained, each from another seed.",
)
@click.option(
    "--top-k",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Trials of the sweep that are retrained; the best on the dev sets is kept.",
)
@click.option("--image-px", type=click.IntRange(16, 512), help="Larger or smaller pictures.")
@click.option(
    "--ema-decay",
    type=click.FloatRange(0, 1, max_open=True),
    help="Part of the averaged weights that is kept at a step.",
)
@click.option("--fine-tune-epochs", type=_EPOCHS, help="A second, short stage of so many epochs.")
@click.option("--fine-tune-px", type=click.IntRange(16, 512), help="Its pictures, in pixels.")
@click.option(
    "--fine-tune-margin",
    type=click.FloatRange(0, 4),
    default=1.0,
    show_default=True,
    help="Factor on the head's margin in it.",
)
@click.option(
    "--fine-tune-lr",
    type=click.FloatRange(0, 4, min_open=True),
    default=0.2,
    show_default=True,
    help="Factor on the learning rate in it.",
)
@_VIEWS
@click.option(
    "--first-seed-only",
    is_flag=True,
    help="The model is the first seed alone, not all together: that much cheaper.",
)
@click.option(
    "--shift-control",
    is_flag=True,
    help="Train one more without shifted pictures, to measure position invariance.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Processes (GPUs, nodes) that share each batch, over Ray Train.",
)
@click.option("--address", help="With --workers: a running Ray cluster: auto, or HOST:PORT.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Members that are trained beside each other: a GPU or a part of the cores each.",
)
@click.option(
    "--with-reserved",
    is_flag=True,
    help="Then train it once more, on what was reserved for the report too: a second model.",
)
@click.option(
    "--cross-validate",
    type=click.IntRange(2, 64),
    metavar="PARTS",
    help="Too few identities to reserve some: train so many networks, each without a part of them.",
)
@click.option(
    "--register-as", metavar="NAME", default="",
    help="Name in MLflow's registry; default: one that follows from the faces.",
)  # fmt: skip
@click.option("--no-register", is_flag=True, help="Keep the model out of MLflow's registry.")
@TRACKING
@RUNS
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON; progress: standard error."
)
def finalize(run_id: str, root: str | None, tracking_uri: str | None, runs_dir: Path,
             as_json: bool, **options: Any) -> None:  # fmt: skip
    """Retrain a trial on all faces that are not reserved, verify it, save it, submit.

    Killed at any time, the same command goes on. Other options give another
    model, in a folder of its own: facesearch models lists them.

    \b
    facesearch finalize --run-id 3f2b91c --seeds 3 --epochs 60
    """
    from rich.console import Console

    from facesearch.cli.progress import Bars
    from facesearch.cli.result_json import final_json
    from facesearch.errors import TrialFailure
    from facesearch.final.finalize import finalize as run
    from facesearch.final.retrain import Listener
    from facesearch.tracking.store import resolve_store

    is_kept = "stopped; what was trained is kept, and the same command goes on."
    try:
        with told_when_stopped(is_kept), Bars(Console(stderr=as_json), "training") as bars:
            final = run(
                resolve_store(tracking_uri, runs_dir), run_id, _choice(options),
                runs_dir=runs_dir, root=faces_root(root),
                listener=Listener(bars.epoch, bars.say, bars.step),
            )  # fmt: skip
    except TrialFailure as failure:
        raise InputError(f"the final training {failure.outcome}: {failure}") from None
    if as_json:
        click.echo(final_json(final))
    else:
        _conclude(final, said_again(Path("runs"), tracking_uri))


def _choice(options: dict[str, Any]) -> Any:
    from facesearch.final.finalize import Choice
    from facesearch.final.plan import FineTune, Plan

    _check_address(options["address"], options["workers"])

    fine_tune = None
    if options["fine_tune_epochs"] is not None:
        fine_tune = FineTune(
            options["fine_tune_epochs"], options["fine_tune_px"], options["fine_tune_margin"],
            options["fine_tune_lr"],
        )  # fmt: skip
    elif any(options[name] != default for name, default in _FINE_TUNE.items()):
        raise InputError("--fine-tune-px, -margin and -lr need --fine-tune-epochs N.")
    plan = Plan(
        seeds=options["seeds"], epochs=options["epochs"], image_px=options["image_px"],
        ema_decay=options["ema_decay"], fine_tune=fine_tune, workers=options["workers"],
    )  # fmt: skip
    return Choice(
        plan, options["top_k"], options["views"], keeps_all=not options["first_seed_only"],
        at_once=options["at_once"], has_shift_control=options["shift_control"],
        registers=not options["no_register"], register_as=options["register_as"],
        with_reserved=options["with_reserved"], folds=options["cross_validate"] or 0,
        address=options["address"],
    )  # fmt: skip


def _check_address(address: str | None, workers: int) -> None:
    """Refuse a cluster that does not answer, or that nothing would be done on."""
    from facesearch.tuning.address import is_own, refuse_dead_address

    if address is not None and workers < 2:
        raise InputError("--address is of the Ray that --workers 2, or more, are on; give both.")
    if not is_own(address):
        refuse_dead_address(address or "")


def _conclude(final: Any, again: str) -> None:
    print_report(final.report, f"in {final.folder / 'report.md'}")
    files = ", ".join(sorted(path.name for path in final.folder.iterdir() if path.name[0] != "."))
    model = final.folder / "model"
    click.echo(printable(f"model: {model}   ({final.folder}: {files})"))
    click.echo(f"MLflow run: {final.run_id}")
    if final.registered is not None:
        _tell_registered(final.registered)
    say_hint(f"next:  facesearch report {shlex.quote(str(final.folder))}{again}")
    say_hint(f"       facesearch identify {shlex.quote(str(model))} --gallery FOLDER PICTURE")


def _tell_registered(found: Any) -> None:
    """Print which version a model is, and why it is the champion or is not."""
    from facesearch.final.champion import CHAMPION

    click.echo(f"registered: {found.address}   {found.standing}")
    say_note(f"{found.standing}: {found.reason}")
    if found.standing == CHAMPION:
        say_hint(f"its name from now on:  models:/{found.name}@{CHAMPION}")
