"""A sweep in tables and short words, for a terminal."""

import math
import textwrap
from collections.abc import Sequence

from rich.table import Table

from facesearch.tuning.pareto import pareto_front
from facesearch.tuning.ranking import seed_scores
from facesearch.tuning.records import SweepRecord, describe_point

_SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(
    values: list[float], width: int = 12, ends: tuple[float, float] | None = None
) -> str:  # fmt: skip
    """Return the last ``width`` values as bars between ``ends``, or their least and greatest.

    What is not finite is a gap.
    """
    shown = values[-width:]
    finite = [value for value in shown if math.isfinite(value)]
    low, high = ends or (min(finite, default=0.0), max(finite, default=0.0))
    top, span = len(_SPARKS) - 1, (high - low) or 1.0
    places = [int((v - low) / span * top) if math.isfinite(v) else None for v in shown]
    return "".join(" " if p is None else _SPARKS[max(0, min(top, p))] for p in places)


def words_on_lines(text: str, width: int, most: int) -> list[str]:
    """Return ``text`` on at most ``most`` lines, broken between words; the rest is an ellipsis."""
    lines = textwrap.wrap(
        text, width, max_lines=most, placeholder=" …", break_on_hyphens=False
    )  # fmt: skip
    return lines or [""]


def format_seconds(seconds: float) -> str:
    """Return a duration such as ``1m44s`` or ``2h05m``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def format_score(score: float) -> str:
    """Return a score with four decimals; a large one, as of a weighted sum, with three digits."""
    return f"{score:.2e}" if abs(score) >= 1000 else f"{score:.4f}"


def leaderboard(sweep: SweepRecord, num_rows: int = 5) -> Table:
    """Return the best trials as a table; the point of each stands on a line of its own."""
    table = Table(title=f"best of {len(sweep.searched())} trials", box=None, header_style="bold")
    metrics = sorted({k for t in sweep.ranked() for k in t.curve[-1] if k.startswith("val/")})
    repeats = sweep.repeats()
    seeds = ["mean"] if repeats else []
    for name in ("trial", "outcome", "epochs", "score", *seeds, *metrics):
        table.add_column(name.removeprefix("val/"), no_wrap=True)
    for trial in sweep.ranked()[:num_rows]:
        last = trial.curve[-1]
        values = [f"{last[m]:.3f}" if m in last else "" for m in metrics]
        head = (
            trial.name,
            sweep.told(trial.outcome),
            str(trial.epochs),
            format_score(last["score"]),
        )
        scores = seed_scores(trial, repeats.get(trial.number, ()))
        table.add_row(*head, *[_mean(scores)] * len(seeds), *values)
    return table


def _mean(scores: Sequence[float]) -> str:
    return f"{sum(scores) / len(scores):.4f} of {len(scores)}" if len(scores) > 1 else ""


def leaders(sweep: SweepRecord, num_rows: int = 5) -> str:
    """Return a line for each of the best trials: its number and its point."""
    best = sweep.ranked()[:num_rows]
    return "\n".join(f"{t.name}  {describe_point(t.point)}" for t in best)


def front_table(sweep: SweepRecord, objectives: Sequence[str]) -> Table:
    """Return the Pareto front as a table: what each trial reached in each objective."""
    front = pareto_front(sweep)
    table = Table(title=f"Pareto front: {len(front)} trials", box=None, header_style="bold")
    for name in ("trial", *objectives):
        table.add_column(name, no_wrap=True)
    for trial in front:
        table.add_row(trial.name, *(f"{trial.curve[-1][n]:.4g}" for n in objectives))
    return table


def outcome_counts(sweep: SweepRecord) -> str:
    """Return how many trials ended (or are) how, such as ``4 completed, 8 pruned``."""
    counts = sweep.counts()
    return ", ".join(f"{number} {word}" for word, number in counts.items()) or "no trial yet"
