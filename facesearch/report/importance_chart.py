"""The chart of what decides who is among the best trials."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from facesearch.report.chart import INK, PALETTE, Chart, draw
from facesearch.report.importance import Importance
from facesearch.report.sweep_source import SweepSource


def importance_chart(source: SweepSource, found: Sequence[Importance]) -> Chart:
    """Return the importance of each parameter with its interval, and what chance reaches."""
    names = source.names

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, one in enumerate(reversed(found)):
            colour = PALETTE[0] if one.is_told_from_chance else PALETTE[6]
            axes.barh(row, one.value, height=0.6, color=colour)
            axes.plot([one.low, one.high], [row, row], color=INK, linewidth=1.4)
            # more than all of it, by few trials: at the edge
            chance = min(one.chance, 1.0)
            axes.plot([chance] * 2, [row - 0.4, row + 0.4], color=PALETTE[1], linewidth=1.6)
        axes.set_yticks(range(len(found)), [names[one.name] for one in reversed(found)])
        axes.set(xlabel="share of the importance", xlim=(0, _limit(found)))
        axes.grid(visible=False, axis="y")
        handles = [
            Line2D([], [], color=PALETTE[0], linewidth=5, label="told from chance"),
            Line2D([], [], color=PALETTE[6], linewidth=5, label="not told from chance"),
            Line2D([], [], color=INK, linewidth=1.4, label="95 % interval"),
            Line2D([], [], color=PALETTE[1], linewidth=1.6, label="95 % of shuffled orders"),
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8.5)

    sure = [
        f"{names[one.name]} {one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
        for one in found
        if one.is_told_from_chance
    ]
    alt = (
        f"Told from chance: {', '.join(sure) or 'none'}. Shares of what tells the best fifth of "
        "the trials from all (PED-ANOVA), trials in the order of the sweep; 95 % intervals by "
        "bootstrap over trials."
    )
    rows = [{"parameter": one.name, "importance": one.value, "low": one.low, "high": one.high,
             "chance": one.chance} for one in found]  # fmt: skip
    size = (7.2, max(2.2, 0.32 * len(found) + 1.0))
    return draw("importance", "What decides who is among the best", alt, paint, rows, size_in=size)


def _limit(found: Sequence[Importance]) -> float:
    return min(1.02, 1.05 * max(max(one.high, one.value, one.chance) for one in found))
