"""Reading a space file: all its faults at once, each with its line, or a checked space.

What is looked at: the holes (`hole_faults.py`), the sweep's settings, whether these go together
with the run (`search_faults.py`), and the points that can be drawn (`point_faults.py`).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from facesearch.config import RunConfig, SweepSettings
from facesearch.config.seen import Seen
from facesearch.errors import InputError, did_you_mean
from facesearch.space.first_weights import missing_weights
from facesearch.space.hole_faults import hole_faults, setting_faults, without
from facesearch.space.holes import hole_kind
from facesearch.space.messages import model_faults, refusals
from facesearch.space.point_faults import drawn_faults, first_point_faults
from facesearch.space.search_faults import search_faults, told
from facesearch.space.search_space import SearchSpace
from facesearch.space.shipped import find_space
from facesearch.yaml_text import Document, parse_yaml, read_yaml

# The line of the file, and a sentence.
Fault = tuple[int, str]
_SHOWN = 40


def load_space(path: Path) -> SearchSpace:
    """Read and check a space file, or one that comes with facesearch, by its name alone.

    Raises:
        InputError: With all faults of the file at once, each with its line.

    """
    document = read_yaml(find_space(path))
    return check_space(document, missing_weights(document))


def space_from_text(text: str, source: str = "space") -> SearchSpace:
    """Check a space given as YAML text; raises InputError as `load_space` does."""
    return check_space(parse_yaml(text, source))


def check_space(document: Document, further: Iterable[Fault] = ()) -> SearchSpace:
    """Return the space of a parsed file, or raise InputError with all its faults."""
    if not isinstance(document.value, dict) or hole_kind(document.value):
        raise InputError(f"{document.source}: must be a mapping of fields, like 'head: ...'.")
    space = SearchSpace(document)
    faults = sorted({*_faults(space), *further})
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        rows = [f"  line {line:<4}{message}" for line, message in faults[:_SHOWN]]
        if len(faults) > _SHOWN:
            rows.append(f"  ... and {len(faults) - _SHOWN} more")
        raise InputError("\n".join([f"{document.source}: {count}, nothing was started", *rows]))
    return space


def _faults(space: SearchSpace) -> Iterator[Fault]:
    """Yield all faults; what is looked at later takes for unknown what was told before."""
    document = space.document
    yield from _unknown_fields(space)
    in_settings = list(setting_faults(space.settings_raw))
    in_run = list(hole_faults(document, space.template))
    yield from ((document.line(fault.at), fault.message) for fault in (*in_settings, *in_run))
    settings = without(space.settings_raw, {fault.path for fault in in_settings})
    unfillable = [fault for fault in in_run if not fault.is_fillable]
    template = without(_known(space.template), {fault.path for fault in unfillable})
    yield from model_faults(document, SweepSettings, settings)
    yield from drawn_faults(document, template)
    wrong = [refused.place for refused in refusals(SweepSettings, settings)]
    seen = Seen(SweepSettings, settings, wrong)
    names = [fault.name for fault in unfillable]
    yield from told([_of_the_search(document, seen, template, names)])


def _of_the_search(
    document: Document, settings: Seen, template: dict[str, Any], untold: list[str]
) -> Iterator[Fault]:
    search = settings.search
    yield from search_faults(document, search, template)
    yield from first_point_faults(document, search.first_points, template, untold)


def _known(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template without the parts that no run has."""
    return {key: part for key, part in template.items() if key in RunConfig.model_fields}


def _unknown_fields(space: SearchSpace) -> Iterator[Fault]:
    known = [*SweepSettings.model_fields, *RunConfig.model_fields]
    for key in space.template:
        if key not in known:
            line = space.document.line((key,))
            yield line, f"{key}: unknown field{did_you_mean(key, known)}"
