"""The live view of a sweep: one screen on a terminal, one line an event elsewhere."""

import time
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from facesearch.tuning.pareto import pareto_front
from facesearch.tuning.records import PAUSED, RUNNING, SweepRecord, TrialRecord, describe_point

_SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float], width: int = 12) -> str:
    """Return the last ``width`` values as bars between their least and greatest."""
    shown = values[-width:]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    span = (high - low) or 1.0
    return "".join(_SPARKS[int((v - low) / span * (len(_SPARKS) - 1))] for v in shown)


def format_seconds(seconds: float) -> str:
    """Return a duration such as ``1m44s`` or ``2h05m``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


class LiveView:
    """Shows a sweep while it runs; a context manager."""

    def __init__(self, sweep: SweepRecord, console: Console) -> None:
        self.sweep, self.console = sweep, console
        self.start = time.monotonic()
        self.ended_before = 0
        self.live: Live | None = None

    def __enter__(self) -> "LiveView":
        self.ended_before = self.sweep.num_ended
        if self.console.is_terminal:
            self.live = Live(
                get_renderable=self._screen, console=self.console, refresh_per_second=2
            )
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()

    def trial_started(self, trial: TrialRecord) -> None:
        """Tell a start, where there is no screen."""
        again = f"after epoch {trial.epochs}" if trial.attempts > 1 else ""
        what = f"goes on    {again}" if again else f"start      {describe_point(trial.point)}"
        self._line(f"trial {trial.number:03d}  {what}")

    def epoch_done(self, trial: TrialRecord) -> None:
        """The screen shows epochs; a log does not, it would drown."""

    def trial_ended(self, trial: TrialRecord) -> None:
        """Tell how a trial ended, or that it was paused, where there is no screen."""
        score = "-" if trial.score is None else f"{trial.score:.4f}"
        self._line(
            f"trial {trial.number:03d}  {trial.outcome:<10} after epoch {trial.epochs}, "
            f"score {score}   [{self._summary()}]"
        )
        if trial.message:
            self._line(f"trial {trial.number:03d}  {trial.message.splitlines()[0]}")

    def say(self, text: str) -> None:
        """Tell what does not happen every day; on a screen it stays above it."""
        self.console.print(escape(text), highlight=False, soft_wrap=True)

    def _line(self, text: str) -> None:
        if self.live is None:
            self.console.print(escape(text), highlight=False, soft_wrap=True)

    def seconds_left(self) -> float | None:
        """Return an estimate from the pace so far; None before the first trial ended."""
        sweep, ended = self.sweep, self.sweep.num_ended - self.ended_before
        elapsed = time.monotonic() - self.start
        left = elapsed * (sweep.planned_trials - sweep.num_ended) / ended if ended else None
        if sweep.time_s is None:
            return left
        budget = max(0.0, sweep.time_s - sweep.past_s - elapsed)
        return budget if left is None else min(left, budget)

    def _summary(self) -> str:
        sweep = self.sweep
        best = max((t.score or 0.0 for t in sweep.ranked()), default=None)
        left = self.seconds_left()
        # one that is extended by time alone has no number of trials to reach
        planned = f"/{sweep.planned_trials}" if sweep.planned_trials < 10**6 else ""
        parts = [
            f"{sweep.num_ended}{planned} trials",
            f"{sweep.epochs_spent} epochs",
            f"best {best:.4f}" if best is not None else "no score yet",
            format_seconds(time.monotonic() - self.start),
        ]
        return ", ".join(parts) + (f", about {format_seconds(left)} left" if left else "")

    def _screen(self) -> Group:
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        # the point gives way first: numbers must stay readable at 80 columns
        columns = (("trial", 5), ("epoch", 7), ("score", 6), ("curve", 12), ("point", None))
        for name, width in columns:
            ratio = None if width else 1
            table.add_column(
                name,
                no_wrap=True,
                overflow="ellipsis",
                min_width=width,
                max_width=width,
                ratio=ratio,
            )
        trials = list(self.sweep.trials.values())
        running = [t for t in trials if t.outcome == RUNNING][:8]
        ended = [t for t in self.sweep.ranked() if t.has_ended or t.outcome == PAUSED]
        for trial in [*ended[:3], *running]:
            self._row(table, trial)
        return Group(
            Text(f"{self.sweep.name}   {self._summary()}", style="bold", overflow="ellipsis"),
            table,
            Text(f"{outcome_counts(self.sweep)}   Ctrl-C stops cleanly", style="dim"),
        )

    def _row(self, table: Table, trial: TrialRecord) -> None:
        scores = [c["score"] for c in trial.curve]
        table.add_row(
            f"{trial.number:03d}",
            f"{trial.epochs}/{self.sweep.max_epochs}",
            f"{scores[-1]:.4f}" if scores else "",
            sparkline(scores),
            escape(describe_point(trial.point)),
            style="" if trial.outcome == RUNNING else "green",
        )


def leaderboard(sweep: SweepRecord, num_rows: int = 5) -> Table:
    """Return the best trials as a table; the point of each stands on a line of its own."""
    table = Table(title=f"best of {len(sweep.trials)} trials", box=None, header_style="bold")
    metrics = sorted({k for t in sweep.ranked() for k in t.curve[-1] if k.startswith("val/")})
    for name in ("trial", "outcome", "epochs", "score", *metrics):
        table.add_column(name.removeprefix("val/"), no_wrap=True)
    for trial in sweep.ranked()[:num_rows]:
        last = trial.curve[-1]
        values = [f"{last[m]:.3f}" if m in last else "" for m in metrics]
        head = (f"{trial.number:03d}", trial.outcome, str(trial.epochs), f"{last['score']:.4f}")
        table.add_row(*head, *values)
    return table


def leaders(sweep: SweepRecord, num_rows: int = 5) -> str:
    """Return a line for each of the best trials: its number and its point."""
    best = sweep.ranked()[:num_rows]
    return "\n".join(f"{t.number:03d}  {describe_point(t.point)}" for t in best)


def front_table(sweep: SweepRecord, objectives: Sequence[str]) -> Table:
    """Return the Pareto front as a table: what each trial reached in each objective."""
    front = pareto_front(sweep)
    table = Table(title=f"Pareto front: {len(front)} trials", box=None, header_style="bold")
    for name in ("trial", *objectives):
        table.add_column(name, no_wrap=True)
    for trial in front:
        table.add_row(f"{trial.number:03d}", *(f"{trial.curve[-1][n]:.4g}" for n in objectives))
    return table


def outcome_counts(sweep: SweepRecord) -> str:
    """Return how many trials ended (or are) how, such as ``4 completed, 8 pruned``."""
    outcomes = dict.fromkeys(t.outcome for t in sweep.trials.values())
    return ", ".join(f"{sweep.count(o)} {o}" for o in outcomes)
