"""The commands on final models as a whole: list, show, compare and remove them.

What uses one of them (verify, identify, ...) is in `models.py`.
"""

import json
from pathlib import Path
from typing import Any

import click

from facesearch.cli.compare import compare
from facesearch.cli.options import RUNS, TRACKING
from facesearch.cli.text import printable
from facesearch.cli.verbosity import say_hint, say_note
from facesearch.errors import InputError
from facesearch.tracking.address import said_again

_JSON = click.option("--json", "is_json", is_flag=True, help="Print JSON.")
_MODEL = click.argument("bundle", metavar="MODEL")


@click.group("models", invoke_without_command=True)
@_JSON
@TRACKING
@RUNS
@click.pass_context
def models_group(
    context: click.Context, is_json: bool, tracking_uri: str | None, runs_dir: Path
) -> None:
    """List the final models; show, compare or remove them.

    \b
    facesearch models                                those of runs/, by data set
    facesearch models show final-3f2b91c0            all that is known of one
    facesearch models compare final-3f2b91c0 models:/NAME@champion
    facesearch models remove final-3f2b91c0          its folder, run and version

    MODEL is the folder of a final model or how its name begins, the id of its run, or
    models:/NAME@ALIAS. Without an MLflow store the folders alone are listed.
    """
    if context.invoked_subcommand is not None:
        # what is said before the command holds for it too
        said = {"is_json": is_json, "tracking_uri": tracking_uri, "runs_dir": runs_dir}
        context.default_map = dict.fromkeys(models_group.commands, said)
        return
    from rich.console import Console

    from facesearch.cli.model_text import as_object, table

    found = _final_models(runs_dir, tracking_uri)
    if is_json:
        click.echo(json.dumps([as_object(one) for one in found], indent=1))
        return
    for line in table(found, Console().width):
        click.echo(line)
    if not found:
        click.echo(printable(f"no final models in {runs_dir}"))
        again = said_again(runs_dir, tracking_uri)
        say_hint(f"make one:  facesearch finalize --run-id RUN{again}")
    for one in found:
        say_note(f"{one.name}: {one.problem}") if one.problem else None
    for address in sorted({v.address for one in found for v in one.versions if "@" in v.address}):
        say_hint(f"champion:  {address}")


@models_group.command()
@_MODEL
@_JSON
@TRACKING
@RUNS
def show(bundle: str, is_json: bool, tracking_uri: str | None, runs_dir: Path) -> None:
    """Show all that is known of one final model: figures, thresholds, versions, why champion.

    \b
    facesearch models show final-3f2b91c0
    """
    from facesearch.cli.model_text import as_object, details
    from facesearch.final.listing import find_model

    one = find_model(bundle, _final_models(runs_dir, tracking_uri), runs_dir)
    if is_json:
        click.echo(json.dumps(as_object(one), indent=1))
        return
    for line in details(one):
        click.echo(line)


models_group.add_command(compare)


@models_group.command()
@_MODEL
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Even if it is a champion.")
@_JSON
@TRACKING
@RUNS
def remove(
    bundle: str, yes: bool, force: bool, is_json: bool, tracking_uri: str | None, runs_dir: Path,
) -> None:  # fmt: skip
    """Remove a final model: its folder, its MLflow run, its registered versions; nothing else.

    \b
    facesearch models remove final-3f2b91c0

    The run is marked deleted; mlflow gc frees its files. Networks that other final models share
    with it stay with them.
    """
    from facesearch.final.listing import find_model
    from facesearch.final.removal import refuse_champion, remove_model
    from facesearch.tracking.store import resolve_store

    store = resolve_store(tracking_uri, runs_dir)
    one = find_model(bundle, _final_models(runs_dir, tracking_uri, is_strict=True), runs_dir)
    if not force:
        refuse_champion(one)
    told = _removed(one)
    if not yes:
        for what, names in told.items():
            if names:
                click.echo(printable(f"{what}: {', '.join(names)}"), err=True)
        if not click.confirm("Remove this?", err=True):
            click.echo("nothing was removed", err=True)
            return
    remove_model(one, store)
    click.echo(json.dumps({"removed": told}, indent=1) if is_json else f"removed: {one.name}")


def _removed(model: Any) -> dict[str, list[str]]:
    """Return what goes with a model, by kind."""
    versions = [f"models:/{version.name}/{version.number}" for version in model.versions]
    return {
        "folder": [str(model.folder)] if model.folder else [],
        "MLflow run": [model.run_id] if model.run_id else [],
        "registered versions": versions,
    }


def _final_models(runs_dir: Path, tracking_uri: str | None, *, is_strict: bool = False) -> Any:
    """Return all final models; a store that fails is told, or refused if it matters."""
    from facesearch.final.listing import final_models
    from facesearch.tracking.store import resolve_store

    store = resolve_store(tracking_uri, runs_dir)
    try:
        store.refuse_missing()
    except InputError:
        if tracking_uri is not None:
            raise
        return final_models(runs_dir, None)
    try:
        return final_models(runs_dir, store)
    except InputError as error:
        if is_strict:
            raise
        say_note(f"{error} Only the folders are listed.")
        return final_models(runs_dir, None)
