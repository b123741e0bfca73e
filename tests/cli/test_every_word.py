"""Hostile words for every command that takes a sweep, a run, a model or a path.

The commands are those of the command line itself: a new one is covered without a new line here.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from finals import final_folder
from PIL import Image
from sweeps import TEXT, simulated_sweep

from facesearch.cli import _run, cli

# For every place, and further ones for one place of each kind of word.
HOSTILE = (
    "", "/tmp/typo", "..", "a**b", "[", "a\0b", "x" * 300, "models:/", "%", "-", "\udcff", "333",
)  # fmt: skip
FURTHER = (
    " ", "/nowhere/at/all", "**", "/tmp/**", "runs/**", "[!a", "{", "~nobody/x", "a\nb",
    "x/" * 3000, "名前", "file:///etc/passwd", "models:/x@y", "%s", "a'b", "___", "/x/1", "**/1",
    "\\", "a`b", "*", "runs", "a.jpg",
)  # fmt: skip
WITH_FURTHER = (
    "validate spaces",
    "sync sweep",
    "show run",
    "report what",
    "verify bundle",
    "finalize run_id",
    "data check root",
)
# What another argument of the same command is, while one of them is hostile.
FINE = {
    "space": "space.yaml", "spaces": "space.yaml", "bundle": "runs/final-12345678",
    "a": "runs/final-12345678", "b": "runs/final-12345678", "sweep": "made-up", "run": "made-up",
    "first": "made-up", "second": "made-up", "what": "made-up", "pictures": "a.jpg", "out": "out",
    "reference": "faces", "other": "faces", "root": "faces", "folder": "faces",
    "run_id": "made-up", "gallery": "faces",
}  # fmt: skip
# They take no such word; or fetch files, which no test does.
LEFT_OUT = ("schema", "completion", "doctor", "models", "list", "data download-lfw")


@dataclass(frozen=True)
class Place:
    """One argument or option of one command."""

    command: tuple[str, ...]
    parameter: click.Parameter
    others: tuple[click.Parameter, ...]

    def __str__(self) -> str:
        return f"{' '.join(self.command)} {self.parameter.name}"

    def words(self, hostile: str) -> list[str]:
        """Return a command line with a hostile word in this place."""
        options, arguments = list(self.command), ["--"]
        for one in (self.parameter, *self.others):
            word = hostile if one is self.parameter else FINE[str(one.name)]
            if isinstance(one, click.Option):
                options += [max(one.opts, key=len), word]
        for one in sorted((self.parameter, *self.others), key=self._order):
            if isinstance(one, click.Argument):
                arguments.append(hostile if one is self.parameter else FINE[str(one.name)])
        return options + arguments

    def _order(self, parameter: click.Parameter) -> int:
        return self._names().index(parameter.name)

    def _names(self) -> list[str | None]:
        command: click.Command = cli
        for word in self.command:
            assert isinstance(command, click.Group)
            command = command.commands[word]
        return [parameter.name for parameter in command.params]


def places() -> Iterator[Place]:
    for path, command in commands(cli, ()):
        if " ".join(path) in LEFT_OUT:
            continue
        needed = [one for one in command.params if one.required]
        for parameter in command.params:
            if isinstance(parameter, click.Argument) or parameter.name in ("run_id", "learn_from"):
                yield Place(path, parameter, tuple(one for one in needed if one is not parameter))


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


PLACES = list(places())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep, a final model, a space, a picture and faces; no MLflow."""
    folder = tmp_path_factory.mktemp("outside") / "world"
    simulated_sweep(folder / "runs", trials=2)
    final_folder(folder / "runs")
    (folder / "space.yaml").write_text(TEXT)
    Image.new("RGB", (16, 16)).save(folder / "a.jpg")
    for number in range(6):
        path = folder / "faces" / f"p{number // 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (40 * number, 0, 0)).save(path)
    return folder


def call(words: list[str], patch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run a command as a shell does; what it raises beyond its own errors is a traceback."""
    patch.setattr(sys, "argv", ["facesearch", *words])
    with CliRunner().isolation(input="n\n") as (_, err, *_):
        code = _run()
        return code, err.getvalue().decode("utf-8", "replace")


def files() -> set[Path]:
    return set(Path("..").rglob("*"))


def test_every_command_is_there() -> None:
    names = {place.command[0] for place in PLACES}
    assert {"tune", "show", "finalize", "report", "models", "identify", "data"} <= names
    assert len(PLACES) >= 35


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_hostile_words_get_one_message(
    world: Path, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    monkeypatch.chdir(world)
    before = files()
    assert set(WITH_FURTHER) <= set(map(str, PLACES))
    for word in (*HOSTILE, *(FURTHER if str(place) in WITH_FURTHER else ())):
        code, told = call(place.words(word), monkeypatch)
        if code == 2:
            assert 0 < len(told) < 2500 and "Traceback" not in told, (word, told)
            assert files() == before, word
        else:  # it names something that is there, or that may be written
            made = files() - before
            assert code == 0 and (made or Path(word).exists()), (word, code, told)
            for path in sorted(made, reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
