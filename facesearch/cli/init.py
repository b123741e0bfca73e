"""The command that writes a first search space for a folder of faces."""

import json
import shlex
from pathlib import Path

import click

from facesearch.cli.left_out import say_left_out_of
from facesearch.cli.text import faces_root, printable
from facesearch.errors import InputError

SCHEMA_NAME = ".facesearch-schema.json"


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("space.yaml"), show_default=True,
    help="The space to write; never overwritten.",
)  # fmt: skip
@click.option("--from", "shipped", metavar="NAME", help="Copy a space that comes with facesearch.")
@click.option("--list", "is_list", is_flag=True, help="Print the spaces that come with it.")
def init(folder: Path | None, out: Path, shipped: str | None, is_list: bool) -> None:
    """Look at a folder of faces and write a first search space for them.

    \b
    facesearch init FACES
    facesearch init FACES --out first.yaml
    facesearch init --list                spaces that come with facesearch
    facesearch init --from quickstart     a copy of one, to change

    Without FOLDER: FACESEARCH_DATA, else generated faces. The schema is written beside the space,
    so that an editor completes and checks it without a network.
    """
    if is_list:
        _list_shipped()
    elif shipped is not None:
        if folder is not None:
            raise InputError("init: give a folder of faces, or --from NAME, not both.")
        _copy_shipped(shipped, out)
    else:
        _write_starter(folder, out)


def _list_shipped() -> None:
    from facesearch.space.shipped import question_of, shipped_spaces

    spaces = shipped_spaces()
    width = max(map(len, spaces), default=0) + 2
    for name, path in spaces.items():
        click.echo(f"{name:<{width}}{question_of(path)}")
    click.echo(
        "run one:  facesearch tune NAME --data FACES;  change one:  facesearch init --from NAME"
    )


def _copy_shipped(name: str, out: Path) -> None:
    from facesearch.space.shipped import shipped_space

    _, _, rest = shipped_space(name).read_text(encoding="utf-8").partition("\n")
    place = shlex.quote(str(out))
    text = rest.replace(f"searchspaces/{name}.yaml", place)
    _refuse_overwriting(out)
    _write(out, f"# yaml-language-server: $schema={SCHEMA_NAME}\n{text}")
    click.echo(printable(f"{out}: a copy of {name}; {_write_schema(out)}"))
    click.echo(printable(f"next:  facesearch tune {place}"))


def _write_starter(folder: Path | None, out: Path) -> None:
    from facesearch.cli.doctor.device import driver_version
    from facesearch.data.reserve.words import reserve_lines
    from facesearch.data.survey import survey
    from facesearch.space import space_from_text
    from facesearch.space.starter import starter_space

    _refuse_overwriting(out)
    root = faces_root(folder)
    found, reserve = survey(root)
    say_left_out_of(root)
    name = Path(root).name if root and out.stem == "space" else out.stem
    commands = _commands(out, folder)
    has_gpu = bool(driver_version())
    text = starter_space(found, name, SCHEMA_NAME, commands, has_gpu=has_gpu)
    space = space_from_text(text, str(out))
    _write(out, text)
    schema = _write_schema(out)
    config, search = space.first_config(), space.settings.search
    lines = (
        f"faces: {found}",
        *(f"reserved for the report: {line}" for line in reserve_lines(reserve)),
        f"{out}: {len(space.holes())} holes, {search.trials} trials of up to "
        f"{config.train.epochs} epochs at {config.data.image_px} px",
        schema,
        *(f"next:  {command}" for command in commands),
    )
    for line in lines:
        click.echo(printable(line))


def _commands(out: Path, folder: Path | None) -> list[str]:
    """Return the commands to go on with."""
    place = shlex.quote(str(out))
    if not folder:
        return [f"facesearch preview {place}", f"facesearch tune {place}"]
    faces = shlex.quote(str(folder))
    return [
        f"facesearch data check {faces}", f"facesearch preview {place} --data {faces}",
        f"facesearch tune {place} --data {faces}",
    ]  # fmt: skip


def _refuse_overwriting(out: Path) -> None:
    if out.exists():
        raise InputError(f"{out}: is there already; give another file with --out, or remove it.")


def _write_schema(out: Path) -> str:
    """Write the schema beside a space, and return what it is for."""
    from facesearch.space import json_schema

    schema = out.with_name(SCHEMA_NAME)
    schema.write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
    return f"{schema}: completion and checks in your editor, without a network"


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}).") from None
