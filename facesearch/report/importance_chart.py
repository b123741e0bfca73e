"""The chart of what decides who is among the best trials."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from facesearch.report.chart import INK, PALETTE, Chart, draw
from facesearch.report.importance import Importance
from facesearch.report.sweep_source import SweepSource


def importance_chart(source: SweepSource, found: Sequence[Importance]) -> Chart:
    """Return the importance of each parameter above chance, with its interval."""
    names = source.names

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, one in enumerate(reversed(found)):
            colour = PALETTE[0] if one.excludes_zero else PALETTE[6]
            axes.barh(row, one.value, height=0.6, color=colour)
            axes.plot([one.low, one.high], [row, row], color=INK, linewidth=1.4)
        axes.set_yticks(range(len(found)), [names[one.name] for one in reversed(found)])
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set(xlabel="share of the importance, above what chance gives", xlim=_limits(found))
        axes.grid(visible=False, axis="y")
        handles = [
            Line2D([], [], color=PALETTE[0], linewidth=5, label="decided"),
            Line2D([], [], color=PALETTE[6], linewidth=5, label="the interval includes zero"),
            Line2D([], [], color=INK, linewidth=1.4, label="95 % interval"),
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=8.5)

    sure = [
        f"{names[one.name]} {one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
        for one in found
        if one.excludes_zero
    ]
    alt = (
        f"Decided: {', '.join(sure) or 'nothing that can be said'}. Shares of what tells the best "
        "fifth of the trials from all (PED-ANOVA), trials in the order of the sweep, less what a "
        "shuffled order gives; 95 % intervals by bootstrap over trials."
    )
    rows = [{"parameter": one.name, "importance": one.value, "low": one.low, "high": one.high}
            for one in found]  # fmt: skip
    size = (7.2, max(2.2, 0.32 * len(found) + 1.0))
    return draw("importance", "What decides who is among the best", alt, paint, rows, size_in=size)


def _limits(found: Sequence[Importance]) -> tuple[float, float]:
    # a share of few trials may be wild: at the edge
    low = min(0.0, *(one.low for one in found))
    return max(-1.0, 1.05 * low), min(1.02, 1.05 * max(one.high for one in found))
