"""Charts of Pareto fronts: quality against operations, and several objectives against each other.

Only trials that trained to the end are compared: an early score is no rival.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from facesearch.report.chart import INK, Chart, draw
from facesearch.report.parameter_axes import as_marks, looks
from facesearch.report.sweep_source import SweepSource
from facesearch.tuning.fronts import non_dominated_ranks
from facesearch.tuning.pareto import scores_at
from facesearch.tuning.records import TrialRecord

COST = "cost/gflops"
_LEAST_COSTS = 3
_MOST_PAIRS = 6
_MOST_NAMED = 12


def front_chart(source: SweepSource) -> Chart | None:
    """Return score against the operations of an image, with the front of what nobody beats.

    None if fewer than three of the completed trials differ in cost.
    """
    trials = [t for t in source.scored() if t.outcome == "completed" and COST in t.curve[-1]]
    if len({t.curve[-1][COST] for t in trials}) < _LEAST_COSTS:
        return None
    front = front_of(trials)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.step([_cost(t) for t in front], [quality(t) for t in front], where="post", color=INK,
                  linewidth=1.2, label="nobody is better for less", zorder=1)  # fmt: skip
        _marks(axes, source, trials, [(_cost(t), quality(t)) for t in trials], front)
        _plain_log(axes, [_cost(t) for t in trials])
        axes.set(xlabel="GFLOP an image", ylabel="score of the first objective")
        axes.legend(loc="lower right", fontsize=8.5)
        _legend(figure, source)

    rows = [{"trial": t.name, "GFLOP": _cost(t), "M parameters": t.curve[-1].get("cost/mparams"),
             "score": quality(t), "on the front": t in front}
            for t in sorted(trials, key=_cost)]  # fmt: skip
    alt = f"{len(front)} of {len(trials)} completed trials are on the front: " + ", ".join(
        f"{t.name} ({quality(t):.3f} for {_cost(t):.3g} GFLOP)" for t in front[:_MOST_NAMED]
    )
    return draw("front", "Score against operations", f"{alt}.", paint, rows)


def quality(trial: TrialRecord) -> float:
    """Return the score of the first objective at the trial's end."""
    return float(trial.curve[-1]["score"])


def _cost(trial: TrialRecord) -> float:
    return float(trial.curve[-1][COST])


def front_of(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the trials that no other beats in score and cost, by cost."""
    scores = np.array([[quality(t), -_cost(t)] for t in trials])
    ranks = non_dominated_ranks(scores)
    front = [t for t, rank in zip(trials, ranks, strict=True) if rank == 0]
    return sorted(front, key=lambda t: (_cost(t), -quality(t)))


def objectives_chart(source: SweepSource) -> Chart | None:
    """Return each two objectives of a sweep that has several against each other, with its front.

    None if it has one, or fewer than two completed trials.
    """
    search = source.space.settings.search
    trials = [t for t in source.scored() if t.outcome == "completed"]
    if not search.has_several or len(trials) < 2:
        return None
    names = search.objectives
    ranks = non_dominated_ranks(scores_at(trials, source.sweep.max_epochs))
    front = [t for t, rank in zip(trials, ranks, strict=True) if rank == 0]
    pairs = list(combinations(names, 2))[:_MOST_PAIRS]

    def paint(figure: Figure) -> None:
        columns = min(2, len(pairs))
        grid = figure.subplots(-(-len(pairs) // columns), columns, squeeze=False)
        for axes, (first, second) in zip(grid.flat, pairs, strict=False):
            places = [(t.curve[-1][first], t.curve[-1][second]) for t in trials]
            _marks(axes, source, trials, places, front)
            axes.set(xlabel=_better(first), ylabel=_better(second))
        for axes in list(grid.flat)[len(pairs) :]:
            axes.axis("off")
        _legend(figure, source)

    rows: list[dict[str, Any]] = [
        {"trial": t.name, **{n: t.curve[-1][n] for n in names}, "on the front": t in front}
        for t in trials
    ]
    alt = f"{len(front)} of {len(trials)} completed trials are on the front (filled, with number)."
    size = (7.2, 3.6 if len(pairs) == 1 else 3.0 * -(-len(pairs) // 2) + 0.4)
    title = "The objectives against each other"
    return draw("objectives", title, alt, paint, rows, size_in=size)


def _better(name: str) -> str:
    return f"{name}, {'less' if name.startswith('cost/') else 'more'} is better"


def _marks(
    axes: Axes, source: SweepSource, trials: Sequence[TrialRecord],
    places: Sequence[tuple[float, float]], front: Sequence[TrialRecord],
) -> None:  # fmt: skip
    """Draw a mark a trial: filled and numbered on the front, hollow behind it."""
    groups = looks(source)
    for trial, (x, y) in zip(trials, places, strict=True):
        look, is_first = groups[source.group_of(trial)], trial in front
        axes.plot(x, y, look.marker, color=look.colour, markersize=6, zorder=2,
                  markerfacecolor=look.colour if is_first else "none")  # fmt: skip
        if is_first and len(front) <= _MOST_NAMED:
            axes.annotate(trial.name, (x, y), (6, 5), textcoords="offset points",
                          fontsize=8.5)  # fmt: skip
    axes.margins(0.08)


def _plain_log(axes: Axes, values: Sequence[float]) -> None:
    axes.set_xscale("log")
    low, high = min(values), max(values)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 50 else (1.0,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _legend(figure: Figure, source: SweepSource) -> None:
    groups = looks(source)
    if len(groups) > 1:
        figure.legend(handles=as_marks(groups), loc="outside upper center", ncols=6, fontsize=8.5)
