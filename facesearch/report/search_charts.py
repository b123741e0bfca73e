"""Charts of 1:N: the CMC, and who is found at which price of false alarms."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, ScalarFormatter

from facesearch.final.figures import Figure
from facesearch.report.bands import Band
from facesearch.report.chart import Chart, colour_of, draw
from facesearch.report.pair_charts import draw_band, points_chart, rate_axes

_DIR = re.compile(
    r"(?P<set>\w+)/dir_at_fpir_(?P<fpir>[0-9.e-]+)_(?P<kind>strangers|mates_left_out)"
)
_TITLE = "Open set: who is found, against how often a stranger raises an alarm"
_LABELS = "false positive ident. rate (FPIR)", "found and right at rank 1 (DIR)"
KINDS = {
    "strangers": "alarms by strangers",
    "mates_left_out": "alarms by all, own pictures left out",
}


def cmc_chart(bands: Sequence[Band], people: Mapping[str, int]) -> Chart:
    """Return the part of the probes whose person is among the k most alike people.

    Args:
        bands: Of `cmc_band`; without intervals where no score is at hand.
        people: By set, how many are in the gallery.

    """

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        for number, band in enumerate(bands):
            colour = colour_of(number)
            axes.fill_between(band.x, band.low, band.high, color=colour, alpha=0.18, linewidth=0)
            label = f"{band.name}, of {people[band.name]:,} people"
            axes.plot(band.x, band.value, "o-", color=colour, markersize=3.5, label=label)
        axes.set_xscale("log")
        last = max(float(band.x.max()) for band in bands)
        shown = [k for k in (1, 2, 3, 5, 10, 20, 30, 50, 100) if k <= last]
        axes.xaxis.set_major_locator(FixedLocator(shown))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set(xlabel="rank k", ylabel="found within k people", ylim=(0, 1.02))
        axes.legend(loc="lower right")

    rows = [row for band in bands for row in band.rows("rank", "found")]
    first = "; ".join(f"{band.name}: rank 1 {band.value[0]:.3f}" for band in bands)
    return draw("cmc", "CMC: is the person among the k most alike?", first, paint, rows)


def cmc_of_tables(
    tables: Mapping[str, list[dict[str, Any]]], figures: Mapping[str, Figure]
) -> tuple[list[Band], dict[str, int]]:
    """Return the CMC of a report, with the intervals of the ranks that have one."""
    bands, people = [], {}
    for title, rows in tables.items():
        found = re.fullmatch(r"(\w+): CMC, (\d+) people in the gallery", title)
        if found is None or not rows:
            continue
        name = found[1]
        known = [figures.get(f"{name}/rank{row['rank']}") for row in rows]
        points = [
            (row["rank"], row["found"], figure.low if figure else float("nan"),
             figure.high if figure else float("nan"))
            for row, figure in zip(rows, known, strict=True)
        ]  # fmt: skip
        bands.append(Band.of(name, points))
        people[name] = int(found[2])
    return bands, people


def dir_chart(bands: Mapping[str, Sequence[Band]]) -> Chart:
    """Return DIR against FPIR; ``bands`` by kind of the searches that raise alarms."""

    def paint(figure: Canvas) -> None:
        grid = figure.subplots(1, len(bands), sharey=True, squeeze=False)[0]
        for axes, (kind, of_kind) in zip(grid, bands.items(), strict=True):
            for number, band in enumerate(of_kind):
                draw_band(axes, band, colour_of(number))
            rate_axes(axes, _LABELS[0])
            axes.set_title(KINDS[kind])
            axes.set_ylim(bottom=0)
            axes.legend(loc="upper left")
        grid[0].set_ylabel(_LABELS[1])

    rows = [
        {"alarms": KINDS[kind], **row}
        for kind, of_kind in bands.items()
        for band in of_kind
        for row in band.rows("fpir", "dir", marks_only=True)
    ]
    said = [f"{row['set']}, {row['alarms']}: {row['dir']:.3f} at {row['fpir']:g}" for row in rows]
    alt = "; ".join(said) or "too few searches for a rate of a power of ten"
    return draw("open_set", _TITLE, alt, paint, rows)


def dir_points_chart(figures: Mapping[str, Figure]) -> Chart | None:
    """Return the DIRs of a report with their intervals; None if it has none."""
    points: dict[str, list[tuple[float, Figure]]] = {}
    for name, figure in figures.items():
        found = _DIR.fullmatch(name)
        if found is not None:
            place = f"{found['set']}: {KINDS[found['kind']]}"
            points.setdefault(place, []).append((float(found["fpir"]), figure))
    if not points:
        return None
    return points_chart("open_set", _TITLE, _LABELS, points)
