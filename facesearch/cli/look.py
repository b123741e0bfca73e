"""The commands that look and start nothing: validate, schema, list, data check, data show."""

from collections.abc import Mapping
from pathlib import Path

import click

from facesearch.cli.text import faces_root, printable
from facesearch.errors import InputError


@click.command()
@click.argument("spaces", nargs=-1, required=True, type=click.Path(path_type=Path))
def validate(spaces: tuple[Path, ...]) -> None:
    """Check search spaces; all faults at once, nothing is started.

    \b
    facesearch validate searchspaces/*.yaml
    """
    from facesearch.space import load_space

    faults = []
    for path in spaces:
        try:
            space = load_space(path)
        except InputError as error:
            faults.append(str(error))
        else:
            click.echo(
                f"{path}: {len(space.holes())} parameters, {space.settings.search.trials} trials"
            )
    if faults:
        raise InputError("\n".join(faults))


@click.command()
def schema() -> None:
    """Print the JSON schema of a search space, for completion in editors."""
    import json

    from facesearch.space import json_schema

    click.echo(json.dumps(json_schema(), indent=1))


@click.command("list")
@click.argument("topic", required=False)
@click.option("--markdown", is_flag=True, help="Only the names, as a table for a README.")
def list_names(topic: str | None, markdown: bool) -> None:
    """Print the names that a space may use, or the settings of one part, with a line each.

    \b
    facesearch list heads      every head
    facesearch list arcface    what can be written for this one
    TOPIC: models, heads, augmentations, layouts, objectives, training; or data, augment, model,
    optim, train, search, resources; or a head
    """
    from facesearch.config.catalogue import CATALOGUE, NOTES, PARTS, settings_of
    from facesearch.errors import did_you_mean

    if topic in PARTS:
        _print_names(topic, settings_of(topic))
        return
    if topic is not None and topic not in CATALOGUE:
        known = [*CATALOGUE, *PARTS]
        raise InputError(f"list: unknown topic '{topic}'{did_you_mean(topic, known)}")
    for name in [topic] if topic else CATALOGUE:
        for field, lines in CATALOGUE[name].items():
            if markdown:
                click.echo(f"| {name} | `{field}` | {', '.join(lines)} |")
            else:
                _print_names(field, lines)
        if name in NOTES and not markdown:
            click.echo(f"  {NOTES[name]}")


def _print_names(title: str, lines: Mapping[str, str]) -> None:
    click.echo(f"{title}:")
    width = max(map(len, lines)) + 2
    for word, line in lines.items():
        click.echo(f"  {word:<{width}}{line}")


@click.group()
def data() -> None:
    """Look at faces."""


@data.command()
@click.argument("root", type=click.Path(path_type=Path))
@click.option(
    "--image-px",
    default=64,
    show_default=True,
    type=click.IntRange(16, 512),
    help="Decode at this size.",
)
@click.option(
    "--allow-corrupt",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Unreadable training pictures allowed.",
)
@click.option("--layout", default="auto", show_default=True, help="See: facesearch list layouts.")
def check(root: Path, image_px: int, allow_corrupt: int, layout: str) -> None:
    """Say what a folder of faces holds, and what is wrong with it.

    \b
    facesearch data check FACES
    """
    from facesearch.data.check import check_folder

    for line in check_folder(root, image_px, allow_corrupt, layout):
        click.echo(printable(line))


@data.command()
@click.argument("root", required=False, type=click.Path(path_type=Path))
@click.option("--augment", "space", type=click.Path(path_type=Path), help="Space to draw from.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("faces.png"),
    show_default=True,
    help="The picture to write.",
)
@click.option("--image-px", default=None, type=click.IntRange(16, 512), help="Side of a face.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Other faces and other changes.",
)
def show(root: Path | None, space: Path | None, out: Path, image_px: int | None, seed: int) -> None:
    """Write a contact sheet: faces, and what a space's augmentation makes of them.

    \b
    facesearch data show FACES --augment searchspaces/augment.yaml
    """
    from facesearch.data.show import show_faces

    size, rows = show_faces(faces_root(root), space, out, image_px, seed)
    click.echo(
        f"{out}: {size[0]} x {size[1]} pixels, {rows} faces; left as read, then changed by one "
        "draw of the space a column"
    )


@data.command("download-lfw")
@click.argument("folder", type=click.Path(path_type=Path))
def download(folder: Path) -> None:
    """Download Labeled Faces in the Wild and its pairs (needs internet).

    \b
    facesearch data download-lfw LFW
    """
    from facesearch.data.download import download_lfw

    click.echo(f"{download_lfw(folder)}: facesearch data check {folder}")
