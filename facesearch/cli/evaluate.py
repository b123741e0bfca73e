"""The command that measures a model on other faces."""

import json
from pathlib import Path
from typing import Any

import click

from facesearch.cli.figures import print_report
from facesearch.cli.left_out import say_left_out
from facesearch.cli.options import DATA, RUNS, TRACKING
from facesearch.cli.recrop import RECROP
from facesearch.cli.text import faces_root, printable
from facesearch.errors import InputError

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("bundle")
@DATA
@click.option("--gallery", type=_PATH, help="Folder of known identities; needs --probes.")
@click.option("--probes", type=_PATH, help="Folder of those who are searched for in --gallery.")
@click.option(
    "--pairs", type=_PATH,
    help="List of pairs: path_a,path_b,same[,fold], or LFW's; paths from it on, or from --data.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
    help="Of a gallery and probes that are made of --data.",
)  # fmt: skip
@click.option(
    "--freeze", "out", type=_PATH, metavar="FOLDER",
    help="Fit the thresholds on the dev sets; write the model with them to FOLDER.",
)  # fmt: skip
@click.option("--report", "report_path", type=_PATH, help="Write the report as JSON to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@RECROP
@TRACKING
@RUNS
def evaluate(
    bundle: str, report_path: Path | None, as_json: bool, recrop: str, tracking_uri: str | None,
    runs_dir: Path, **asked: Any,
) -> None:  # fmt: skip
    """Measure a model on other faces, at its own thresholds or at thresholds fitted there.

    \b
    facesearch evaluate runs/final-3f2b91c/model --data FACES
    facesearch evaluate runs/final-3f2b91c/model --gallery KNOWN --probes ASKED
    facesearch evaluate runs/final-3f2b91c/model --pairs pairs.csv

    Faces with sets of their own are asked about these. Of any other folder of identities a gallery
    and probes are made, without what was trained on.
    """
    from rich.console import Console

    from facesearch.cli.progress import Bars
    from facesearch.final.evaluate import evaluate as run
    from facesearch.final.locate import find_bundle
    from facesearch.training.checkpoint import write_atomically

    out = asked.pop("out")
    question = _question(**asked)
    folder = find_bundle(bundle, tracking_uri=tracking_uri, runs_dir=runs_dir)
    with Bars(Console(stderr=True), "measuring"):
        report = run(folder, question, out, recrop=recrop)
    if report_path is not None:
        write_atomically(report_path, report.as_json().encode())
    left_out = say_left_out(report.left_out)
    if as_json:
        click.echo(json.dumps({**json.loads(report.as_json()), "left_out": left_out}, indent=1))
        return
    print_report(report, f"in {report_path}" if report_path else "")
    if out is not None:
        click.echo(printable(f"model with the thresholds of {question.source}: {out}"))


def _question(
    *, root: str | None, gallery: Path | None, probes: Path | None, pairs: Path | None, seed: int
) -> Any:
    """Return what is asked about; one of the three ways must be named, and one only."""
    from facesearch.final.asked_faces import Question

    if (gallery is None) != (probes is None):
        raise InputError("evaluate: --gallery and --probes belong together; give both.")
    if gallery is not None and (pairs is not None or root is not None):
        other = "--pairs" if pairs is not None else "--data"
        raise InputError(f"evaluate: {other} beside --gallery and --probes; give one or the other.")
    if pairs is not None or gallery is not None:
        # FACESEARCH_DATA is not meant: the paths begin beside the list
        start = None if root is None else faces_root(root)
        return Question(start, gallery, probes, pairs, seed)
    chosen = faces_root(root)
    if chosen is None:
        raise InputError(
            "evaluate: which faces? Give a folder with --data, two with --gallery and --probes, "
            "or a list with --pairs."
        )
    return Question(chosen, seed=seed)
