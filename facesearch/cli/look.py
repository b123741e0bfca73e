"""The commands that look and start nothing: validate, schema, list, and those of data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from facesearch.cli.geometry import geometry
from facesearch.cli.left_out import say_left_out_of
from facesearch.cli.reserve import reserve
from facesearch.cli.text import faces_root, printable
from facesearch.cli.verbosity import say_detail
from facesearch.errors import InputError

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("spaces", nargs=-1, required=True, type=click.Path(path_type=Path))
@_JSON
def validate(spaces: tuple[Path, ...], as_json: bool) -> None:
    """Check search spaces; all faults at once, nothing is started.

    \b
    facesearch validate searchspaces/*.yaml
    """
    from facesearch.space import load_space

    faults, told = [], []
    for path in spaces:
        try:
            space = load_space(path)
        except InputError as error:
            faults.append(str(error))
            told.append({"space": str(path), "is_right": False, "message": str(error)})
            continue
        names, trials = [hole.name for hole in space.holes()], space.settings.search.trials
        told.append({"space": str(path), "is_right": True, "holes": names, "trials": trials})
        if not as_json:
            click.echo(f"{path}: {len(names)} parameters, {trials} trials")
        say_detail(f"{path}: {', '.join(names)}")
    if as_json:
        _print_json(told)
    if faults:
        raise InputError("\n".join(faults))


@click.command()
def schema() -> None:
    """Print the JSON schema of a search space, for completion in editors.

    \b
    facesearch schema > space.schema.json

    Name it in the first line of a space: # yaml-language-server: $schema=space.schema.json
    """
    from facesearch.space import json_schema

    _print_json(json_schema())


def _print_json(value: Any) -> None:
    import json

    click.echo(json.dumps(value, indent=1))


@click.command("list")
@click.argument("topic", required=False)
@click.option("--markdown", is_flag=True, help="Only the names, as a table for a README.")
@_JSON
def list_names(topic: str | None, markdown: bool, as_json: bool) -> None:
    """Print the names that a space may use, or the settings of one part, with a line each.

    \b
    facesearch list heads      every head
    facesearch list arcface    what can be written for this one
    TOPIC: models, heads, augmentations, layouts, objectives, training, search; or data, augment,
    model, optim, train, resources; or a head
    """
    from facesearch.config.catalogue import CATALOGUE, NOTES, PARTS, settings_of
    from facesearch.errors import did_you_mean

    chosen = {n: dict(f) for n, f in CATALOGUE.items() if topic in (None, n)}
    if topic in PARTS:
        chosen.setdefault(topic, {})[topic] = settings_of(topic)
    if not chosen:
        known = {*CATALOGUE, *PARTS}
        raise InputError(f"list: unknown topic '{topic}'{did_you_mean(str(topic), known)}")
    if as_json:
        _print_json(chosen)
        return
    for name, fields in chosen.items():
        for field, lines in fields.items():
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
    """Look at faces.

    \b
    facesearch data check FACES
    """


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
@_JSON
def check(root: Path, image_px: int, allow_corrupt: int, layout: str, as_json: bool) -> None:
    """Say what a folder of faces holds, and what is wrong with it.

    \b
    facesearch data check FACES
    """
    from rich.console import Console

    from facesearch.cli.progress import Bars
    from facesearch.data.check import check_folder

    lines: list[str] = []
    fault: InputError | None = None
    with Bars(Console(stderr=True), "listing the files"):
        try:
            lines.extend(check_folder(root, image_px, allow_corrupt, layout))
        except InputError as error:
            fault = error
    if as_json:
        _print_json(_as_told(root, lines, fault))
    else:
        click.echo(printable("\n".join(lines)))
    if fault is not None:
        raise fault


def _as_told(root: Path, lines: list[str], fault: InputError | None) -> dict[str, Any]:
    """Return what a check says for JSON: what is there, notes, and faults."""
    told: dict[str, Any] = {"folder": str(root), "found": [], "notes": [], "faults": []}
    for line in lines:
        text, note = line.strip(), "note: "
        kind = "notes" if text.startswith(note) else "found"
        told[kind].append(text.removeprefix(note))
    if fault is not None:
        head, *faults = str(fault).split("\n  ")
        told["faults"] = faults or [head]
    return told


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
    from rich.console import Console

    from facesearch.cli.progress import Bars
    from facesearch.data.show import show_faces

    with Bars(Console(stderr=True), "reading the faces"):
        size, num_faces = show_faces(faces_root(root), space, out, image_px, seed)
    _say_left_out_of_shown(faces_root(root), space)
    changes = f"draws of {space}" if space else "the default augmentation"
    click.echo(
        f"{out}: {size[0]} x {size[1]} pixels; {num_faces} faces, one a row: as it was read, then "
        f"as {changes} changed it"
    )


def _say_left_out_of_shown(root: str | None, space: Path | None) -> None:
    """Tell what is passed over of the faces that were shown: those given, or those of a space."""
    from facesearch.space import load_space

    data = load_space(space).first_config().data if space else None
    if root is not None or data is not None:
        say_left_out_of(root or (data.root if data else None), data.layout if data else "auto")


@data.command("download-lfw")
@click.argument("folder", type=click.Path(path_type=Path))
def download(folder: Path) -> None:
    """Download Labeled Faces in the Wild and its pairs (needs internet).

    \b
    facesearch data download-lfw LFW
    """
    from facesearch.data.download import download_lfw

    click.echo(f"{download_lfw(folder)}: facesearch data check {folder}")


data.add_command(geometry)
data.add_command(reserve)
