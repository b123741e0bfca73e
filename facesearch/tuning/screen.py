"""What is seen of a sweep while it runs: one screen, from its records alone."""

import math
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from facesearch.config import SearchConfig
from facesearch.tuning.pareto import reached
from facesearch.tuning.records import (
    PAUSED,
    RUNNING,
    SweepRecord,
    TrialRecord,
    describe_point,
)  # fmt: skip
from facesearch.tuning.schedulers import current_rungs
from facesearch.tuning.tables import format_seconds, outcome_counts, sparkline

# More trials than any sweep was asked for: one that is extended by time alone.
_NO_NUMBER = 10**6
# Lines that are always there: heading, bar, the best, titles, counts, and the gaps between.
_FIXED_LINES = 14
# only to break lines with
_PLAIN = Console(width=80)


@dataclass(frozen=True)
class Pace:
    """How fast the sweep goes, as of this session.

    Args:
        elapsed_s: Since the session began, in seconds.
        ended: Trials that ended in it.
        epochs: Epochs that were finished in it.

    """

    elapsed_s: float
    ended: int
    epochs: int

    def seconds_left(self, sweep: SweepRecord) -> float | None:
        """Return an estimate from the pace so far; None before the first trial ended."""
        missing = sweep.planned_trials - sweep.num_ended
        left = self.elapsed_s * missing / self.ended if self.ended else None
        if sweep.time_s is None:
            return left
        budget = max(0.0, sweep.time_s - sweep.past_s - self.elapsed_s)
        return budget if left is None else min(left, budget)

    def words(self) -> str:
        """Return epochs a minute and trials an hour, once there are any."""
        if not self.epochs or self.elapsed_s <= 0:
            return "no epoch yet"
        per_minute, per_hour = 60 * self.epochs / self.elapsed_s, 3600 * self.ended / self.elapsed_s
        words = f"{per_minute:.1f} epochs a minute"
        return f"{words}, {per_hour:.0f} trials an hour" if self.ended else words


def summary(sweep: SweepRecord, pace: Pace) -> str:
    """Return in one line how far the sweep is, how good the best is, and what time is left."""
    best = max((t.score or 0.0 for t in sweep.ranked()), default=None)
    left = pace.seconds_left(sweep)
    planned = f"/{sweep.planned_trials}" if sweep.planned_trials < _NO_NUMBER else ""
    parts = [
        f"{sweep.num_ended}{planned} trials",
        f"{sweep.epochs_spent} epochs",
        f"best {best:.4f}" if best is not None else "no score yet",
        format_seconds(pace.elapsed_s),
    ]
    return ", ".join(parts) + (f", about {format_seconds(left)} left" if left else "")


def budget_spent(sweep: SweepRecord, search: SearchConfig, pace: Pace) -> tuple[float, str]:
    """Return the part that is spent of the budget that will end the sweep, and its name."""
    parts = {"trials": sweep.num_ended / max(1, sweep.planned_trials)}
    if sweep.planned_trials >= _NO_NUMBER:
        parts.clear()
    if sweep.time_s:
        parts["time"] = (sweep.past_s + pace.elapsed_s) / sweep.time_s
    if search.epochs:
        parts["epochs"] = (sweep.epochs_spent - sweep.epochs_before) / search.epochs
    name = max(parts, key=lambda key: parts[key], default="trials")
    return min(1.0, parts.get(name, 0.0)), name


def draw_screen(
    sweep: SweepRecord, search: SearchConfig, pace: Pace, width: int, height: int
) -> Group:
    """Return one screen of a sweep that is running.

    Args:
        sweep: Its records.
        search: Its settings: budgets and scheduler.
        pace: Of this session.
        width: Columns that there are.
        height: Lines that there are; lists are cut so that it fits.

    """
    room = max(4, height - 1 - _FIXED_LINES)
    running = [t for t in list(sweep.trials.values()) if t.outcome == RUNNING]
    lists = max(2, room - min(len(running), room // 2))
    parts: list[RenderableType] = [
        _heading(sweep, search, pace, width), Text(""), *_best(sweep, width), Text(""),
        _side_by_side(sweep, search, width, lists), Text(""),
        _running(sweep, running[: max(2, room - lists)], width),
    ]  # fmt: skip
    hidden = len(running) - max(2, room - lists)
    if hidden > 0:
        parts.append(Text(f"and {hidden} more", style="dim"))
    parts += [Text(""), _foot(sweep, pace, width)]
    return Group(*parts)


def _heading(sweep: SweepRecord, search: SearchConfig, pace: Pace, width: int) -> Group:
    part, name = budget_spent(sweep, search, pace)
    line = Text(sweep.name, style="bold", no_wrap=True, overflow="ellipsis")
    line.append(f"  {summary(sweep, pace)}", style="not bold")
    label = f" {part:4.0%} of the {name}"
    bar = Table.grid(padding=0)
    bar.add_column(width=width - len(label) - 1)
    bar.add_column(no_wrap=True)
    bar.add_row(ProgressBar(total=1.0, completed=part), Text(label))
    return Group(line, bar)


def _best(sweep: SweepRecord, width: int) -> list[RenderableType]:
    """Return the best trial on one line and its point on at most two."""
    best = sweep.best
    if best is None:
        return [Text("best     no trial has a score yet", style="dim")]
    state = best.outcome if best.has_ended else f"{best.outcome} now"
    head = Text("best     ", style="bold")
    head.append(f"{best.number:03d}  {best.score:.4f} after epoch {best.epochs}, {state}")
    words = Text(describe_point(best.point), style="cyan")
    lines = words.wrap(_PLAIN, width - 9)
    shown: list[RenderableType] = [Text("         ").append(line) for line in lines[:2]]
    return [head, *shown]


def _side_by_side(
    sweep: SweepRecord, search: SearchConfig, width: int, rows: int
) -> RenderableType:  # fmt: skip
    grid = Table.grid(padding=(0, 3), expand=False)
    grid.add_column(width=29)
    grid.add_column(width=width - 35)
    grid.add_row(_rungs(sweep, search, rows), _leaders(sweep, rows))
    return grid


def _rungs(sweep: SweepRecord, search: SearchConfig, rows: int) -> Table:
    table = _table(("after epoch", 11), ("trials", 6), ("best", 6))
    last = sweep.max_epochs
    epochs = _spread([*current_rungs(sweep, search.scheduler), last], rows)
    for epoch in epochs:
        there = reached(sweep, epoch)
        best = max((t.curve[epoch - 1]["score"] for t in there), default=None)
        name = f"{epoch} (end)" if epoch == last else str(epoch)
        table.add_row(name, str(len(there)), "" if best is None else f"{best:.4f}")
    return table


def _spread(epochs: list[int], most: int) -> list[int]:
    """Return at most ``most`` of them, evenly, the first and the last among them."""
    if len(epochs) <= most:
        return epochs
    step = (len(epochs) - 1) / max(1, most - 1)
    return [epochs[math.floor(i * step + 0.5)] for i in range(most)]


def _leaders(sweep: SweepRecord, rows: int) -> Table:
    table = _table(("leaders", 7), ("epoch", 5), ("score", 6), ("point", None))
    ended = [t for t in sweep.ranked() if t.has_ended or t.outcome == PAUSED]
    for trial in ended[:rows]:
        point = escape(describe_point(trial.point))
        table.add_row(f"{trial.number:03d}", str(trial.epochs), f"{trial.score:.4f}", point)
    return table


def _running(sweep: SweepRecord, trials: list[TrialRecord], width: int) -> RenderableType:
    curve = 12 if width < 120 else 30
    table = _table(("running", 7), ("epoch", 7), ("score", 6), ("curve", curve), ("point", None))
    for trial in trials:
        scores = [row["score"] for row in trial.curve]
        table.add_row(
            f"{trial.number:03d}", f"{trial.epochs}/{sweep.max_epochs}",
            f"{scores[-1]:.4f}" if scores else "", sparkline(scores, curve),
            escape(describe_point(trial.point)),
        )  # fmt: skip
    return table if trials else Text("nothing runs at this moment", style="dim")


def _foot(sweep: SweepRecord, pace: Pace, width: int) -> Group:
    counts = outcome_counts(sweep) or "no trial yet"
    stop = "Ctrl-C stops cleanly" + ("; the same command goes on" if width >= 110 else "")
    return Group(
        Text(counts, no_wrap=True, overflow="ellipsis"),
        Text(f"{pace.words()}; {stop}", style="dim", no_wrap=True, overflow="ellipsis"),
    )


def _table(*columns: tuple[str, int | None]) -> Table:
    """Return an empty table; a column without a width gives way first."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", expand=True)
    for name, width in columns:
        table.add_column(
            name, no_wrap=True, overflow="ellipsis", min_width=width, max_width=width,
            ratio=None if width else 1,
        )  # fmt: skip
    return table
