"""Charts of how a model came to be, and how evenly good it is.

The training of its seeds and their spread, what the search had promised, faces that are not in the
middle, groups of people. All of it stands in the report, so no faces are needed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from facesearch.final.figures import Figure
from facesearch.report.chart import PALETTE, Chart, colour_of, draw
from facesearch.report.final_source import SeedCurve

Rows = list[dict[str, Any]]
_NOT_A_MEASURE = ("seed", "loss", "minutes")
CONTROL = ", trained without shift"


def training_chart(curves: Sequence[SeedCurve]) -> Chart | None:
    """Return the loss of every seed by epoch; None without a curve."""
    if not curves:
        return None

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        for number, curve in enumerate(curves):
            epochs = range(1, len(curve.loss) + 1)
            style = "--" if curve.is_control else "-"
            axes.plot(epochs, curve.loss, style, color=colour_of(number),
                      label=_name(curve), linewidth=1.6)  # fmt: skip
        axes.set(xlabel="epoch", ylabel="training loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()

    rows = [
        {"training": _name(c), "epochs": len(c.loss), "first loss": c.loss[0],
         "last loss": c.loss[-1], "minutes": c.minutes}
        for c in curves
    ]  # fmt: skip
    alt = "; ".join(
        f"{row['training']}: {row['first loss']:.3g} to {row['last loss']:.3g}" for row in rows
    )
    return draw("training", "Training loss of each seed", alt, paint, rows)


def _name(curve: SeedCurve) -> str:
    return f"seed {curve.seed}" + (", control without shift" if curve.is_control else "")


def seeds_chart(seeds: Rows, figures: Mapping[str, Figure]) -> Chart | None:
    """Return what each seed reaches alone, beside all of them together; None for fewer than two."""
    names = [name for name in (seeds[0] if seeds else ()) if name not in _NOT_A_MEASURE]
    if len(seeds) < 2 or not names:
        return None

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        for row, name in enumerate(names):
            alone = [seed[name] for seed in seeds if name in seed]
            spread = np.linspace(-0.1, 0.1, len(alone)) if len(alone) > 1 else [0.0]
            axes.plot(alone, row + np.array(spread) + 0.16, "o", color=PALETTE[1], markersize=5,
                      label="a seed alone" if not row else None)  # fmt: skip
            if name in figures:
                whole_bar(axes, figures[name], row - 0.16, "the model" if not row else "")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.6)
        axes.set_xlabel("part that is right; the bar is its 95 % interval")
        axes.grid(False, axis="y")
        figure.legend(loc="outside upper center", fontsize=8, ncols=2)

    rows = [
        {"what": f"seed {seed['seed']} alone", **{n: seed.get(n) for n in names}} for seed in seeds
    ]
    rows.append({"what": "the model", **{n: figures[n].value for n in names if n in figures}})
    alt = "; ".join(
        f"{name}: seeds {min(s[name] for s in seeds):.3f} to {max(s[name] for s in seeds):.3f}"
        + (f", the model {figures[name].value:.3f}" if name in figures else "")
        for name in names
    )
    return draw("seeds", "The seeds alone, and the model", alt, paint, rows,
                size_in=(7.2, 1.4 + 0.7 * len(names)))  # fmt: skip


def whole_bar(axes: Axes, figure: Figure, row: float, label: str) -> None:
    """Draw a figure with its interval as a bar at a height of ``row``."""
    # an interval that is withheld is NaN, of which no bar is drawn
    error = np.abs([[figure.value - figure.low], [figure.high - figure.value]])
    axes.errorbar([figure.value], [row], xerr=error, fmt="D", color=PALETTE[0], capsize=4,
                  linewidth=1.8, markersize=6, label=label or None)  # fmt: skip


def curse_chart(tables: Mapping[str, Rows]) -> Chart | None:
    """Return the search's best score beside that of people whom it never saw; None if unknown."""
    rows = tables.get("winner's curse")
    if not rows:
        return None
    row = rows[0]
    promised = row["rank-1 in the search"]
    found = Figure(row["retrained, people the search never saw"], row["low"], row["high"], 0)
    names = [f"in the search, best of {row['best of trials']}", "retrained, on unseen people"]

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        axes.plot([promised], [0], "o", color=PALETTE[1], markersize=8)
        axes.axvline(promised, color=PALETTE[1], linestyle=":", linewidth=1.2)
        whole_bar(axes, found, 1, "")
        axes.set_yticks([0, 1], names)
        axes.set_ylim(1.6, -0.6)
        axes.set_xlabel("rank-1, one network, as the search measures it")
        axes.grid(False, axis="y")

    is_withheld = np.isnan([found.low, found.high]).any()
    ends = "its interval is withheld" if is_withheld else f"{found.low:.3f} to {found.high:.3f}"
    alt = f"The search promised {promised:.3f}; people it never saw gave {found.value:.3f}, {ends}."
    return draw("winners_curse", "Winner's curse: what was promised, what was found", alt, paint,
                rows, size_in=(7.2, 1.9))  # fmt: skip


def shift_chart(tables: Mapping[str, Rows]) -> Chart | None:
    """Return accuracy by shift of the face, with the control if there is one; None if unknown."""
    rows = tables.get("accuracy by shift of the face") or []
    names = [name for name in (rows[0] if rows else ()) if name != "shift"]
    if not names:
        return None

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        shifts = [100 * row["shift"] for row in rows]
        measures = [name for name in names if not name.endswith(CONTROL)]
        for name in names:
            colour = colour_of(measures.index(name.removesuffix(CONTROL)))
            style = "s--" if name.endswith(CONTROL) else "o-"
            axes.plot(shifts, [row[name] for row in rows], style, color=colour, label=name,
                      markersize=4.5, alpha=0.75 if style == "s--" else 1)  # fmt: skip
        axes.set(xlabel="shift of the face, % of the picture's width", ylabel="part that is right")
        axes.set_ylim(bottom=0)
        figure.legend(loc="outside upper center", fontsize=8, ncols=2)

    alt = "; ".join(
        f"{name}: {rows[0][name]:.3f} in the middle, {rows[-1][name]:.3f} at the largest shift"
        for name in names
    )
    return draw("shift", "Accuracy when the face is not in the middle", alt, paint, rows)


def group_charts(tables: Mapping[str, Rows]) -> list[Chart]:
    """Return a chart of the error rates by group for every set whose groups are known."""
    found = [
        _group_chart(title.partition(":")[0], [_errors(row) for row in rows])
        for title, rows in tables.items()
        if title.endswith(": by group") and rows
    ]
    return [chart for chart in found if chart is not None]


def _errors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of errors: what is right turned round, its interval with it."""
    errors = {"group": row["group"]}
    for name, value in row.items():
        if name in ("rank1", "top1"):
            errors[f"not right, {name}"] = 1 - value
            errors["low"], errors["high"] = 1 - row[f"{name}_high"], 1 - row[f"{name}_low"]
        elif name in ("frr", "far", "fnir", "fpir"):
            errors[name.upper()] = value
    return errors


def _group_chart(name: str, rows: Rows) -> Chart | None:
    measures = list(dict.fromkeys(k for row in rows for k in row if k not in _GROUP_KEYS))
    if not measures:
        return None

    def paint(figure: Canvas) -> None:
        axes = figure.subplots()
        for number, measure in enumerate(measures):
            _group_dots(axes, rows, measure, number, len(measures))
        # a dollar would begin a formula
        axes.set_yticks(range(len(rows)), [str(r["group"])[:24].replace("$", r"\$") for r in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_xlabel("error rate; a bar is a 95 % interval")
        axes.grid(False, axis="y")
        figure.legend(loc="outside upper center", fontsize=8, ncols=len(measures))

    alt = "; ".join(
        f"{row['group']}: " + ", ".join(f"{m} {row[m]:.3f}" for m in measures if m in row)
        for row in rows[:12]
    )
    return draw(f"groups_{name}", f"{name}: error rates by group", alt, paint, rows,
                size_in=(7.2, 1.6 + 0.42 * len(rows)))  # fmt: skip


_GROUP_KEYS = ("group", "low", "high")


def _group_dots(axes: Axes, rows: Rows, measure: str, number: int, of: int) -> None:
    place = (number - (of - 1) / 2) * 0.2
    known = [(place + at, row) for at, row in enumerate(rows) if measure in row]
    heights, values = [at for at, _ in known], [row[measure] for _, row in known]
    colour = colour_of(number)
    if measure.startswith("not right"):
        low, high = ([row[end] for _, row in known] for end in ("low", "high"))
        axes.hlines(heights, low, high, color=colour, linewidth=1.6)
    axes.plot(values, heights, "o", color=colour, label=measure, markersize=5)
