"""The page of a report: one HTML file that needs no network, and its figures as files.

What a page says is in sections of blocks; how it looks is in ``page.html.jinja`` and ``page.css``.
"""

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from facesearch.errors import InputError
from facesearch.report.chart import Chart, as_file
from facesearch.training.checkpoint import write_atomically

# A table behind a figure is for looking something up; all of it is in the data, not on the page.
_MOST_ROWS = 200


@dataclass(frozen=True)
class Prose:
    """Plain text; an empty line begins a new paragraph."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows with the same columns, in the order of the first one."""

    caption: str
    rows: Sequence[dict[str, Any]]
    note: str = ""


@dataclass(frozen=True)
class FaceRow:
    """Pictures side by side, and what they show."""

    label: str
    jpegs: Sequence[bytes]


@dataclass(frozen=True)
class Faces:
    """Photographs of people: only ever in the user's own page."""

    caption: str
    rows: Sequence[FaceRow]


@dataclass(frozen=True)
class Facts:
    """The few values that one looks for first, by what they are; shown large."""

    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Commands:
    """What to type next, each with what it does."""

    commands: Sequence[tuple[str, str]]


Block = Prose | Table | Chart | Faces | Facts | Commands


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading of its own."""

    title: str
    blocks: Sequence[Block]

    @property
    def anchor(self) -> str:
        """Return the name that links lead to."""
        words = "".join(c if c.isalnum() else " " for c in self.title.lower()).split()
        return "-".join(words) or "section"


def render(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Return the page; every text in it is escaped.

    Args:
        title: What it is about.
        subtitle: A line below it.
        sections: Those without blocks are left out.

    """
    shown = [section for section in sections if section.blocks]
    page: str = _template().render(
        title=title, subtitle=subtitle, sections=shown, css=Markup(_text("page.css")),
        kind_of=lambda block: type(block).__name__, columns=columns, shown=shown_cell,
        style=style_of,
        is_number=lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
        jpeg=lambda data: "data:image/jpeg;base64," + base64.b64encode(data).decode(),
        most_rows=_MOST_ROWS,
    )  # fmt: skip
    return page


def columns(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of all columns, in the order in which they first come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def style_of(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return how the numbers of a column are written, so that their points stand in one line.

    Fractions get four decimals; where that would hide one, all numbers get four digits.
    """
    numbers = [value for row in rows if isinstance(value := row.get(name), float)]
    sizes = [abs(value) for value in numbers if value and math.isfinite(value)]
    return ".4f" if sizes and 0.001 <= min(sizes) and max(sizes) <= 1 else ".4g"


def shown_cell(value: Any, style: str = ".4g") -> str:
    """Return a value for people; nothing for what is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return format(value, style)
    return "yes" if value is True else "no" if value is False else str(value)


def write(folder: Path, page: str, charts: Iterable[Chart]) -> Path:
    """Write ``report.html`` and ``figures/<name>.svg`` and ``.png``; return the page's path.

    Raises:
        InputError: If the folder cannot be written.

    """
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for chart in charts:
            write_atomically(folder / "figures" / f"{chart.name}.svg", as_file(chart).encode())
            write_atomically(folder / "figures" / f"{chart.name}.png", chart.png)
        write_atomically(folder / "report.html", page.encode())
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); use --out.") from None
    return folder / "report.html"


def charts_of(sections: Iterable[Section]) -> list[Chart]:
    """Return all figures of a page, in their order."""
    return [block for section in sections for block in section.blocks if isinstance(block, Chart)]


@cache
def _template() -> Any:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["svg"] = Markup
    return environment.from_string(_text("page.html.jinja"))


def _text(name: str) -> str:
    return (files("facesearch.report") / name).read_text(encoding="utf-8")
