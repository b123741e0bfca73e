"""The weights that a space starts from: whether the files are there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facesearch.config.model import weights_file
from facesearch.errors import InputError
from facesearch.space.search_space import SearchSpace
from facesearch.yaml_text import Document, Path_


def check_first_weights(space: SearchSpace) -> None:
    """Refuse a space that starts from a file that is not there, in whichever of its options.

    `load_space` asks it of a file, beside all else; this is for a space that is no file's.

    Raises:
        InputError: With each of the files, and its line.

    """
    rows = [f"  line {line:<4}{message}" for line, message in missing_weights(space.document)]
    if rows:
        count = f"{len(rows)} fault{'s' if len(rows) > 1 else ''}"
        raise InputError(
            "\n".join([f"{space.document.source}: {count}, nothing was started", *rows])
        )


def missing_weights(document: Document) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for each file of weights that is not there."""
    what = (
        "write a .safetensors, .pt or .pth file, a folder of facesearch finalize, or torchvision. "
        "A path is relative to the folder that facesearch runs in."
    )
    for line, path in _missing(document):
        yield line, f"model.init: no such file {path.absolute()}; {what}"


def _missing(document: Document) -> Iterator[tuple[int, Path]]:
    for place in document.lines:
        field = [key for key in place if key != "choice" and not isinstance(key, int)]
        init = _value_at(document.value, place) if field == ["model", "init"] else None
        path = weights_file(init) if isinstance(init, str) else None
        if path is not None and not path.is_file():
            yield document.line(place), path


def _value_at(value: Any, place: Path_) -> Any:
    for key in place:
        value = value[key]
    return value
