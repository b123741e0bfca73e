"""Reading a space file: all its faults at once, each with its line, or a checked space.

What is looked at: the holes (`hole_faults.py`), the sweep's settings, whether these go together
with the run (`search_faults.py`), and the points that can be drawn (`point_faults.py`).
"""

from collections.abc import Iterator
from pathlib import Path

from facesearch.config import RunConfig, SweepSettings
from facesearch.errors import InputError, did_you_mean
from facesearch.space.hole_faults import hole_faults
from facesearch.space.holes import hole_kind
from facesearch.space.messages import model_faults
from facesearch.space.point_faults import drawn_faults, first_point_faults
from facesearch.space.search_faults import search_faults
from facesearch.space.search_space import SearchSpace
from facesearch.yaml_text import Document, parse_yaml, read_yaml

Faults = dict[tuple[int, str], None]


def load_space(path: Path) -> SearchSpace:
    """Read and check a space file.

    Raises:
        InputError: With all faults of the file at once, each with its line.

    """
    return check_space(read_yaml(path))


def space_from_text(text: str, source: str = "space") -> SearchSpace:
    """Check a space given as YAML text; raises InputError as `load_space` does."""
    return check_space(parse_yaml(text, source))


def check_space(document: Document) -> SearchSpace:
    """Return the space of a parsed file, or raise InputError with all its faults."""
    if not isinstance(document.value, dict) or hole_kind(document.value):
        raise InputError(f"{document.source}: must be a mapping of fields, like 'head: ...'.")
    space = SearchSpace(document)
    unfillable: Faults = dict.fromkeys([*hole_faults(space), *_unknown_fields(space)])
    settings = dict.fromkeys(model_faults(document, SweepSettings, space.settings_raw))
    faults: Faults = {**unfillable, **settings, **dict.fromkeys(_drawn(space, unfillable))}
    if not unfillable and not settings:
        faults.update(dict.fromkeys([*first_point_faults(space), *search_faults(space)]))
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        rows = [f"  line {line:<4}{message}" for line, message in sorted(faults)]
        raise InputError("\n".join([f"{document.source}: {count}, nothing was started", *rows]))
    return space


def _unknown_fields(space: SearchSpace) -> Iterator[tuple[int, str]]:
    known = [*SweepSettings.model_fields, *RunConfig.model_fields]
    for key in space.template:
        if key not in known:
            line = space.document.line((key,))
            yield line, f"{key}: unknown field{did_you_mean(key, known)}"


def _drawn(space: SearchSpace, told: Faults) -> Iterator[tuple[int, str]]:
    """Yield the faults of the points, but for those of fields whose hole cannot be filled."""
    known = {k: v for k, v in space.template.items() if k in RunConfig.model_fields}
    for line, message in drawn_faults(space, known):
        field = message.split(":")[0].split(" ")[0].split(".")[-1]
        if not any(line == other and f".{field}." in text for other, text in told):
            yield line, message
