"""Parallel coordinates: a line for every trial, through all that was searched to what came out."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from facesearch.report.chart import GRID, INK, Chart, draw
from facesearch.report.parameter_axes import as_lines, as_text, looks, point_rows
from facesearch.report.sweep_source import SweepSource
from facesearch.space.fillers import quantile
from facesearch.space.holes import Hole
from facesearch.tuning.records import FAILED, TrialRecord

# Below the axes stand the trials that do not have a parameter, and those without a score.
_BELOW = -0.16
_MOST_AXES = 9
_FAILED_LOOK = (INK, ":", 0.35, 0.9)
Ticks = list[tuple[float, str]]


def parallel_chart(source: SweepSource, order: Sequence[str]) -> Chart:
    """Return a line for each trial through its parameters to its score; the best are in front.

    Args:
        source: The sweep.
        order: Dotted names of the parameters, the most important first.

    """
    holes = {hole.name: hole for hole in source.holes}
    shown = [holes[name] for name in order][:_MOST_AXES]
    ranked = source.scored()
    others = [t for t in source.searched() if t not in ranked]
    trials = [*others, *reversed(ranked)]
    scores = [t.score or 0.0 for t in ranked]
    low, high = min(scores), max(scores)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        lines = [
            [*(_height(hole, t) for hole in shown), t.epochs / source.sweep.max_epochs,
             _score_height(t, low, high)]
            for t in trials
        ]  # fmt: skip
        _lines(axes, source, trials, lines)
        for number, hole in enumerate(shown):
            _axis(axes, number, source.names[hole.name], _ticks(hole))
        _axis(axes, len(shown), "epochs", [(0, "0"), (1, str(source.sweep.max_epochs))])
        _axis(axes, len(shown) + 1, "score", [(0, f"{low:.3f}"), (1, f"{high:.3f}")])
        axes.axhline(_BELOW, color=GRID, linewidth=0.8, zorder=0)
        axes.text(-0.25, _BELOW, "not\nused", ha="right", va="center", fontsize=8)
        axes.text(len(shown) + 1.12, _BELOW, "none", va="center", fontsize=8)
        axes.set(xlim=(-0.75, len(shown) + 1.75), ylim=(-0.24, 1.28))
        axes.axis("off")
        groups = looks(source)
        if len(groups) > 1:
            figure.legend(handles=as_lines(groups), loc="outside upper center", ncols=6)

    left_out = len(order) - len(shown)
    more = f" {left_out} less important ones are left out." if left_out > 0 else ""
    failed = f", {len(others)} of them without a score (dotted)" if others else ""
    alt = (
        f"All {len(trials)} trials, a line each{failed}, through {len(shown)} parameters to the "
        "epochs that they trained and their last score. A trial that does not have a parameter "
        f"passes below its axis.{more} The best is {ranked[0].title}."
    )
    return draw("parallel-coordinates", "Parallel coordinates", alt, paint,
                point_rows(source), size_in=(max(7.6, 0.8 * len(shown) + 2.2), 4.2))  # fmt: skip


def _lines(
    axes: Axes, source: SweepSource, trials: Sequence[TrialRecord], lines: list[list[float]]
) -> None:  # fmt: skip
    """Draw all lines at once, the later the stronger."""
    groups = looks(source)
    found = []
    for place, trial in enumerate(trials, start=1):
        strength = (place / len(trials)) ** 3
        look = groups[source.group_of(trial)]
        own = (look.colour, look.style, 0.15 + 0.8 * strength, 0.8 + 1.4 * strength)
        found.append(_FAILED_LOOK if _has_no_score(trial) else own)
    # as lists: a tuple of two styles is taken for one style, an offset and its dashes
    colours, styles, alphas, widths = map(list, zip(*found, strict=True))
    axes.add_collection(
        LineCollection(
            [np.array(list(enumerate(line))) for line in lines], colors=colours,
            linestyles=styles, alpha=alphas, linewidths=widths,
        )
    )  # fmt: skip


def _has_no_score(trial: TrialRecord) -> bool:
    return trial.outcome in FAILED or not trial.curve


def _score_height(trial: TrialRecord, low: float, high: float) -> float:
    if _has_no_score(trial):
        return _BELOW
    return ((trial.score or 0.0) - low) / ((high - low) or 1.0)


def _height(hole: Hole, trial: TrialRecord) -> float:
    """Return where a trial's value is on the axis of a hole, from 0 to 1."""
    if hole.name not in trial.point:
        return _BELOW
    value = trial.point[hole.name]
    if hole.kind == "choice":
        return hole.values.index(value) / max(1, len(hole.values) - 1)
    return min(1.0, max(0.0, quantile(hole, value)))


def _ticks(hole: Hole) -> Ticks:
    if hole.kind == "choice":
        last = max(1, len(hole.values) - 1)
        return [(n / last, as_text(value)) for n, value in enumerate(hole.values)]
    low, high = hole.values
    return [(0.0, as_text(low)), (1.0, as_text(high))]


def _axis(axes: Axes, x: int, name: str, ticks: Ticks) -> None:
    axes.plot([x, x], [0, 1], color=INK, linewidth=1)
    axes.text(x - 0.1, 1.06, name, rotation=18, fontsize=9, ha="left", va="bottom")
    for height, text in ticks:
        axes.plot([x - 0.04, x + 0.04], [height, height], color=INK, linewidth=1)
        axes.text(x + 0.08, height, text, fontsize=8, va="center")
