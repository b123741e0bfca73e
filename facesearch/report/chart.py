"""One figure of a report, by matplotlib: SVG that follows the colours of the page, and PNG."""

import html
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

# Okabe and Ito's colours for all kinds of sight, without the yellow, which is lost on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F")
# In the page these two become its own ink and lines, light or dark; in the PNG they are as here.
INK, GRID = "#1b1f24", "#c9ced6"
_THEME = {INK: "var(--ink)", GRID: "var(--line)"}
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "figure.constrained_layout.use": True,
}


@dataclass(frozen=True)
class Chart:
    """A figure, what it shows in words, and the numbers behind it.

    Args:
        name: File name without its suffix.
        title: Above it.
        alt: What is to be seen, for those who do not see it.
        rows: The data, a mapping a row.
        svg: An ``<svg>`` element.
        png: The same as a picture on white.

    """

    name: str
    title: str
    alt: str
    rows: list[dict[str, Any]]
    svg: str
    png: bytes


def colour_of(number: int) -> str:
    """Return the colour of one of several things that are drawn alike; many share them."""
    return PALETTE[number % len(PALETTE)]


def draw(
    name: str, title: str, alt: str, paint: Callable[[Figure], None],
    rows: Iterable[Mapping[str, Any]] = (), *, size_in: tuple[float, float] = (7.2, 3.6),
) -> Chart:  # fmt: skip
    """Let ``paint`` fill an empty figure; arguments as of `Chart`, size in inches."""
    style: Any = {**_STYLE, "svg.hashsalt": name}
    with mpl.rc_context(style):
        figure = Figure(figsize=size_in)
        FigureCanvasAgg(figure)
        paint(figure)
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        figure.savefig(png, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    text = inline_svg(svg.getvalue(), name, alt)
    return Chart(name, title, alt, [dict(row) for row in rows], text, png.getvalue())


def inline_svg(text: str, name: str, alt: str) -> str:
    """Return the ``<svg>`` of a document as a part of a page.

    Its ids get a prefix, as a page holds several; our two neutral colours become the page's own.
    """
    svg = text[text.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(xlink:href="|href=")#', rf"\g<1>#{name}-", svg)
    svg = svg.replace("url(#", f"url(#{name}-")
    for colour, variable in _THEME.items():
        svg = svg.replace(colour, variable)
    label = html.escape(alt, quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def as_file(chart: Chart) -> str:
    """Return the SVG of a chart as a file of its own, with its colours for a white ground."""
    svg = chart.svg
    for colour, variable in _THEME.items():
        svg = svg.replace(variable, colour)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{svg}\n'
