"""Charts of one parameter, and of two, against the score."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from facesearch.report.chart import INK, Chart, draw
from facesearch.report.parameter_axes import (
    Look,
    as_marks,
    as_text,
    looks,
    place_of,
    point_rows,
    scale,
)
from facesearch.report.sweep_source import SweepSource
from facesearch.space.holes import Hole
from facesearch.tuning.records import TrialRecord

_MOST_SLICES = 9
_COLUMNS = 3


def slices_chart(source: SweepSource, order: Sequence[str]) -> Chart:
    """Return score against each parameter, of all trials after the same epoch.

    A trial that went on has a higher score for that alone, so all are compared where nearly all
    have been. Filled marks trained to the end; crosses at the bottom failed.

    Args:
        source: The sweep.
        order: Dotted names of the parameters, the most important first.

    """
    holes = {hole.name: hole for hole in source.holes}
    shown = [holes[name] for name in order][:_MOST_SLICES]
    columns = min(_COLUMNS, max(1, len(shown)))
    lines = -(-len(shown) // columns)
    epoch, groups = source.common_epoch(), looks(source)
    trials = [t for t in source.scored() if t.epochs >= epoch]

    def paint(figure: Figure) -> None:
        grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
        for axes, hole in zip(grid.flat, shown, strict=False):
            _slice(axes, hole, source, trials, groups)
            _failed(axes, hole, source, trials)
            scale(axes, "x", hole)
            axes.set_xlabel(source.names[hole.name])
        for axes in list(grid.flat)[len(shown) :]:
            axes.axis("off")
        for row in grid:
            row[0].set_ylabel(f"score after epoch {epoch}")
        handles = as_marks(groups) if len(groups) > 1 else []
        figure.legend(handles=[*handles, *_kinds(source)], loc="outside upper center", ncols=6,
                      fontsize=8.5)  # fmt: skip

    left_out = len(order) - len(shown)
    alt = (
        f"The score of {len(trials)} trials after epoch {epoch}, which nearly all have reached, "
        f"against {len(shown)} parameters. Filled marks trained to the end; hollow ones did not"
        + ("; crosses at the bottom failed." if source.failed() else ".")
        + (f" {left_out} less important parameters are left out." if left_out > 0 else "")
    )
    return draw("slices", "Each parameter against the score", alt, paint,
                point_rows(source), size_in=(7.6, 2.3 * lines + 0.4))  # fmt: skip


def _slice(
    axes: Axes, hole: Hole, source: SweepSource, trials: Sequence[TrialRecord],
    groups: dict[str, Look],
) -> None:  # fmt: skip
    epoch = source.common_epoch()
    for name, look in groups.items():
        for is_whole in (False, True):
            chosen = [
                t for t in trials
                if hole.name in t.point and source.group_of(t) == name
                and (t.outcome == "completed") == is_whole
            ]  # fmt: skip
            axes.scatter(
                [place_of(hole, t.point[hole.name]) for t in chosen],
                [t.curve[epoch - 1]["score"] for t in chosen],
                s=26 if is_whole else 16, alpha=0.9, marker=look.marker,
                edgecolors=look.colour, facecolors=look.colour if is_whole else "none",
            )  # fmt: skip


def _failed(
    axes: Axes, hole: Hole, source: SweepSource, trials: Sequence[TrialRecord]
) -> None:  # fmt: skip
    """Mark where trials failed, below the lowest score: so a bad range is seen."""
    epoch = source.common_epoch()
    scores = [t.curve[epoch - 1]["score"] for t in trials] or [0.0]
    below = min(scores) - 0.1 * ((max(scores) - min(scores)) or 1.0)
    failed = [place_of(hole, t.point[hole.name]) for t in source.failed() if hole.name in t.point]
    axes.scatter(failed, [below] * len(failed), marker="x", s=22, color=INK, linewidths=1.1)


def _kinds(source: SweepSource) -> list[Line2D]:
    how: dict[str, Any] = {"color": INK, "linestyle": "", "markersize": 5}
    kinds = [Line2D([], [], marker="o", label="trained to the end", **how)]
    if source.failed():
        kinds.append(Line2D([], [], marker="x", label="failed", **how))
    return kinds


def pair_chart(source: SweepSource, first: str, second: str) -> Chart:
    """Return the two parameters against each other; the better a trial, the larger its mark."""
    holes = {hole.name: hole for hole in source.holes}
    pair = holes[first], holes[second]
    trials = [t for t in reversed(source.scored()) if first in t.point and second in t.point]
    groups, names = looks(source), source.names

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for place, trial in enumerate(trials, start=1):
            x, y = (place_of(hole, trial.point[hole.name]) for hole in pair)
            share, look = place / len(trials), groups[source.group_of(trial)]
            axes.scatter(x, y, s=14 + 130 * share**3, color=look.colour, marker=look.marker,
                         alpha=0.4 + 0.5 * share, edgecolors="none")  # fmt: skip
        for trial in trials[-3:]:
            x, y = (place_of(hole, trial.point[hole.name]) for hole in pair)
            axes.annotate(trial.name, (x, y), (7, 6), textcoords="offset points",
                          fontsize=8.5)  # fmt: skip
        for hole, which in zip(pair, "xy", strict=True):
            scale(axes, which, hole)
        axes.set(xlabel=names[first], ylabel=names[second])
        if len(groups) > 1:
            figure.legend(handles=as_marks(groups), loc="outside upper center", ncols=6,
                          fontsize=8.5)  # fmt: skip

    best = ", ".join(
        f"{t.name} at {as_text(t.point[first])} and {as_text(t.point[second])}"
        for t in reversed(trials[-3:])
    )
    alt = f"{len(trials)} trials; the better its place in the sweep, the larger the mark. "
    title = f"{names[first]} and {names[second]} together"
    return draw("pair", title, f"{alt}The best: {best}.", paint, point_rows(source),
                size_in=(7.2, 4.0))  # fmt: skip
