"""Bars for what takes long, on a terminal; a line a step elsewhere."""

from types import TracebackType
from typing import Any

from facesearch.cli.text import printable
from facesearch.cli.verbosity import is_quiet


class Bars:
    """A context manager: loops that tell how far they are get a bar, trainings one each.

    Args:
        console: Where. Bars need a terminal, and go away when they are full.
        is_told: Whether epochs and steps are told of, as the quiet user does not want.

    """

    def __init__(self, console: Any, *, is_told: bool = True) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self.console = console
        self.is_told = is_told and not is_quiet()
        is_drawn = self.is_told and console.is_terminal and not console.is_dumb_terminal
        self.progress = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(compact=True), console=console, transient=True,
        ) if is_drawn else None  # fmt: skip
        self._bars: dict[str, Any] = {}
        self._hearing: Any = None

    def __enter__(self) -> "Bars":
        from facesearch.progress import heard_by

        if self.progress:
            self.progress.start()
            self._hearing = heard_by(self.told)
            self._hearing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self.progress:
            self._hearing.__exit__(kind, error, trace)
            self.progress.stop()

    def told(self, what: str, done: int, total: int, label: str = "") -> None:
        """Draw how far something is; a bar that is full goes away."""
        if self.progress is None:
            return
        if what not in self._bars:
            self._bars[what] = self.progress.add_task(label or what, total=total)
        bar = self._bars[what]
        self.progress.update(bar, completed=done, total=total, description=label or what)
        if done >= total:
            self.progress.remove_task(self._bars.pop(what))

    def epoch(self, progress: Any) -> None:
        """Tell of an epoch of a final training."""
        if self.progress is None:
            self.say(epoch_line(progress))
            return
        name, loss = member_name(progress), progress.result.metrics["train/loss"]
        self.told(
            f"member {progress.member} stage {progress.stage}", progress.result.epoch,
            progress.epochs, f"{name or 'training'}  loss {loss:.4f}",
        )  # fmt: skip

    def step(self, name: str) -> None:
        """Tell of a step that begins."""
        self.say(f"{name} ...")

    def say(self, line: str) -> None:
        """Print a line, above the bars if there are some."""
        if self.is_told:
            self.console.print(printable(line), highlight=False, markup=False, soft_wrap=True)


def member_name(progress: Any) -> str:
    """Return which seed and stage an epoch is of; nothing if there is only one of both."""
    stage = f"  stage {progress.stage + 1}/{progress.num_stages}" if progress.num_stages > 1 else ""
    if progress.num_members > 1 or stage:
        return f"seed {progress.member + 1}/{progress.num_members}{stage}"
    return ""


def epoch_line(progress: Any) -> str:
    """Return one line of an epoch, for a log."""
    result, name = progress.result, member_name(progress)
    return (
        f"{name}{'  ' if name else ''}epoch {result.epoch}/{progress.epochs}  "
        f"loss {result.metrics['train/loss']:.4f}  {result.seconds:.1f}s"
    )
