"""Charts of what it cost: quality against operations, and where the epochs went."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from facesearch.report.chart import PALETTE, Chart, draw
from facesearch.report.parameter_charts import colours
from facesearch.report.sweep_source import SweepSource
from facesearch.tuning.pareto import non_dominated_ranks, scores_at
from facesearch.tuning.records import TrialRecord

COST = "cost/gflops"


def front_chart(source: SweepSource) -> Chart | None:
    """Return score against the operations of an image, with the front of what nobody beats.

    Only trials that trained to the end are compared. None if fewer than three of them differ in
    cost.
    """
    trials = [t for t in source.scored() if t.outcome == "completed" and COST in t.curve[-1]]
    if len({t.curve[-1][COST] for t in trials}) < 3:
        return None
    front = front_of(trials)
    palette = colours(source)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for trial in trials:
            axes.plot(trial.curve[-1][COST], quality(trial), "o", alpha=0.85,
                      color=palette[source.group_of(trial)])  # fmt: skip
        axes.step([t.curve[-1][COST] for t in front], [quality(t) for t in front], where="post",
                  color=PALETTE[1], label="nobody is better for less")  # fmt: skip
        axes.set(xlabel="GFLOP an image", ylabel="score of the first objective", xscale="log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.legend(loc="lower right")

    rows = [{"trial": t.number, "GFLOP": t.curve[-1][COST], "M parameters":
             t.curve[-1].get("cost/mparams"), "score": quality(t), "on the front": t in front}
            for t in sorted(trials, key=lambda t: t.curve[-1][COST])]  # fmt: skip
    alt = f"{len(front)} of {len(trials)} completed trials are on the front: " + ", ".join(
        f"{t.number:03d} ({quality(t):.3f} for {t.curve[-1][COST]:.3g} GFLOP)" for t in front
    )
    return draw("front", "Quality against cost", f"{alt}.", paint, rows)


def quality(trial: TrialRecord) -> float:
    """Return the score of the first objective at the trial's end."""
    return float(trial.curve[-1]["score"])


def front_of(trials: list[TrialRecord]) -> list[TrialRecord]:
    """Return the trials that no other beats in score and cost, by cost."""
    import numpy as np

    scores = np.array([[quality(t), -t.curve[-1][COST]] for t in trials])
    ranks = non_dominated_ranks(scores)
    front = [t for t, rank in zip(trials, ranks, strict=True) if rank == 0]
    return sorted(front, key=lambda t: (t.curve[-1][COST], -quality(t)))


def objectives_chart(source: SweepSource) -> Chart | None:
    """Return the first two objectives of a sweep that has several, with its front."""
    objective = source.space.settings.search.objective
    if not source.space.settings.search.has_several:
        return None
    names = list(objective)[:2]
    last = source.sweep.max_epochs
    trials = [t for t in source.scored() if t.outcome == "completed"]
    if len(trials) < 2:
        return None
    scores = scores_at(trials, last)
    ranks = non_dominated_ranks(scores)
    palette = colours(source)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for trial, rank in zip(trials, ranks, strict=True):
            x, y = (abs(trial.curve[-1][name]) for name in names)
            colour = palette[source.group_of(trial)]
            axes.plot(x, y, "o", color=colour, markerfacecolor=colour if rank == 0 else "none")
        axes.set(xlabel=names[0], ylabel=names[1])

    rows = [
        {"trial": t.number, **{n: t.curve[-1][n] for n in objective}, "on the front": bool(r == 0)}
        for t, r in zip(trials, ranks, strict=True)
    ]
    alt = f"{int((ranks == 0).sum())} of {len(trials)} completed trials are on the front (filled)."
    return draw("objectives", "The objectives against each other", alt, paint, rows)


def cost_chart(source: SweepSource) -> Chart:
    """Return the epochs that trials of each outcome took, beside what all to the end would take."""
    rows = cost_rows(source)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        left = 0.0
        for number, row in enumerate(rows):
            axes.barh(
                "spent", row["epochs"], left=left, color=PALETTE[number], label=row["outcome"]
            )
            left += row["epochs"]
        whole = source.sweep.max_epochs * len(source.sweep.trials)
        axes.barh("all to the end", whole, color=PALETTE[6], alpha=0.5)
        axes.set(xlabel="epochs")
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside upper center", ncols=6, fontsize=8.5)

    spent = sum(row["epochs"] for row in rows)
    whole = source.sweep.max_epochs * len(source.sweep.trials)
    part = f"{spent / max(1, whole):.0%} of the {whole}"
    alt = f"{spent} epochs were trained, {part} that all trials to the end would take."
    return draw("cost", "Where the epochs went", alt, paint, rows, size_in=(7.2, 2.2))


def cost_rows(source: SweepSource) -> list[dict[str, Any]]:
    """Return trials, epochs and seconds of training by outcome, the largest part first."""
    rows: dict[str, dict[str, Any]] = {}
    for trial in source.sweep.trials.values():
        row = rows.setdefault(
            trial.outcome, {"outcome": trial.outcome, "trials": 0, "epochs": 0, "seconds": 0.0}
        )
        row["trials"] += 1
        row["epochs"] += trial.epochs
        row["seconds"] += sum(epoch.get("seconds", 0.0) for epoch in trial.curve)
    return sorted(rows.values(), key=lambda row: -row["epochs"])
