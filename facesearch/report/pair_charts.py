"""Charts of 1:1: ROC, DET, the scores of both kinds of pairs, and whether chances come true."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullFormatter

from facesearch.final.figures import Figure
from facesearch.final.model import Threshold
from facesearch.metrics.pair_ranks import NUM_BINS, PairRanks
from facesearch.report.bands import Band, is_mark
from facesearch.report.chart import INK, Chart, colour_of, draw
from facesearch.report.final_faces import PairScores

# Bars of a histogram, at least; each is a whole number of the bins of `PairRanks`.
_BARS = 40
_MARKED = "o"


def draw_band(axes: Axes, band: Band, colour: str, label: str = "", style: str = "-") -> None:
    """Draw a curve with its band, and a mark at every power of ten."""
    axes.fill_between(band.x, band.low, band.high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(band.x, band.value, style, color=colour, label=label or band.name, linewidth=1.8)
    marks = [place for place, x in enumerate(band.x.tolist()) if is_mark(x)]
    axes.plot(band.x[marks], band.value[marks], _MARKED, color=colour, markersize=4.5)


def roc_chart(bands: Sequence[Band]) -> Chart:
    """Return TAR against FAR, both ends of the band from whole identities."""

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        for number, band in enumerate(bands):
            draw_band(axes, band, colour_of(number))
        rate_axes(axes, "false accept rate (FAR)")
        axes.set_ylabel("true accept rate (TAR)")
        axes.set_ylim(0, 1.02)
        axes.legend(loc="lower right")

    rows = [row for band in bands for row in band.rows("far", "tar", marks_only=True)]
    return draw("roc", "ROC: how many pairs of one person are accepted", _alt(rows, "tar"), paint,
                rows)  # fmt: skip


def det_chart(bands: Sequence[Band], least: Mapping[str, float]) -> Chart:
    """Return FRR against FAR, both on log axes.

    Args:
        bands: Of `roc_band`.
        least: By set, the rate of one genuine pair: less cannot be seen.

    """
    rejects = [band.mirrored() for band in bands]

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        for number, band in enumerate(rejects):
            floor = least[band.name] / 2
            seen = Band(band.name, band.x, *(
                np.maximum(ends, floor) for ends in (band.value, band.low, band.high)
            ))  # fmt: skip
            draw_band(axes, seen, colour_of(number))
        rate_axes(axes, "false accept rate (FAR)")
        axes.set_yscale("log")
        axes.set_ylim(min(least.values()) / 2, 1.1)
        axes.set_ylabel("false reject rate (FRR)")
        axes.legend(loc="lower left")

    rows = [row for band in rejects for row in band.rows("far", "frr", marks_only=True)]
    return draw("det", "DET: false rejects against false accepts", _alt(rows, "frr"), paint, rows)


def roc_points_chart(figures: Mapping[str, Figure]) -> Chart | None:
    """Return the TARs of a report with their intervals, where no score is at hand; None if none."""
    points: dict[str, list[tuple[float, Figure]]] = {}
    for name, figure in figures.items():
        place, _, far = name.partition("/tar_at_far_")
        if far:
            points.setdefault(place, []).append((float(far), figure))
    if not points:
        return None
    title = "TAR at each FAR that could be measured"
    return points_chart("roc", title, ("false accept rate (FAR)", "true accept rate (TAR)"), points)


def points_chart(
    name: str, title: str, labels: tuple[str, str], points: Mapping[str, list[tuple[float, Figure]]]
) -> Chart:
    """Return figures at rates, by set, each with its interval as a bar."""

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        for number, (place, found) in enumerate(points.items()):
            # beside each other where sets share a rate
            rate = np.array([rate for rate, _ in found]) * 1.08**number
            values = np.array([one.value for _, one in found])
            ends = np.array([[one.low, one.high] for _, one in found]).T
            # an interval that is withheld is NaN, of which no bar is drawn
            error = np.abs(ends - values)
            axes.errorbar(rate, values, error, fmt="o-", color=colour_of(number), capsize=3,
                          linewidth=1.2, label=place)  # fmt: skip
        rate_axes(axes, labels[0])
        axes.set_ylabel(labels[1])
        axes.set_ylim(0, 1.02)
        axes.legend()

    rows = [
        {"set": place, "rate": rate, "value": f.value, "low": f.low, "high": f.high}
        for place, found in points.items()
        for rate, f in found
    ]
    return draw(name, title, _alt(rows, "value"), paint, rows)


def rate_axes(axes: Axes, label: str) -> None:
    """Make x a log axis of a rate, with a line at each power of ten."""
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(right=1)
    axes.set_xlabel(label)


# --- scores -------------------------------------------------------------------------------


def score_counts(ranks: PairRanks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges of the bars, and the genuine and the impostor pairs in each: all pairs."""
    used = np.flatnonzero(ranks.genuine_counts_B + ranks.impostor_counts_B)
    # a power of two, so that bars begin where bins do
    width = 2 ** max(int(np.log2((used[-1] + 1 - used[0]) / _BARS)), 0)
    first, last = used[0] // width, used[-1] // width + 1
    part = slice(first * width, last * width)
    genuine, impostor = (
        counts[part].reshape(-1, width).sum(axis=1)
        for counts in (ranks.genuine_counts_B, ranks.impostor_counts_B)
    )
    edges = -1 + np.arange(first, last + 1) * width * 2 / NUM_BINS
    return edges, genuine, impostor


def scores_chart(scores: PairScores, thresholds: Mapping[str, Threshold]) -> Chart:
    """Return the histograms of genuine and impostor scores, with the model's thresholds."""
    edges, genuine, impostor = score_counts(scores.ranks)
    cosines = {name: found.value for name, found in thresholds.items() if found.unit == "cosine"}

    def paint(figure: Canvas) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        for axes in (top, bottom):
            for number, (kind, counts) in enumerate(_kinds(genuine, impostor)):
                share = counts / max(counts.sum(), 1)
                axes.stairs(share, edges, fill=True, alpha=0.3, color=colour_of(number))
                axes.stairs(share, edges, color=colour_of(number), linewidth=1.4, label=kind)
            for value in cosines.values():
                axes.axvline(value, color=INK, linestyle="--", linewidth=1)
        _name_lines(top, cosines)
        top.set_ylabel("part of its kind")
        top.legend(loc="upper left")
        bottom.set_yscale("log")
        bottom.set_ylabel("the same, log")
        bottom.set_xlabel("score of a pair (cosine)")

    rows = [
        {"from": low, "to": high, "genuine": int(own), "impostor": int(other)}
        for low, high, own, other in zip(edges, edges[1:], genuine, impostor, strict=False)
    ]
    alt = (
        f"{scores.ranks.num_genuine:,} genuine pairs with a median score of "
        f"{np.median(scores.ranks.genuine_G):.2f}, {scores.ranks.num_impostors:,} impostor pairs; "
        "thresholds: " + (", ".join(f"{k} {v:.3f}" for k, v in cosines.items()) or "none")
    )
    return draw(f"scores_{scores.name}", f"{scores.name}: scores of the pairs", alt, paint, rows,
                size_in=(7.2, 4.8))  # fmt: skip


def _kinds(genuine: np.ndarray, impostor: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [
        (f"one person ({int(genuine.sum()):,} pairs)", genuine),
        (f"two persons ({int(impostor.sum()):,} pairs)", impostor),
    ]


def _name_lines(axes: Axes, cosines: Mapping[str, float]) -> None:
    """Write the name of each threshold above its line, each on a level of its own."""
    for number, (name, value) in enumerate(sorted(cosines.items(), key=lambda item: item[1])):
        axes.annotate(
            name, (value, 1), xycoords=("data", "axes fraction"), xytext=(0, 3 + number * 9),
            textcoords="offset points", ha="center", fontsize=8, color=INK,
        )  # fmt: skip


# --- calibration --------------------------------------------------------------------------


def reliability_chart(tables: Mapping[str, list[dict[str, Any]]]) -> Chart | None:
    """Return the chance that was stated against the part that came true; None if none is known."""
    found = {
        name.partition(":")[0]: rows for name, rows in tables.items() if ": calibration" in name
    }
    found = {name: rows for name, rows in found.items() if rows}
    if not found:
        return None

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], "--", color=INK, linewidth=1, label="as it should be")
        for number, (name, rows) in enumerate(found.items()):
            stated, true = ([row[key] for row in rows] for key in ("stated", "true"))
            axes.plot(stated, true, "o-", color=colour_of(number), label=name, markersize=4.5)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="chance that was stated",
                 ylabel="part that is one person")  # fmt: skip
        axes.legend(loc="upper left")

    rows = [{"set": name, **row} for name, of_set in found.items() for row in of_set]
    worst = max(abs(row["stated"] - row["true"]) for row in rows)
    alt = (
        f"The largest distance between a stated chance and what came true is {worst:.2f}; a point "
        "may rest on few pairs, which the numbers tell."
    )
    return draw("reliability", "Reliability: do stated chances come true?", alt, paint, rows)


def _alt(rows: Sequence[Mapping[str, Any]], measure: str) -> str:
    """Return the values of each set with their rates."""
    said: dict[str, list[str]] = {}
    for row in rows:
        at = f"{row[measure]:.3f} at {row.get('far', row.get('rate')):g}"
        said.setdefault(row["set"], []).append(at)
    sets = [f"{name}: {', '.join(values)}" for name, values in said.items()]
    return "; ".join(sets) or "too few pairs for a rate of a power of ten"
