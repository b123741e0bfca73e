from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from faces_on_disk import people

from facesearch.cli.left_out import say_left_out_of
from facesearch.cli.verbosity import accept_verbosity


@click.command()
@click.argument("root", required=False)
def told(root: str | None) -> None:
    """Tell of a folder."""
    say_left_out_of(root)


accept_verbosity(told)


@pytest.mark.parametrize(("more", "lines"), [((), 1), (("-v",), 2), (("-q",), 0)])
def test_what_is_left_out_is_a_line_or_all_of_it(
    tmp_path: Path, more: tuple[str, ...], lines: int
) -> None:
    root = people(tmp_path)
    for name in ("a/1.heic", "b/1.heic", "c/1.heic"):
        (root / name).write_bytes(b"x")
    (root / "c/link").symlink_to(root / "d")
    found = CliRunner().invoke(told, [str(root), *more]).stderr.splitlines()
    assert len(found) == lines and all(line.startswith(f"note: {root}: ") for line in found)
    assert all(("c/1.heic" in line) is ("-v" in more) for line in found if "heic" in line)


def test_of_generated_faces_nothing_is_told() -> None:
    assert CliRunner().invoke(told, []).stderr == ""
