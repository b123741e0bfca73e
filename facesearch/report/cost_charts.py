"""What a sweep cost: where its epochs went, and what stopping early saved."""

from typing import Any

from matplotlib.figure import Figure

from facesearch.report.chart import GRID, INK, PALETTE, Chart, draw
from facesearch.report.sweep_source import SweepSource
from facesearch.tuning.records import FAILED, TrialRecord
from facesearch.tuning.tables import format_seconds

# An outcome has its colour in every sweep.
_COLOURS = {
    "completed": PALETTE[0], "pruned": PALETTE[4], "paused": PALETTE[2], "running": PALETTE[2],
    "interrupted": PALETTE[2], "waiting": PALETTE[6], "diverged": PALETTE[1],
    "out_of_memory": PALETTE[5], "failed": PALETTE[3],
}  # fmt: skip
# A part of the bar that is narrower than this share has no room for its number.
_ROOM = 0.06


def cost_chart(source: SweepSource) -> Chart:
    """Return the epochs that trials of each outcome took, beside what all to the end would take."""
    rows = cost_rows(source)
    spent, whole = source.sweep.epochs_spent, source.sweep.max_epochs * len(source.sweep.trials)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.barh("all to the end", whole, color=GRID)
        left = 0
        for row in rows:
            axes.barh(
                "spent", row["epochs"], left=left, color=_COLOURS[row["outcome"]],
                label=f"{row['outcome']}: {row['trials']}",
            )  # fmt: skip
            if row["epochs"] > _ROOM * whole:
                ink = "white" if row["outcome"] == "completed" else "black"
                axes.text(left + row["epochs"] / 2, 1, str(row["epochs"]), ha="center",
                          va="center", color=ink, fontweight="bold")  # fmt: skip
            left += row["epochs"]
        axes.text(whole / 2, 0, str(whole), ha="center", va="center", color=INK)
        axes.invert_yaxis()
        axes.set(xlabel="epochs", ylim=(-0.5, 1.5))
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside upper center", ncols=6, fontsize=8.5, title="trials")

    part = f"{spent / max(1, whole):.0%} of the {whole}"
    told = ", ".join(f"{row['epochs']} by {row['outcome']}" for row in rows)
    alt = f"{spent} epochs were trained, {part} that all trials to the end would take: {told}."
    return draw("cost", "Where the epochs went", alt, paint, rows, size_in=(7.2, 2.3))


def cost_rows(source: SweepSource) -> list[dict[str, Any]]:
    """Return trials, epochs and seconds of training by outcome, the largest part first."""
    rows: dict[str, dict[str, Any]] = {}
    for trial in source.sweep.trials.values():
        outcome = source.sweep.told(trial.outcome)
        row = rows.setdefault(
            outcome, {"outcome": outcome, "trials": 0, "epochs": 0, "seconds": 0.0}
        )
        row["trials"] += 1
        row["epochs"] += trial.epochs
        row["seconds"] += seconds_of(trial)
    return sorted(rows.values(), key=lambda row: -row["epochs"])


def seconds_of(trial: TrialRecord) -> float:
    """Return the seconds that a trial trained."""
    return sum(row.get("seconds", 0.0) for row in trial.curve)


def saved(source: SweepSource) -> tuple[int, float]:
    """Return epochs and seconds that were not spent on trials which were stopped early.

    Seconds are those that the rest would have taken at the trial's own pace; what failed or goes on
    saved nothing.
    """
    epochs, seconds = 0, 0.0
    for trial in source.sweep.trials.values():
        if trial.outcome == "pruned" and trial.epochs:
            left = source.sweep.max_epochs - trial.epochs
            epochs += left
            seconds += left * seconds_of(trial) / trial.epochs
    return epochs, seconds


def cost_words(source: SweepSource) -> str:
    """Return what was spent, saved and lost, in words."""
    sweep = source.sweep
    trials = sweep.trials.values()
    spent = sum(map(seconds_of, trials))
    words = f"{sweep.epochs_spent} epochs of training took {format_seconds(spent)}"
    wall = sweep.past_s + sweep.session_s
    words += f", the sweep {format_seconds(wall)} by the clock." if wall else "."
    epochs, seconds = saved(source)
    if epochs:
        words += (
            f" Stopping early saved {epochs} epochs, about {format_seconds(seconds)} of training "
            "at the pace of the trials that were stopped."
        )
    lost = [t for t in trials if t.outcome in FAILED and t.curve]
    if lost:
        words += (
            f" {sum(t.epochs for t in lost)} epochs, {format_seconds(sum(map(seconds_of, lost)))}, "
            "went to trials that failed."
        )
    return words
