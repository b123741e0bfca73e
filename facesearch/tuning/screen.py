"""What is seen of a sweep while it runs: one screen, from its records alone."""

from dataclasses import replace

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from facesearch.errors import printable
from facesearch.tuning.pace import Pace, Plan, budgets_spent, clock, counts, planned
from facesearch.tuning.panels import (
    CURVE,
    Scale,
    draw_leaders,
    draw_rungs,
    draw_running,
    lines_of_running,
    outcome_style,
)
from facesearch.tuning.pareto import pareto_front
from facesearch.tuning.records import (
    FAILED,
    INTERRUPTED,
    OUTCOMES,
    PAUSED,
    RUNNING,
    WAITING,
    SweepRecord,
    TrialRecord,
    describe_point,
)
from facesearch.tuning.tables import format_score, words_on_lines

_INDENT = 9
_STOP = "Ctrl-C stops cleanly"
_STOP_LONG = f"{_STOP}; the same command goes on"
# The bar of a budget need not be longer to be read.
_WIDEST_BAR = 100


def draw_screen(sweep: SweepRecord, plan: Plan, pace: Pace, width: int, height: int) -> Group:
    """Return one screen of a sweep that is running.

    Args:
        sweep: Its records; they may change meanwhile.
        plan: Its budgets and scheduler.
        pace: Of this session.
        width: Columns that there are.
        height: Lines that there are; lists are cut so that one remains free.

    """
    sweep = replace(sweep, trials=dict(sweep.trials))
    above = [*_heading(sweep, plan, pace, width), Text(""), *_best(sweep, plan, width), Text("")]
    below = [Text(""), *_foot(sweep, plan, pace, width)]
    # besides: a line of titles each for the lists and for what runs, and one between them
    room = max(4, height - 1 - len(above) - len(below) - 3)
    running = [t for t in sweep.trials.values() if sweep.told(t.outcome) == RUNNING]
    ended = [t for t in sweep.ranked() if t.has_ended or t.outcome == PAUSED]
    shown = running[: max(2, room // 2)]
    used = lines_of_running(shown, running, room, width)
    scale = Scale.of(sweep, CURVE if width < 120 else 2 * CURVE)
    return Group(
        *above, _side_by_side(sweep, plan, ended[: room - used], scale, (width, room - used)),
        Text(""), *draw_running(shown, running, scale, (width, room)), *below,
    )  # fmt: skip


def _heading(sweep: SweepRecord, plan: Plan, pace: Pace, width: int) -> list[RenderableType]:
    """Return a line of words, and a bar for each budget that may end the sweep."""
    told = f"  {counts(sweep)}, {clock(sweep, pace, plan)}"
    line = Text(sweep.name, style="bold", no_wrap=True)
    line.truncate(max(8, width - len(told)), overflow="ellipsis")  # the name gives way
    budgets = budgets_spent(sweep, pace, plan)
    labels = [f" {part:4.0%} of the {name}" for name, part in budgets]
    longest = max(map(len, labels), default=0)
    bars = [
        _bar(part, label, min(_WIDEST_BAR, width - longest - 1))
        for (_, part), label in zip(budgets, labels, strict=True)
    ]
    return [line.append(told, style="not bold"), *bars]


def _bar(part: float, label: str, width: int) -> Table:
    bar = Table.grid(padding=0)
    bar.add_column(width=width)
    bar.add_column(no_wrap=True)
    bar.add_row(ProgressBar(total=1.0, completed=part, complete_style="cyan"), Text(label))
    return bar


def _best(sweep: SweepRecord, plan: Plan, width: int) -> list[RenderableType]:
    """Return the best trial on one line and its point on at most two."""
    best = sweep.best
    if best is None:
        return [Text("best     no trial has a score yet", style="dim")]
    head = Text("best     ", style="bold", no_wrap=True, overflow="ellipsis")
    head.append(f"{best.name}  {format_score(best.curve[-1]['score'])}", style="bold green")
    objective = plan.search.objective
    if isinstance(objective, str):
        head.append(f" {objective}", style="not bold")
    head.append(f" after epoch {best.epochs}, {sweep.told(best.outcome)}", style="not bold")
    if plan.search.has_several and (front := len(pareto_front(sweep))):
        head.append(f"; one of {front} on the Pareto front", style="not bold")
    lines = words_on_lines(describe_point(best.point), width - _INDENT, most=2)
    indent = Text(" " * _INDENT, no_wrap=True, overflow="ellipsis")
    return [head, *(indent + Text(line, style="cyan") for line in lines)]


def _side_by_side(
    sweep: SweepRecord, plan: Plan, ended: list[TrialRecord], scale: Scale, size: tuple[int, int]
) -> Table:  # fmt: skip
    width, rows = size
    grid = Table.grid(padding=(0, 3, 0, 0), expand=False)
    left = 20 + scale.score_width
    grid.add_column(width=left)
    grid.add_column(width=width - left - 4)
    grid.add_row(
        draw_rungs(sweep, plan.search.scheduler, rows, scale),
        draw_leaders(ended, scale, width),
    )
    return grid


def _foot(sweep: SweepRecord, plan: Plan, pace: Pace, width: int) -> list[RenderableType]:
    """Return how trials ended, why the last one failed, the pace, and how to stop."""
    words = pace.words(plan)
    hints = (_STOP_LONG, _STOP) if sweep.num_ended < planned(sweep) else ()
    stop = next((hint for hint in hints if len(words) + len(hint) + 2 <= width), "")
    last = Text(words + (f"; {stop}" if stop else ""), "dim", no_wrap=True, overflow="ellipsis")
    return [*_outcomes(sweep, width), *_last_failure(sweep), last]


def _outcomes(sweep: SweepRecord, width: int) -> list[RenderableType]:
    """Return how many trials run, wait, and ended how; on two lines if they are many."""
    lines = [Text(no_wrap=True)]
    counts = sweep.counts()
    for outcome in (RUNNING, PAUSED, WAITING, INTERRUPTED, *OUTCOMES):
        if not (number := counts[outcome]):
            continue
        told = Text(f"{number} ").append(outcome, outcome_style(outcome))
        if lines[-1] and len(lines[-1]) + len(told) + 3 > width:
            lines[-1].append(",")
            lines.append(Text(no_wrap=True))
        lines[-1].append(", " if lines[-1] else "").append_text(told)
    return [*lines] if lines[0] else [Text("no trial yet", "dim")]


def _last_failure(sweep: SweepRecord) -> list[RenderableType]:
    failed = [sweep.trials[number] for number in sweep.ended_order if number in sweep.trials]
    told = [t for t in failed if t.outcome in FAILED and t.message]
    if not told:
        return []
    trial = told[-1]
    reason = printable(trial.message.splitlines()[0])
    text = f"last failure: {trial.name} {trial.outcome}: {reason}"
    return [Text(text, style="red", no_wrap=True, overflow="ellipsis")]
