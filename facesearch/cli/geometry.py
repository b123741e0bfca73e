"""The command that says whether two sets of faces are cropped alike."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from facesearch.cli.left_out import say_left_out_of, say_left_out_of_places
from facesearch.cli.options import RUNS, TRACKING
from facesearch.cli.text import printable
from facesearch.cli.verbosity import say_note
from facesearch.errors import InputError


@click.command()
@click.argument("reference")
@click.argument("other", type=click.Path(path_type=Path))
@click.option(
    "--picture", type=click.Path(path_type=Path), metavar="FILE.png",
    help="Draw the two mean faces, and OTHER's in the box.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@TRACKING
@RUNS
def geometry(
    reference: str, other: Path, picture: Path | None, as_json: bool, tracking_uri: str | None,
    runs_dir: Path,
) -> None:  # fmt: skip
    """Say whether the faces of OTHER are cropped as those of REFERENCE, and which box is.

    \b
    facesearch data geometry FACES OTHER-FACES --picture mean-faces.png
    facesearch data geometry runs/final-3f2b91c/model OTHER-FACES

    REFERENCE is a folder of faces or a model. The mean grey images of both are compared, so neither
    landmarks nor a detector are needed, but about 50 images of OTHER are. The box goes to --recrop
    of evaluate, identify, verify, embed, classify and predict.
    """
    from rich.console import Console

    from facesearch.cli.progress import Bars
    from facesearch.data.geometry import align, faces_of_folder
    from facesearch.data.geometry.picture import write_picture

    with Bars(Console(stderr=True), "looking at the faces"):
        first, left_out = _reference(reference, tracking_uri, runs_dir)
        second, more = _mean_of(other)
        found = align(first, second)
    left_out += more
    if picture is not None:
        write_picture(picture, first, faces_of_folder(other), found.box)
    if as_json:
        told = {**_as_told(found, first, reference, other), "left_out": left_out}
        click.echo(json.dumps(told, indent=1))
        return
    click.echo(printable(f"{other} is {found.in_words(reference)}"))
    if found.differs:
        click.echo(f"write:  --recrop {found.box}   or --recrop auto")
    if picture is not None:
        click.echo(
            printable(f"{picture}: the mean face of {reference}, of {other}, and in the box")
        )


def _mean_of(root: Path) -> tuple[Any, list[str]]:
    """Return the mean face of a folder, and what of it was passed over, which is told."""
    from facesearch.data.geometry import faces_of_folder, mean_of_faces
    from facesearch.data.geometry.mean_face import MAX_IMAGES
    from facesearch.data.layouts.account import account_at

    faces = faces_of_folder(root)
    mean = mean_of_faces(faces)
    if mean is None:
        raise InputError(f"{root}: none of its {len(faces)} images can be read.")
    # images that lie in the folder itself are read here, whatever its layout
    is_flat = not account_at(root).num_read
    left_out = say_left_out_of_places([root]) if is_flat else say_left_out_of(root)
    num_unread = min(len(faces), MAX_IMAGES) - mean.num_images
    if num_unread:
        place = shlex.quote(str(root))
        left_out.append(
            f"{root}: {num_unread} of {num_unread + mean.num_images} images that were looked at "
            f"cannot be read (more: facesearch data check {place})"
        )
        say_note(left_out[-1])
    return mean, left_out


def _reference(where: str, tracking_uri: str | None, runs_dir: Path) -> tuple[Any, list[str]]:
    """Return the mean face of a folder of faces, or of what a model was trained on.

    And what was passed over of the folder.
    """
    path = Path(where)
    is_model = any((path / name).exists() for name in ("manifest.json", "model/manifest.json"))
    if path.is_dir() and not is_model:
        return _mean_of(path)
    from facesearch.final.locate import load_model

    model = load_model(where, tracking_uri=tracking_uri, runs_dir=runs_dir, device="cpu")
    if model.mean_face is None:
        raise InputError(
            f"{where}: the model does not say how its training faces were cropped: it was made by "
            "an earlier version, or of too few identities. Give the folder of its training faces."
        )
    return model.mean_face, []


def _as_told(found: Any, reference: Any, reference_name: str, other: Path) -> dict[str, Any]:
    """Return an alignment for JSON."""
    told = asdict(found)
    told["box"] = [round(edge, 4) for edge in found.box]
    told |= {f"correlation_{when}": told.pop(when) for when in ("before", "after")}
    told["spread"] = _finite(found.spread)
    return {
        "reference": reference_name, "other": str(other), **told,
        "is_confident": found.is_confident, "is_same": found.is_same, "differs": found.differs,
        "num_reference_images": reference.num_images,
        "verdict": found.in_words(reference_name),
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None
