"""What decided, in words that claim no more than the trials bear; and the trials behind it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from facesearch.report.importance import LEAST_TRIALS, Importance
from facesearch.report.page import Table
from facesearch.report.sweep_source import SweepSource
from facesearch.space.fillers import quantile
from facesearch.space.holes import Hole
from facesearch.tuning.records import TrialRecord, format_number

# A range is cut into so many parts of equal chance.
_PARTS = 3
# So many whole numbers are told one by one.
_FEW = 6


def decided(source: SweepSource, found: Sequence[Importance]) -> str:
    """Return which parameters decided, each with the trials behind its values.

    Args:
        source: The sweep.
        found: The importances; empty for too few trials.

    """
    if not source.holes:
        return ""
    count = len(source.scored()) + len(source.failed())
    sure = [one for one in found if one.excludes_zero]
    if sure:
        holes = {hole.name: hole for hole in source.holes}
        told = "; ".join(_with_trials(source, holes[one.name]) for one in sure)
        others = "" if len(sure) == len(found) else " The intervals of the others include zero."
        return (
            f"What decided who is among the best fifth of {count} trials: {told}. Counts are the "
            f"trials behind each value.{others}"
        )
    why = (
        "the interval of every parameter's importance includes zero"
        if found
        else f"importance is computed from {LEAST_TRIALS} trials on"
    )
    return f"Nothing can be said to have decided with {count} trials: {why}."


def _with_trials(source: SweepSource, hole: Hole) -> str:
    counts = ", ".join(f"{value}: {len(trials)}" for value, trials in by_value(source, hole))
    return f"{source.names[hole.name]} ({counts})"


def by_value(source: SweepSource, hole: Hole) -> list[tuple[str, list[TrialRecord]]]:
    """Return the trials by the value that they had: of each option, or each third of a range."""
    having = [t for t in source.searched() if hole.name in t.point]
    if hole.kind == "choice":
        return [
            (format_number(value), [t for t in having if t.point[hole.name] == value])
            for value in hole.values
        ]
    if hole.kind.endswith("int") and hole.values[1] - hole.values[0] < _FEW:
        numbers = range(int(hole.values[0]), int(hole.values[1]) + 1)
        return [(str(n), [t for t in having if t.point[hole.name] == n]) for n in numbers]
    parts: list[list[TrialRecord]] = [[] for _ in range(_PARTS)]
    for trial in having:
        place = int(_PARTS * min(1.0, max(0.0, quantile(hole, trial.point[hole.name]))))
        parts[min(place, _PARTS - 1)].append(trial)
    return list(zip(_thirds(hole), parts, strict=True))


def _thirds(hole: Hole) -> list[str]:
    low, high = (float(value) for value in hole.values)
    cuts = [low]
    for part in range(1, _PARTS):
        share = part / _PARTS
        cuts.append(low * (high / low) ** share if hole.is_log else low + (high - low) * share)
    ends = [format_number(cut) for cut in (*cuts, high)]
    return [f"{first} to {second}" for first, second in pairwise(ends)]


def best_tables(source: SweepSource) -> list[Table]:
    """Return for each choice that every trial has the best of each option: heads come first."""
    choices = [hole for hole in source.holes if hole.kind == "choice" and not hole.under]
    ordered = sorted(choices, key=lambda hole: hole.name != "head")
    return [_best_table(source, hole) for hole in ordered if source.scored()]


def _best_table(source: SweepSource, hole: Hole) -> Table:
    whole = source.sweep.max_epochs
    rows, short = [], []
    for value, trials in by_value(source, hole):
        row, epochs = _best_row(source, hole, value, trials)
        rows.append(row)
        if epochs < whole:
            short.append(value)
    note = (
        f"None with {', '.join(short)} trained to the end ({whole} epochs): a score of fewer "
        "epochs is no rival, so nothing is said against it." if short else ""
    )  # fmt: skip
    name = source.names[hole.name]
    return Table(f"The best trial of each {name}", rows, note)


def _best_row(
    source: SweepSource, hole: Hole, value: str, trials: Sequence[TrialRecord]
) -> tuple[dict[str, Any], int]:
    ranked = [t for t in source.scored() if t in trials]
    best = ranked[0] if ranked else None
    row: dict[str, Any] = {
        source.names[hole.name]: value, "trials": len(trials),
        "to the end": sum(t.outcome == "completed" for t in trials),
        "best trial": best.name if best else "none",
        "its epochs": best.epochs if best else 0,
        "its score": None if best is None else sum(source.sweep.scores_of(best))
        / len(source.sweep.scores_of(best)),
    }  # fmt: skip
    return row, best.epochs if best else 0
