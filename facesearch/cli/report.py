"""The command that writes a report."""

from pathlib import Path
from typing import Any

import click

from facesearch.cli.left_out import say_left_out
from facesearch.cli.options import DATA, RUNS, TRACKING
from facesearch.cli.text import faces_root, printable
from facesearch.errors import InputError


@click.command()
@click.argument("what", metavar="SWEEP|RUN...", nargs=-1, required=True)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Where to write; default: the folder of the sweep or of the model.",
)  # fmt: skip
@DATA
@click.option("--no-log", is_flag=True, help="Do not log it to MLflow.")
@TRACKING
@RUNS
def report(
    what: tuple[str, ...], out: Path | None, root: str | None, no_log: bool,
    tracking_uri: str | None, runs_dir: Path,
) -> None:  # fmt: skip
    """Write one HTML file that says what came out, and its figures as SVG and PNG.

    \b
    facesearch report arcface                a sweep: its name, its folder, or a run of it
    facesearch report final-3f2b91c0         a final model: its folder or its run
    facesearch report runs/final-*           several

    The page needs no network. That of a final model shows faces, if they are at hand; the copy that
    goes to MLflow does not.
    """
    from facesearch.report.locate import find_subject
    from facesearch.tracking.store import resolve_store

    if out is not None and len(what) > 1:
        raise InputError(f"--out {out}: one folder for {len(what)} reports; give one of them.")
    store = resolve_store(tracking_uri, runs_dir)
    for subject in [find_subject(word, store, runs_dir) for word in what]:
        _report(subject, out, root, tracking_uri, is_logged=not no_log)


def _report(
    subject: Any, out: Path | None, root: str | None, tracking_uri: str | None, *, is_logged: bool
) -> None:
    from rich.console import Console

    from facesearch.cli.progress import Bars
    from facesearch.report.page import write
    from facesearch.tracking.store import resolve_store

    with Bars(Console(stderr=True), "writing the report"):
        place, page, told, charts = _build(subject, root, tracking_uri)
        path = write(out or place, page, charts)
    click.echo(printable(f"{path}: {len(charts)} figures, also in {path.parent / 'figures'}"))
    if is_logged:
        # the default store is beside what is reported on, wherever that is
        beside = resolve_store(tracking_uri, subject.folder.resolve().parent)
        _log(beside, subject, told, charts)


def _build(subject: Any, root: str | None, tracking_uri: str | None) -> tuple[Path, str, str, Any]:
    """Return where a report goes, its page, its page for MLflow, and its charts."""
    if subject.kind == "sweep":
        from facesearch.report.sweep_report import build_sweep

        page, charts = build_sweep(subject.folder, tracking_uri)
        return subject.folder, page, page, charts
    from facesearch.report.final_report import open_final

    final = open_final(subject.folder, faces_root(root))
    say_left_out(final.source.seen.left_out if final.source.seen else ())
    return final.source.place, final.html(), final.html(with_faces=False), final.charts.all


def _log(store: Any, subject: Any, page: str, charts: Any) -> None:
    """Log it; a store that fails is no fault of the report."""
    from facesearch.report.log import log_report

    try:
        run_id = subject.run_id(store)
        if run_id:
            log_report(store, run_id, page, charts)
            click.echo(f"logged to MLflow run {run_id}: artifacts report/")
    except InputError as error:
        click.echo(printable(f"note: {error}"), err=True)
