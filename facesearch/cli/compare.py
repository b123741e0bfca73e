"""The command that compares two models."""

import json
from pathlib import Path

import click

from facesearch.cli.left_out import say_left_out
from facesearch.cli.options import DATA, RUNS, TRACKING
from facesearch.cli.run_json import finite
from facesearch.cli.text import faces_root, printable


@click.command()
@click.argument("a")
@click.argument("b")
@DATA
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@TRACKING
@RUNS
def compare(
    a: str, b: str, root: str | None, is_json: bool, tracking_uri: str | None, runs_dir: Path
) -> None:
    """Say whether model A is better than model B on the same faces, and how sure that is.

    \b
    facesearch compare runs/final-3f2b91c0 models:/NAME@champion --data FACES
    facesearch models compare final-3f2b91c0 final-99aa00          the same

    A and B are folders, ids of final runs, or models:/NAME@ALIAS; facesearch models lists them.
    Without --data the faces are those of A; --data may be any folder of identities, as for
    evaluate. Better or worse means: 0 is outside the 95 % interval, and p is at most 0.05.
    """
    from dataclasses import asdict

    from rich.console import Console

    from facesearch.cli.progress import Bars
    from facesearch.final.compare import compare as compared
    from facesearch.final.compare import contender, targets_of_both

    both = [contender(where, tracking_uri=tracking_uri, runs_dir=runs_dir) for where in (a, b)]
    with Bars(Console(stderr=True), "comparing"):
        shared = targets_of_both(both[0], both[1], faces_root(root))
        found = compared(both[0].model, both[1].model, *shared.of_each)
    notes = shared.notes + found.notes
    left_out = say_left_out(shared.left_out)
    if is_json:
        rows = [{**asdict(row), "verdict": row.verdict} for row in found.differences]
        told = {"verdict": found.verdict, "differences": rows, "notes": notes}
        told["left_out"] = left_out
        click.echo(json.dumps(finite(told), indent=1, allow_nan=False))
        return
    width = max([len(row.name) for row in found.differences], default=0)
    click.echo(f"{'':<{width}}      A      B    A - B  95 % interval        p  faces")
    for row in found.differences:
        click.echo(
            f"{row.name:<{width}}  {row.value_a:5.3f}  {row.value_b:5.3f}  {row.difference:+7.3f}  "
            f"[{row.low:+.3f}, {row.high:+.3f}]  {row.p_value:5.3f}  {row.num_faces:5d}  "
            f"{row.verdict}"
        )
    for note in notes:
        click.echo(printable(f"note: {note}"))
    click.echo(f"A is: {found.verdict}")
