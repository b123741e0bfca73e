"""The lists of the live screen: rungs, leaders, and the trials that run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from facesearch.config import SchedulerConfig
from facesearch.tuning.pareto import reached
from facesearch.tuning.records import FAILED, RUNNING, SweepRecord, TrialRecord, describe_point
from facesearch.tuning.schedulers import current_rungs
from facesearch.tuning.tables import format_score, sparkline, words_on_lines

# Columns of a curve on a narrow screen.
CURVE = 12
# From so many columns on there is room for points, and for all metrics, beside the leaders.
_WITH_POINTS, _WITH_METRICS = 110, 150
# Columns that a running trial takes before its point.
_BEFORE_POINT = 24
# Of a point below its trial.
_INDENT = "    "
_STYLES = {"completed": "green", "pruned": "yellow", RUNNING: "cyan"}


def outcome_style(outcome: str) -> str:
    """Return the colour of an outcome; the word says the same."""
    return "red" if outcome in FAILED else _STYLES.get(outcome, "")


@dataclass(frozen=True)
class Scale:
    """What the curves of one screen have in common, so that they can be compared by eye.

    Args:
        max_epochs: Epochs across a whole curve.
        low: Score of the lowest bar.
        high: Score of the highest.
        width: Columns of a whole curve.

    """

    max_epochs: int
    low: float
    high: float
    width: int

    @classmethod
    def of(cls, sweep: SweepRecord, width: int) -> "Scale":
        """Return the scale of all scores of a sweep so far."""
        scores = [row["score"] for trial in sweep.trials.values() for row in trial.curve]
        finite = [score for score in scores if math.isfinite(score)]
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        return cls(max(1, sweep.max_epochs), low, high, min(width, max(1, sweep.max_epochs)))

    @property
    def score_width(self) -> int:
        """Columns of the longest score."""
        return max(6, len(format_score(self.low)), len(format_score(self.high)))

    @property
    def curve_width(self) -> int:
        """Columns of a whole curve, or of its title."""
        return max(len("curve"), self.width)

    def draw(self, trial: TrialRecord) -> str:
        """Return the curve of a trial: the part of the width that it has trained."""
        scores = [row["score"] for row in trial.curve]
        if not scores:
            return ""
        cells = max(1, len(scores) * self.width // self.max_epochs)
        ends = [math.ceil((cell + 1) * self.max_epochs / self.width) for cell in range(cells)]
        kept = [scores[min(end, len(scores)) - 1] for end in ends]
        return sparkline([*kept[:-1], scores[-1]], self.width, (self.low, self.high))


def draw_rungs(
    sweep: SweepRecord, scheduler: SchedulerConfig, rows: int, scale: Scale
) -> Table:  # fmt: skip
    """Return a row a rung: trials that reached it, and the best score there."""
    table = _table(("after epoch", 11), ("trials", 6), ("best", scale.score_width))
    last = sweep.max_epochs
    for epoch in _spread([*current_rungs(sweep, scheduler), last], rows):
        there = reached(sweep, epoch)
        best = max((t.curve[epoch - 1]["score"] for t in there), default=None)
        name = f"{epoch} (end)" if epoch == last else str(epoch)
        table.add_row(name, str(len(there)), "" if best is None else format_score(best))
    return table


def _spread(epochs: list[int], most: int) -> list[int]:
    """Return at most ``most`` of them, evenly, the first and the last among them."""
    if len(epochs) <= most:
        return epochs
    step = (len(epochs) - 1) / max(1, most - 1)
    return [epochs[math.floor(i * step + 0.5)] for i in range(most)]


def draw_leaders(trials: Sequence[TrialRecord], scale: Scale, width: int) -> Table:
    """Return a row a trial; metrics and points as far as a screen of ``width`` has room."""
    columns: list[tuple[str, int | None]] = [
        ("leaders", 7), ("epoch", 5), ("score", scale.score_width), ("curve", scale.curve_width),
        ("outcome", 9),
    ]  # fmt: skip
    has_points, metrics = width >= _WITH_POINTS, _metrics(trials, width)
    columns += [(name.removeprefix("val/"), max(6, len(name) - 4)) for name in metrics]
    table = _table(*columns, *([("point", None)] if has_points else []))
    if not trials:
        table.add_row(Text("none", "dim"))
    for trial in trials:
        last = trial.curve[-1]
        cells: list[str | Text] = [
            trial.name, str(trial.epochs), format_score(last["score"]),
            scale.draw(trial),
            Text(trial.outcome, outcome_style(trial.outcome)),
        ]  # fmt: skip
        cells += [f"{last[name]:.3f}" if name in last else "" for name in metrics]
        point = [Text(describe_point(trial.point))] if has_points else []
        table.add_row(*cells, *point)
    return table


def _metrics(trials: Sequence[TrialRecord], width: int) -> list[str]:
    if width < _WITH_METRICS:
        return []
    return sorted({name for t in trials for name in t.curve[-1] if name.startswith("val/")})[:4]


def lines_of_running(
    shown: Sequence[TrialRecord], running: Sequence[TrialRecord], room: int, width: int
) -> int:  # fmt: skip
    """Return the lines that `draw_running` takes below its titles."""
    below = sum(len(_point_below(t, len(shown), room, width)) for t in shown)
    lines = len(shown) + (below if _has_own_lines(shown, room, width) else 0)
    return max(1, lines) + (len(running) > len(shown))


def _has_own_lines(shown: Sequence[TrialRecord], room: int, width: int) -> bool:
    """Whether points stand below their trials: too long to stand behind them, and there is room."""
    longest = max((len(describe_point(t.point)) for t in shown), default=0)
    return longest > width - _BEFORE_POINT - CURVE and 2 * len(shown) <= room // 2


def _point_below(trial: TrialRecord, num_shown: int, room: int, width: int) -> list[str]:
    """Return the point on a line of its own, or on two if it is long and there is room."""
    most = 2 if 3 * num_shown <= room * 2 // 3 else 1
    return words_on_lines(describe_point(trial.point), width - len(_INDENT), most)


def draw_running(
    shown: Sequence[TrialRecord], running: Sequence[TrialRecord], scale: Scale,
    size: tuple[int, int],
) -> list[RenderableType]:  # fmt: skip
    """Return the trials that run: epoch, score, curve and point; of many, how many more there are.

    Args:
        shown: Those that there is room for.
        running: All.
        scale: Of the curves.
        size: Columns of the screen, and lines that there are for all lists.

    """
    if not shown:
        return [Text("running"), Text("nothing at this moment", style="dim")]
    width, room = size
    is_below = _has_own_lines(shown, room, width)
    titles = (
        f"{'running':7} {'epoch':7} {'score':{scale.score_width}} {'curve':{scale.curve_width}}"
    )
    lines = [Text(titles + ("" if is_below else " point"), "bold")]
    for trial in shown:
        line = _progress_of(trial, scale)
        if is_below:
            point = _point_below(trial, len(shown), room, width)
            lines += [line, *(Text(_INDENT).append(part, style="cyan") for part in point)]
        else:
            lines.append(line.append(f" {describe_point(trial.point)}", style="cyan"))
    if len(running) > len(shown):
        lines.append(Text(f"and {len(running) - len(shown)} more", style="dim"))
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return [*lines]


def _progress_of(trial: TrialRecord, scale: Scale) -> Text:
    """Return number, epoch, score and curve of a trial that runs."""
    score = "" if trial.score is None else format_score(trial.score)
    epoch = f"{trial.epochs}/{scale.max_epochs}"
    line = Text(f"{trial.name}     {epoch:7} {score:{scale.score_width}} ")
    curve = scale.draw(trial)
    line.append(curve).append("·" * (scale.width - len(curve)), style="dim")
    return line.append(" " * (scale.curve_width - scale.width))


def _table(*columns: tuple[str, int | None]) -> Table:
    """Return an empty table; a column without a width gives way first."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.expand = any(width is None for _, width in columns)
    for name, width in columns:
        table.add_column(
            name, no_wrap=True, overflow="ellipsis", min_width=width, max_width=width,
            ratio=None if width else 1,
        )  # fmt: skip
    return table
