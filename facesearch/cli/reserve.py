"""The command that shows, and writes, what is reserved of a folder for the report."""

import json
from pathlib import Path

import click

from facesearch.cli.left_out import say_left_out_of
from facesearch.cli.text import printable
from facesearch.errors import InputError

_FRACTION = click.FloatRange(0, 0.6, max_open=True)


@click.command()
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="A CSV file to write; never over one.")
@click.option("--images", type=_FRACTION, help="Fraction of each trained identity's images.")
@click.option("--dev", type=_FRACTION, help="Fraction of the identities, to fit thresholds on.")
@click.option("--test", type=_FRACTION, help="Fraction of the identities, to report on.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reserve(root: Path, out: Path | None, as_json: bool, **wanted: float | int | None) -> None:
    """Say which faces no search may see, so that finalize can report on them.

    \b
    facesearch data reserve FACES
    facesearch data reserve FACES --out FACES/faces.csv

    It is what tune and finalize do by themselves; data.reserve in a space changes it. A file
    written as faces.csv in the folder fixes the split, whatever is added later.
    """
    from facesearch.config import DataConfig, ReserveConfig
    from facesearch.data.faces import read_reserve
    from facesearch.data.reserve.files import split_text
    from facesearch.data.reserve.words import reserve_lines

    chosen = ReserveConfig.model_validate(wanted)
    found = read_reserve(DataConfig(root=str(root), reserve=chosen))
    if out is not None:
        _write(out, split_text(found))
    left_out = say_left_out_of(root)
    lines = list(reserve_lines(found))
    if as_json:
        about = {"folder": str(root), "reserved": found.about(), "told": lines}
        written = None if out is None else str(out)
        click.echo(json.dumps({**about, "out": written, "left_out": left_out}, indent=1))
        return
    for line in lines or ["nothing is reserved: these faces bring reporting sets of their own"]:
        click.echo(printable(line))
    if out is not None:
        click.echo(printable(f"{out}: written"))


def _write(out: Path, text: str) -> None:
    """Write a new file, whole or not at all."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{out}: is there already; give another file, or remove it.") from None
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}).") from None
