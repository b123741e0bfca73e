"""Telling of a sweep while it runs: a screen on a terminal or in a notebook, lines in a log."""

import io
import time
from collections.abc import Callable
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape

from facesearch.errors import printable
from facesearch.tuning.pace import Pace, Plan, summary
from facesearch.tuning.records import RUNNING, SweepRecord, TrialRecord, describe_point
from facesearch.tuning.screen import draw_screen
from facesearch.tuning.tables import format_score

# In a log, something is told at least so often while epochs end.
HEARTBEAT_S = 60.0
_NOTEBOOK_SIZE = 110, 40
_NOTEBOOK_PAUSE_S = 1.0
_PRE = '<pre style="line-height:1.25;font-family:monospace">{code}</pre>'


class Display(Protocol):
    """A place that shows the newest screen."""

    def show(self) -> None:
        """Show how the sweep stands, if it was not shown just now."""

    def close(self) -> None:
        """Show the last state for good."""


class LiveView:
    """Shows a sweep while it runs; a context manager and an observer."""

    def __init__(self, sweep: SweepRecord, console: Console, plan: Plan | None = None) -> None:
        self.sweep, self.console = sweep, console
        self.plan = plan or Plan()
        self.start = self.told_at = time.monotonic()
        self.ended_before = self.epochs_before = 0
        self.display: Display | None = None

    def __enter__(self) -> "LiveView":
        self.ended_before, self.epochs_before = self.sweep.num_ended, self.sweep.epochs_spent
        if self.console.is_jupyter:
            self.display = _Notebook(self)
        elif _can_draw(self.console):
            self.display = _Terminal(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self.display:
            self.display.close()

    def trial_started(self, trial: TrialRecord) -> None:
        """Tell a start, where there is no screen."""
        again = f"after epoch {trial.epochs}" if trial.attempts > 1 else ""
        what = f"goes on    {again}" if again else f"start      {describe_point(trial.point)}"
        self._line(f"trial {trial.name}  {what}")

    def epoch_done(self, trial: TrialRecord) -> None:
        """Show it; a log is told only now and then, or epochs would drown the rest."""
        if self.display:
            self.display.show()
        elif time.monotonic() - self.told_at > HEARTBEAT_S:
            self._line(
                f"running: {self._running()}   [{summary(self.sweep, self.pace(), self.plan)}]"
            )

    def trial_ended(self, trial: TrialRecord) -> None:
        """Tell how a trial ended, or that it was paused, where there is no screen."""
        score = "-" if trial.score is None else format_score(trial.score)
        self._line(
            f"trial {trial.name}  {trial.outcome:<10} after epoch {trial.epochs}, "
            f"score {score}   [{summary(self.sweep, self.pace(), self.plan)}]"
        )
        if trial.message:
            self._line(f"trial {trial.name}  {trial.message.splitlines()[0]}")

    def say(self, text: str) -> None:
        """Tell what does not happen every day; on a screen it stays above it."""
        _print(self.console, text)

    def pace(self) -> Pace:
        """Return how fast this session has been so far."""
        return Pace(
            time.monotonic() - self.start,
            self.sweep.num_ended - self.ended_before,
            self.sweep.epochs_spent - self.epochs_before,
        )

    def screen(self, width: int, height: int) -> Group:
        """Return the screen of this moment."""
        return draw_screen(self.sweep, self.plan, self.pace(), width, height)

    def _running(self) -> str:
        trials = [t for t in list(self.sweep.trials.values()) if t.outcome == RUNNING and t.curve]
        told = [
            f"{t.name} at epoch {t.epochs} with {format_score(t.curve[-1]['score'])}"
            for t in trials[:4]
        ]
        return ", ".join(told) + (f" and {len(trials) - 4} more" if len(trials) > 4 else "")

    def _line(self, text: str) -> None:
        self.told_at = time.monotonic()
        if self.display is None:
            self.say(text)
        else:
            self.display.show()


def say_on(console: Console) -> Callable[[str], None]:
    """Return what tells a note where no sweep is shown yet."""
    return lambda text: _print(console, f"note: {text}")


def _print(console: Console, text: str) -> None:
    console.print(escape(printable(text)), highlight=False, soft_wrap=True)


def _can_draw(console: Console) -> bool:
    """Whether lines can be drawn over, and bars and curves be written at all."""
    is_drawable = console.is_terminal and not console.is_dumb_terminal
    return is_drawable and console.encoding.startswith("utf")


class _Terminal:
    """Rich draws the screen once a second, in place."""

    def __init__(self, view: LiveView) -> None:
        self.view, console = view, view.console
        self.live = Live(
            get_renderable=lambda: view.screen(console.width, console.height), console=console,
            refresh_per_second=1, transient=True,
        )  # fmt: skip
        self.live.start()

    def show(self) -> None:
        """Nothing: it is drawn by the clock."""

    def close(self) -> None:
        """Take the screen away; a line says how the sweep stands, since tables follow."""
        self.live.stop()
        self.view.say(summary(self.view.sweep, self.view.pace(), self.view.plan))


class _Notebook:
    """An output cell whose HTML is replaced; no widgets are needed."""

    def __init__(self, view: LiveView) -> None:
        self.view = view
        self.shown_at = -_NOTEBOOK_PAUSE_S
        self.handle: Any = None
        self.show()

    def show(self) -> None:
        if time.monotonic() - self.shown_at >= _NOTEBOOK_PAUSE_S:
            self._show()

    def close(self) -> None:
        self._show()

    def _show(self) -> None:
        from IPython import display  # only a notebook has it

        self.shown_at = time.monotonic()
        page = display.HTML(as_html(self.view))  # type: ignore[no-untyped-call]
        if self.handle is None:
            self.handle = display.display(page, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(page)


def as_html(view: LiveView) -> str:
    """Return the screen as one HTML element."""
    width, height = _NOTEBOOK_SIZE
    paper = Console(
        record=True, width=width, height=height, file=io.StringIO(), force_terminal=True,
        force_jupyter=False,
    )  # fmt: skip
    paper.print(view.screen(width, height))
    return paper.export_html(inline_styles=True, code_format=_PRE)
