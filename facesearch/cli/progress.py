"""Bars for what takes long, on a terminal; a line a step elsewhere."""

import time
from collections import defaultdict
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from facesearch.cli.text import printable
from facesearch.cli.verbosity import is_quiet
from facesearch.progress import heard_by
from facesearch.tuning.tables import format_seconds

# Columns that a line of a bar needs beside the bar: words, amount, two times.
_BESIDE_BAR = 58


class Bars:
    """A context manager: loops that tell how far they are get a bar, trainings one each.

    Args:
        console: Where. Bars need a terminal, and go away when they are full.
        begin: What is done before any step is told of; it is shown on a terminal only.

    """

    def __init__(self, console: Console, begin: str = "") -> None:
        self.console, self.begin = console, begin
        self.is_told = not is_quiet()
        is_drawn = self.is_told and console.is_terminal and not console.is_dumb_terminal
        self.progress = Progress(
            SpinnerColumn("line"), TextColumn("{task.description}", markup=False),
            BarColumn(max(10, min(40, console.width - _BESIDE_BAR))),
            TextColumn("{task.fields[amount]}"), TimeElapsedColumn(),
            TimeRemainingColumn(compact=True), console=console, transient=True,
            # what libraries print comes above the bars; click writes past this, so a command
            # prints its answer when they are gone
            redirect_stdout=not console.stderr,
        ) if is_drawn else None  # fmt: skip
        self._bars: dict[str, TaskID] = {}
        self._step: tuple[str, float] | None = None
        self._seconds: dict[tuple[int, int], float] = defaultdict(float)
        self._hearing: Any = None

    def __enter__(self) -> "Bars":
        if self.progress:
            self.progress.start()
            self._hearing = heard_by(self.told)
            self._hearing.__enter__()
            if self.begin:
                self.progress.add_task(self.begin, total=None, amount="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self.progress:
            self._hearing.__exit__(kind, error, trace)
            if error is None:
                self._end_step()
            self.progress.stop()

    def told(self, what: str, done: int, total: int, label: str = "") -> None:
        """Draw how far something is, if it has several steps; a bar that is full goes away."""
        if self.progress is None or total < 2:
            return
        amount = f"{done:,}/{total:,}"
        if what not in self._bars:
            self._bars[what] = self.progress.add_task(label or what, amount=amount)
        self.progress.update(
            self._bars[what], completed=done, total=total, description=label or what, amount=amount
        )
        if done >= total:
            self.progress.remove_task(self._bars.pop(what))

    def epoch(self, progress: Any) -> None:
        """Tell of an epoch of a final training."""
        if self.progress is None:
            self.say(epoch_line(progress))
            return
        key, result = (progress.member, progress.stage), progress.result
        name, loss = member_name(progress), result.metrics["train/loss"]
        self._seconds[key] += result.seconds
        self.told(
            f"member {key}", result.epoch, progress.epochs, f"{name or 'training'}  loss {loss:.4f}"
        )
        if result.epoch >= progress.epochs:
            took = format_seconds(self._seconds[key])
            self.say(f"{name or 'trained'}  {progress.epochs} epochs  loss {loss:.4f}  {took}")

    def step(self, name: str) -> None:
        """Tell of a step that begins; on a terminal it is shown, and then told what it took."""
        if self.progress is None:
            self.say(f"{name} ...")
            return
        self._end_step()
        for task in [t.id for t in self.progress.tasks if t.total is None]:
            self.progress.remove_task(task)
        self.progress.add_task(name, total=None, amount="")
        self._step = (name, time.monotonic())

    def _end_step(self) -> None:
        if self._step is not None:
            name, begun = self._step
            self.say(f"{name}  {format_seconds(time.monotonic() - begun)}")
            self._step = None

    def say(self, line: str) -> None:
        """Print a line, above the bars if there are some."""
        if self.is_told:
            self.console.print(printable(line), highlight=False, markup=False, soft_wrap=True)


def member_name(progress: Any) -> str:
    """Return which network and stage an epoch is of; nothing if there is only one of both.

    Networks differ by their seed, by their trial, or are the control without shifted pictures.
    """
    stage = f"  stage {progress.stage + 1}/{progress.num_stages}" if progress.num_stages > 1 else ""
    if progress.num_members > 1 or stage:
        return f"network {progress.member + 1}/{progress.num_members}{stage}"
    return ""


def epoch_line(progress: Any) -> str:
    """Return one line of an epoch, for a log."""
    result, name = progress.result, member_name(progress)
    return (
        f"{name}{'  ' if name else ''}epoch {result.epoch}/{progress.epochs}  "
        f"loss {result.metrics['train/loss']:.4f}  {result.seconds:.1f}s"
    )
