"""Charts of what was searched: parallel coordinates, importance, slices, and two at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from facesearch.report.chart import INK, PALETTE, Chart, draw
from facesearch.report.importance import Importance
from facesearch.report.sweep_source import SweepSource
from facesearch.space.fillers import quantile
from facesearch.space.holes import Hole
from facesearch.tuning.records import TrialRecord, format_number

# Below the axis of a parameter stands the mark of the trials that do not have it.
_NOT_USED = -0.14
_MOST_AXES = 10


def colours(source: SweepSource) -> dict[str, str]:
    """Return the colour of each group of trials."""
    return {name: PALETTE[n % len(PALETTE)] for n, name in enumerate(source.groups())}


def parallel_chart(source: SweepSource, order: Sequence[str]) -> Chart:
    """Return a line for each trial through its parameters to its score; the best are in front.

    Args:
        source: The sweep.
        order: Dotted names of the parameters, the most important first.

    """
    holes = {hole.name: hole for hole in source.holes}
    shown = [holes[name] for name in order][:_MOST_AXES]
    trials = list(reversed(source.scored()))
    palette = colours(source)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        scores = [t.score or 0.0 for t in trials]
        low, high = min(scores), max(scores)
        span = (high - low) or 1.0
        lines = [
            [
                *enumerate(_height(h, t) for h in shown),
                (len(shown), ((t.score or 0.0) - low) / span),
            ]
            for t in trials
        ]
        shares = (np.arange(len(trials)) + 1) / len(trials)
        colour_of = [palette[source.group_of(t)] for t in trials]
        axes.add_collection(
            LineCollection(lines, colors=colour_of, alpha=0.15 + 0.75 * shares**3,
                           linewidths=0.8 + 1.4 * shares**3)
        )  # fmt: skip
        names = source.names
        for number, hole in enumerate(shown):
            _axis(axes, number, _ticks(hole))
            axes.text(number, _NOT_USED - 0.1, names[hole.name], ha="right", va="top", rotation=30)
        _axis(axes, len(shown), [(0, f"{low:.3f}"), (1, f"{high:.3f}")])
        axes.text(len(shown), _NOT_USED - 0.1, "score", ha="right", va="top", rotation=30)
        axes.set(xlim=(-0.3, len(shown) + 0.7), ylim=(-0.6, 1.08))
        axes.axis("off")
        _legend(axes, palette, loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=6)

    left_out = len(order) - len(shown)
    more = f" {left_out} less important ones are left out." if left_out > 0 else ""
    alt = (
        f"{len(trials)} trials, a line each, through {len(shown)} parameters to the score; a trial "
        f"that does not have a parameter passes below its axis.{more}"
    )
    return draw("parallel-coordinates", "Parallel coordinates", alt, paint,
                point_rows(source), size_in=(max(7.2, 0.85 * len(shown) + 1.5), 4.4))  # fmt: skip


def _height(hole: Hole, trial: TrialRecord) -> float:
    """Return where a trial's value is on the axis of a hole, from 0 to 1."""
    if hole.name not in trial.point:
        return _NOT_USED
    value = trial.point[hole.name]
    if hole.kind == "choice":
        return hole.values.index(value) / max(1, len(hole.values) - 1)
    return min(1.0, max(0.0, quantile(hole, value)))


def _ticks(hole: Hole) -> list[tuple[float, str]]:
    if hole.kind == "choice":
        last = max(1, len(hole.values) - 1)
        return [(n / last, format_number(value)) for n, value in enumerate(hole.values)]
    return [(0.0, format_number(hole.values[0])), (1.0, format_number(hole.values[1]))]


def _axis(axes: Axes, x: int, ticks: list[tuple[float, str]]) -> None:
    axes.plot([x, x], [0, 1], color=INK, linewidth=1)
    for height, text in ticks:
        axes.plot([x - 0.03, x + 0.03], [height, height], color=INK, linewidth=1)
        axes.text(x + 0.06, height, text, fontsize=8, va="center")


def _legend(axes: Axes, palette: dict[str, str], **how: Any) -> None:
    handles = [Line2D([], [], color=c, linewidth=3, label=name) for name, c in palette.items()]
    axes.legend(handles=handles, fontsize=8.5, **how)


def importance_chart(source: SweepSource, found: Sequence[Importance]) -> Chart:
    """Return the importance of each parameter with its interval, and what chance reaches."""
    names = source.names

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, one in enumerate(reversed(found)):
            colour = PALETTE[0] if one.is_told_from_chance else PALETTE[6]
            axes.barh(row, one.value, height=0.6, color=colour)
            axes.plot([one.low, one.high], [row, row], color=INK, linewidth=1.4)
            axes.plot([one.chance] * 2, [row - 0.4, row + 0.4], color=PALETTE[1], linewidth=1.6)
        axes.set_yticks(range(len(found)), [names[one.name] for one in reversed(found)])
        axes.set(xlabel="share of the importance", xlim=(0, None))
        axes.grid(visible=False, axis="y")
        handles = [
            Line2D([], [], color=PALETTE[0], linewidth=5, label="told from chance"),
            Line2D([], [], color=PALETTE[6], linewidth=5, label="not told from chance"),
            Line2D([], [], color=INK, linewidth=1.4, label="95 % interval"),
            Line2D([], [], color=PALETTE[1], linewidth=1.6, label="95 % of shuffled orders"),
        ]
        axes.legend(handles=handles, loc="lower right", fontsize=8.5)

    sure = [names[one.name] for one in found if one.is_told_from_chance]
    alt = f"Told from chance: {', '.join(sure) or 'none'}."
    rows = [{"parameter": one.name, "importance": one.value, "low": one.low, "high": one.high,
             "chance": one.chance} for one in found]  # fmt: skip
    size = (7.2, max(2.2, 0.32 * len(found) + 1.0))
    return draw("importance", "What decides who is among the best", alt, paint, rows, size_in=size)


def slices_chart(source: SweepSource, order: Sequence[str]) -> Chart:
    """Return score against each parameter; filled marks are trials that trained to the end."""
    holes = {hole.name: hole for hole in source.holes}
    shown = [holes[name] for name in order][:9]
    columns = min(3, max(1, len(shown)))
    lines = -(-len(shown) // columns)
    palette, names = colours(source), source.names

    def paint(figure: Figure) -> None:
        grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
        for axes, hole in zip(grid.flat, shown, strict=False):
            _slice(axes, hole, source, palette)
            axes.set_xlabel(names[hole.name])
        for axes in list(grid.flat)[len(shown) :]:
            axes.axis("off")
        for row in grid:
            row[0].set_ylabel("score")
        if len(palette) > 1:
            handles = [Line2D([], [], color=c, marker="o", linestyle="", label=name)
                       for name, c in palette.items()]  # fmt: skip
            figure.legend(handles=handles, loc="outside upper center", ncols=6, fontsize=8.5)

    alt = (
        f"The last score of each trial against {len(shown)} parameters. Filled marks trained to "
        "the end; hollow ones were stopped, so their score is of an earlier epoch."
    )
    return draw("slices", "Each parameter against the score", alt, paint, point_rows(source),
                size_in=(7.6, 2.3 * lines + 0.4))  # fmt: skip


def _slice(axes: Axes, hole: Hole, source: SweepSource, palette: dict[str, str]) -> None:
    trials = [t for t in source.scored() if hole.name in t.point]
    for group, colour in palette.items():
        for is_whole in (False, True):
            chosen = [t for t in trials if source.group_of(t) == group
                      and (t.outcome == "completed") == is_whole]  # fmt: skip
            x = [_place(hole, t.point[hole.name]) for t in chosen]
            axes.scatter(x, [t.score or 0.0 for t in chosen], s=26 if is_whole else 16, alpha=0.85,
                         edgecolors=colour, facecolors=colour if is_whole else "none")  # fmt: skip
    if hole.kind == "choice":
        axes.set_xticks(range(len(hole.values)), [format_number(v) for v in hole.values],
                        rotation=25, fontsize=8)  # fmt: skip
    else:
        _scale(axes, "x", hole)


def _scale(axes: Axes, which: str, hole: Hole) -> None:
    """Give an axis of numbers few ticks, in plain numbers."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    if hole.is_log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        low, high = (float(value) for value in hole.values)
        # a tick for 1, 2 and 5 of each decade has no room where there are many
        steps = (1.0, 2.0, 5.0) if high / low < 50 else (1.0,)
        axis.set_major_locator(LogLocator(subs=steps))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    elif hole.kind == "int":
        axis.set_major_locator(MaxNLocator(integer=True, nbins=5))


def _place(hole: Hole, value: Any) -> Any:
    return hole.values.index(value) if hole.kind == "choice" else value


def pair_chart(source: SweepSource, first: str, second: str) -> Chart:
    """Return the two parameters against each other; the better a trial, the larger its mark."""
    holes = {hole.name: hole for hole in source.holes}
    pair = holes[first], holes[second]
    trials = [t for t in reversed(source.scored()) if first in t.point and second in t.point]
    palette, names = colours(source), source.names

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for place, trial in enumerate(trials, start=1):
            x, y = (_place(hole, trial.point[hole.name]) for hole in pair)
            share = place / len(trials)
            axes.scatter(x, y, s=12 + 110 * share**3, color=palette[source.group_of(trial)],
                         alpha=0.35 + 0.5 * share, edgecolors="none")  # fmt: skip
        for hole, name in zip(pair, "xy", strict=True):
            if hole.kind == "choice":
                getattr(axes, f"set_{name}ticks")(
                    np.arange(len(hole.values)), [format_number(v) for v in hole.values]
                )
            else:
                _scale(axes, name, hole)
        axes.set(xlabel=names[first], ylabel=names[second])
        if len(palette) > 1:
            _legend(axes, palette, loc="best")

    alt = f"{len(trials)} trials; the larger the mark, the better its place in the sweep."
    title = f"{names[first]} and {names[second]} together"
    return draw("pair", title, alt, paint, point_rows(source), size_in=(7.2, 4.0))


def point_rows(source: SweepSource) -> list[dict[str, Any]]:
    """Return a row for each trial with a score: its point, its epochs and its score."""
    names = source.names
    return [
        {"trial": t.number, **{short: t.point.get(name, "") for name, short in names.items()},
         "epochs": t.epochs, "score": t.score}
        for t in source.scored()
    ]  # fmt: skip
