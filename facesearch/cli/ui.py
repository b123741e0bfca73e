"""The command that shows a sweep in MLflow's interface."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from facesearch.cli.options import RUNS, TRACKING
from facesearch.cli.text import printable
from facesearch.errors import InputError
from facesearch.tracking.address import said_again


@click.command()
@click.argument("sweep", required=False)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1; default: any free one."
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@TRACKING
@RUNS
def ui(
    sweep: str | None, port: int | None, no_open: bool, tracking_uri: str | None, runs_dir: Path
) -> None:
    """Compare the trials of a sweep in MLflow's interface, until Ctrl-C.

    \b
    facesearch ui             the newest sweep
    facesearch ui arcface     the newest of this name; or a folder, such as runs/arcface-0001

    With an MLflow server as --tracking-uri nothing is started: its page is printed and opened.
    """
    from facesearch.tracking.overview import open_overview
    from facesearch.tracking.server import is_remote, local_version, remote_version, serving
    from facesearch.tracking.store import resolve_store

    name, sweep_id, folder = _known_on_disk(sweep, runs_dir)
    again = said_again(runs_dir, tracking_uri)
    store = resolve_store(tracking_uri, folder.parent if folder else runs_dir)
    if store.uri.startswith("databricks"):
        raise InputError(
            "ui: open the workspace of Databricks in a browser; nothing to start here."
        )
    if is_remote(store):
        found = open_overview(store, remote_version(store.uri), name, sweep_id, again)
        _show(found, store.uri, is_open=not no_open)
        return
    store.refuse_missing()
    signal.signal(signal.SIGTERM, _terminate)
    found = open_overview(store, local_version(), name, sweep_id, again)
    with serving(store, port) as server:
        _show(found, server.address, is_open=not no_open)
        click.echo("Ctrl-C ends it.")
        server.wait()
    raise InputError("ui: MLflow's interface ended by itself; start it again.")


def _known_on_disk(sweep: str | None, runs_dir: Path) -> tuple[str, str, Path | None]:
    """Return name, id and folder of a sweep whose folder is here; a store may know others."""
    from facesearch.tuning.folder import find_sweep, opening

    if not sweep:
        return "", "", None
    try:
        folder = find_sweep(runs_dir, sweep)
    except InputError:
        return sweep, "", None
    return folder.resolve().name, str(opening(folder)["sweep_id"]), folder


def _show(found: Any, address: str, *, is_open: bool) -> None:
    from facesearch.tracking.view import MAX_LOADED

    if found.note:
        click.echo(printable(found.note))
    url = f"{address.rstrip('/')}/{found.page}"
    more = ""
    if found.num_trials > MAX_LOADED:
        more = f", the best {MAX_LOADED} at first; 'Load more' below the list adds the others"
    click.echo(printable(f"{found.name}: {found.num_trials} trials{more}"))
    click.echo(printable(url))
    if is_open and _has_display():
        import webbrowser

        webbrowser.open(url)


def _has_display() -> bool:
    is_desktop = sys.platform in ("darwin", "win32")
    return is_desktop or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _terminate(number: int, frame: Any) -> None:
    raise SystemExit(128 + number)
