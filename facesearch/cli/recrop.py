"""The option --recrop, and what is said of sets that are cropped otherwise than the training."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from facesearch.cli.verbosity import say_detail, say_note
from facesearch.errors import InputError

RECROP = click.option(
    "--recrop", default="off", show_default=True, metavar="auto|off|BOX",
    help="Faces that are cropped otherwise than the training faces: cut them alike where that is "
    "sure (auto), or all to a box of four fractions, left,top,right,bottom.",
)  # fmt: skip


def crops_of(model: Any, sets: Mapping[str, Any], recrop: str) -> Any:
    """Return which box each set of faces gets, and tell of it on standard error.

    Args:
        model: The model that is to see them.
        sets: Lists of faces, by name.
        recrop: What --recrop says.

    """
    from facesearch.final.recrop import plan_crops

    crops = plan_crops(model, sets, recrop)
    tell(crops)
    return crops


def tell(crops: Any) -> None:
    """Print what differs and what was recropped; with -v also what could not be told."""
    for line in crops.lines:
        say_note(line)
    for line in crops.details:
        say_detail(line)


def crops_of_pictures(model: Any, pictures: Sequence[Path], recrop: str, **others: Any) -> Any:
    """Do what `crops_of` does for the files and folders that a command was given.

    Args:
        model: The model that is to see them.
        pictures: Files and folders; what is wrong with them is told by whoever reads them.
        recrop: What --recrop says.
        others: Further sets, by name.

    """
    from facesearch.data.layouts import FaceList
    from facesearch.final.pictures import list_pictures

    try:
        paths = list_pictures(pictures)
    except InputError:
        paths = []
    faces = FaceList(tuple(paths), tuple(path.stem for path in paths))
    return crops_of(model, {**others, "pictures": faces}, recrop)


def cutting(model: Any, crops: Any, name: str = "pictures") -> Any:
    """Return the model as one that cuts the box of a set out of each file."""
    from dataclasses import replace

    return replace(model, box=crops.boxes.get(name))


def recropped(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command that takes a model and pictures be called with a model that cuts them."""

    @functools.wraps(command)
    def run(model: Any, pictures: Sequence[Path], recrop: str, **options: Any) -> None:
        crops = crops_of_pictures(model, pictures, recrop)
        command(cutting(model, crops), pictures=pictures, **options)

    return run
