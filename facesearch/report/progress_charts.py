"""Charts of how a sweep went: the best so far against epochs spent, and the learning curves."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from facesearch.report.chart import GRID, PALETTE, Chart, colour_of, draw
from facesearch.report.sweep_source import SweepSource, best_so_far
from facesearch.tuning.ledger import Event
from facesearch.tuning.records import FAILED, TrialRecord

_BASELINES = {"random": "random search, all to the end", "one-epoch": "one epoch, then the best"}

# Trials that passed more rungs look alike.
_MOST_LOOKS = 3


def best_chart(source: SweepSource) -> Chart:
    """Return the best score so far against the epochs of all trials, beside the baselines."""
    found = {"this sweep": best_so_far(source.events)}
    for kind, events in source.baselines.items():
        found[_BASELINES[kind]] = best_so_far(events)
    courses = {name: rows for name, rows in found.items() if rows}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, (name, rows) in enumerate(courses.items()):
            spent = [row["epochs spent"] for row in rows]
            best = [row["best score"] for row in rows]
            style: dict[str, Any] = {"color": colour_of(number), "label": name}
            axes.step(spent, best, where="post", linestyle="-" if number == 0 else "--", **style)
            axes.plot(spent[-1], best[-1], "o", markersize=4, color=colour_of(number))
        axes.set(xlabel="epochs of all trials together", ylabel="best score so far")
        axes.set_xlim(left=0)
        axes.legend(loc="lower right")

    rows = [{"course": name, **row} for name, rows in courses.items() for row in rows]
    alt = _compared(courses)
    if not source.baselines:
        alt += " No baseline was run: facesearch baseline SPACE."
    return draw("best-so-far", "Best so far, against what was spent", alt, paint, rows)


def _compared(courses: dict[str, list[dict[str, Any]]]) -> str:
    """Return what each way came to, and after how many epochs it was as good as this sweep."""
    (name, own), *others = courses.items()
    best, spent = own[-1]["best score"], own[-1]["epochs spent"]
    words = f"This sweep: {best:.4f}, found after {_epochs_to(own, best)} of {spent} epochs."
    for name, rows in others:
        as_good = _epochs_to(rows, best)
        told = f"was as good after {as_good}" if as_good else "was never as good"
        last = rows[-1]
        words += (
            f" {name[0].upper()}{name[1:]}: {last['best score']:.4f} in {last['epochs spent']} "
            f"epochs; it {told}."
        )
    return words


def _epochs_to(rows: list[dict[str, Any]], score: float) -> int | None:
    """Return the epochs after which the leader was as good, and stayed so; None: never."""
    reached = None
    for row in rows:
        is_as_good = row["best score"] >= score
        reached = (row["epochs spent"] if reached is None else reached) if is_as_good else None
    return reached


def curves_chart(source: SweepSource) -> Chart:
    """Return the score of every trial by epoch, coloured by how far it was let to go."""
    trials = [t for t in source.searched() if t.curve]
    stops = sorted({t.epochs for t in trials if t.outcome == "pruned"})
    levels = rung_levels(source.events, stops)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for epoch in levels:
            axes.axvline(epoch, color=GRID, linewidth=1)
        for trial in sorted(trials, key=lambda t: t.epochs):
            colour, width, alpha = _look(trial, levels)
            epochs = range(1, trial.epochs + 1)
            scores = [row["score"] for row in trial.curve]
            axes.plot(epochs, scores, color=colour, linewidth=width, alpha=alpha)
            if trial.outcome in FAILED:
                axes.plot(trial.epochs, scores[-1], "x", color=colour, markersize=6)
        axes.set(xlabel="epoch", ylabel="score", xlim=(0.5, source.sweep.max_epochs + 0.5))
        axes.legend(handles=_keys(levels, trials), loc="upper left", fontsize=8.5)

    rows = [{"trial": t.name, "epochs": t.epochs, "outcome": source.sweep.told(t.outcome),
             "last score": t.score}
            for t in trials]  # fmt: skip
    completed = sum(t.outcome == "completed" for t in trials)
    where = f"; stopped mostly after epoch {', '.join(map(str, levels))}" if levels else ""
    alt = f"{len(trials)} trials, {completed} trained to epoch {source.sweep.max_epochs}{where}."
    return draw("learning-curves", "Learning curves, by rung", alt, paint, rows, size_in=(7.2, 4.2))


def rung_levels(events: Sequence[Event], stops: Sequence[int], most: int = 6) -> list[int]:
    """Return the epochs after which trials were stopped or paused, the most frequent ones."""
    counts = dict.fromkeys(stops, 0)
    epochs: dict[int, int] = {}
    for event in events:
        if event["event"] == "epoch":
            epochs[event["trial"]] = epochs.get(event["trial"], 0) + 1
        elif event["event"] == "paused" or event.get("outcome") == "pruned":
            at = epochs.get(event["trial"], 0)
            counts[at] = counts.get(at, 0) + 1
    counts.pop(0, None)
    return sorted(sorted(counts, key=lambda epoch: -counts[epoch])[:most])


def _look(trial: TrialRecord, levels: list[int]) -> tuple[str, float, float]:
    """Return colour, width and opacity of a curve: the further it went, the stronger."""
    if trial.outcome in FAILED:
        return PALETTE[1], 1.2, 0.9
    if trial.outcome == "completed":
        return PALETTE[0], 1.8, 0.95
    passed = sum(trial.epochs > level for level in levels)
    return PALETTE[(4, 2, 3, 5)[min(passed, _MOST_LOOKS)]], 1.2, 0.8


def _keys(levels: list[int], trials: Sequence[TrialRecord]) -> list[Any]:
    """Return the legend: one line for each way that occurs, with the number of trials."""
    counts: dict[str, int] = {}
    found: dict[str, tuple[str, float, float]] = {}
    for trial in sorted(trials, key=lambda t: (t.outcome in FAILED, -t.epochs)):
        name = _way(trial, levels)
        counts[name] = counts.get(name, 0) + 1
        found.setdefault(name, _look(trial, levels))
    return [
        Line2D([], [], color=colour, linewidth=2, alpha=alpha, label=f"{name}: {counts[name]}")
        for name, (colour, _, alpha) in found.items()
    ]


def _way(trial: TrialRecord, levels: list[int]) -> str:
    """Return how far a trial went, in words."""
    if trial.outcome == "completed":
        return "to the end"
    if trial.outcome in FAILED:
        return "failed (x)"
    passed = sum(trial.epochs > level for level in levels)
    if passed >= _MOST_LOOKS:
        return "further"
    return f"up to epoch {levels[passed]}" if passed < len(levels) else "under way"
