"""What charts of parameters share: the looks of groups, axes in plain numbers, the rows behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from facesearch.report.chart import PALETTE
from facesearch.report.sweep_source import SweepSource
from facesearch.space.holes import Hole
from facesearch.tuning.records import format_number

_MARKERS = ("o", "s", "^", "D")
_STYLES = ("-", "--", ":", "-.")
# A longer name of an option is cut on an axis; the table has all of it.
_LONGEST = 18
# Free room beyond either end of a range, of its length: marks at an end are not cut.
_EDGE = 0.04


@dataclass(frozen=True)
class Look:
    """How the trials of a group are drawn: with more groups than colours, marks differ as well."""

    colour: str
    marker: str
    style: Any


def looks(source: SweepSource) -> dict[str, Look]:
    """Return the look of each group of trials."""
    found = {}
    for number, name in enumerate(source.groups()):
        turn, place = divmod(number, len(PALETTE))
        turn %= len(_MARKERS)
        found[name] = Look(PALETTE[place], _MARKERS[turn], _STYLES[turn])
    return found


def as_lines(groups: Mapping[str, Look]) -> list[Line2D]:
    """Return the legend of groups that are drawn as lines."""
    return [
        Line2D([], [], color=look.colour, linestyle=look.style, linewidth=2.5, label=as_text(name))
        for name, look in groups.items()
    ]


def as_marks(groups: Mapping[str, Look]) -> list[Line2D]:
    """Return the legend of groups that are drawn as marks."""
    return [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle="", label=as_text(name))
        for name, look in groups.items()
    ]


def as_text(value: Any) -> str:
    """Return an option or number as text of a figure: short, and never taken for a formula."""
    text = format_number(value)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return text.replace("$", r"\$")


def place_of(hole: Hole, value: Any) -> Any:
    """Return where a value stands on the axis of its hole: options are numbered."""
    return hole.values.index(value) if hole.kind == "choice" else value


def scale(axes: Axes, which: str, hole: Hole) -> None:
    """Give the axis ``which``, x or y, of a hole few ticks, in plain numbers or options.

    It shows the whole range that was searched, wherever in it the trials are.
    """
    set_limits = axes.set_xlim if which == "x" else axes.set_ylim
    axis = axes.xaxis if which == "x" else axes.yaxis
    if hole.kind == "choice":
        labels = [as_text(value) for value in hole.values]
        axis.set_ticks(range(len(labels)), labels, fontsize=8)
        if which == "x" and sum(map(len, labels)) > 16:  # they would overlap
            axes.tick_params(axis="x", rotation=30 if len(labels) < 6 else 90)
        set_limits(-0.5, len(labels) - 0.5)
    elif hole.is_log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        low, high = (float(value) for value in hole.values)
        # a tick for 1, 2 and 5 of each decade has no room where there are many
        steps = (1.0, 2.0, 5.0) if high / low < 50 else (1.0,)
        axis.set_major_locator(LogLocator(subs=steps))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
        edge = (high / low) ** _EDGE
        set_limits(low / edge, high * edge)
    else:
        axis.set_major_locator(MaxNLocator(integer=hole.kind == "int", nbins=5))
        low, high = (float(value) for value in hole.values)
        edge = _EDGE * (high - low)
        set_limits(low - edge, high + edge)


def point_rows(source: SweepSource) -> list[dict[str, Any]]:
    """Return a row for each trial with a score, best first: its point, its epochs, its score."""
    names = source.names
    return [
        {"trial": t.name, **{short: t.point.get(name, "") for name, short in names.items()},
         "epochs": t.epochs, "score": t.score}
        for t in source.scored()
    ]  # fmt: skip
