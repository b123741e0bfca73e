"""What happened in a sweep, as the driver knows it: one record a trial. No Ray in here."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from facesearch.errors import printable
from facesearch.space import Point

# A trial that has not ended waits for a worker, runs on one, or was paused by the scheduler.
WAITING, RUNNING, PAUSED = "waiting", "running", "paused"
OUTCOMES = ("completed", "pruned", "diverged", "out_of_memory", "failed", "killed")
FAILED = ("diverged", "out_of_memory", "failed")


@dataclass
class TrialRecord:
    """One trial: its point, its curve, and how it ended.

    A worker that takes it up is an attempt; a trial has several when one dies, when the sweep is
    continued, or when a scheduler lets it go on after a pause.
    """

    number: int
    point: Point
    draw: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    outcome: str = WAITING
    message: str = ""
    attempts: int = 0
    crashes: int = 0
    # epochs at its last wake: the scheduler's decision there has been taken
    woken_epochs: int = -1
    # under pbt, the trial whose weights it goes on from
    parent: int | None = None
    run_id: str | None = None

    @property
    def epochs(self) -> int:
        """Finished epochs, a count."""
        return len(self.curve)

    @property
    def score(self) -> float | None:
        """The latest score, on which the trial is judged; None before the first epoch."""
        return self.curve[-1]["score"] if self.curve else None

    def scores(self, epoch: int) -> tuple[float, ...]:
        """Return what is maximised after ``epoch`` (from 1): one number for each objective."""
        row = self.curve[epoch - 1]
        more = sorted(key for key in row if key.startswith("score_"))
        return (row["score"], *(row[key] for key in more))

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.outcome in OUTCOMES

    @property
    def title(self) -> str:
        """A short name for people: number and what is special about the point."""
        return f"{self.number:03d} {describe_point(self.point)}"


@dataclass
class SweepRecord:
    """All trials of one sweep, and its plan."""

    name: str
    planned_trials: int
    max_epochs: int
    sweep_id: str = ""
    time_s: float | None = None
    # seconds of this session, and of those before it
    session_s: float = 0.0
    past_s: float = 0.0
    trials: dict[int, TrialRecord] = field(default_factory=dict)
    # points that were drawn and not started, by the number of the draw: their excess over limits
    refused: dict[int, tuple[Point, dict[str, float]]] = field(default_factory=dict)
    # how it may have grown: what was spent before the last extension does not count any more
    is_extended: bool = False
    growth: tuple[int, float | None] = (0, None)
    ended_before: int = 0
    epochs_before: int = 0
    gpu_s_before: float = 0.0
    is_done: bool = False
    # the trials' numbers in the order in which they ended
    ended_order: list[int] = field(default_factory=list)
    abandoned: str = ""
    is_interrupted: bool = False
    is_terminated: bool = False

    def ranked(self) -> list[TrialRecord]:
        """Return trials with a score, best first; longer trained ones first.

        A trial that was stopped early is no rival of one that was trained to the end: its score
        is from another phase of the schedule. So completed trials come first.
        """
        usable = [t for t in list(self.trials.values()) if t.curve and t.outcome not in FAILED]
        return sorted(usable, key=lambda t: (t.epochs, t.score or 0.0), reverse=True)

    @property
    def best(self) -> TrialRecord | None:
        """The trial to finalize, or None while no trial has a score."""
        ranked = self.ranked()
        return ranked[0] if ranked else None

    @property
    def epochs_spent(self) -> int:
        """Finished epochs of all trials, a count."""
        return sum(t.epochs for t in list(self.trials.values()))

    @property
    def num_ended(self) -> int:
        """Trials to which nothing more will happen, a count."""
        return sum(t.has_ended for t in list(self.trials.values()))

    def count(self, outcome: str) -> int:
        """Return how many trials ended (or are) so."""
        return sum(t.outcome == outcome for t in list(self.trials.values()))

    def told(self, outcome: str) -> str:
        """Return an outcome as it is told: what was at work when all stopped is unfinished."""
        return "unfinished" if self.is_interrupted and outcome == RUNNING else outcome


class Observer(Protocol):
    """Who wants to know what happens in a sweep: the live view, the tracker."""

    def trial_started(self, trial: TrialRecord) -> None:
        """A worker took the trial up, for the first time or again."""

    def epoch_done(self, trial: TrialRecord) -> None:
        """A trial finished an epoch; it is the last of its curve."""

    def trial_ended(self, trial: TrialRecord) -> None:
        """A trial has its outcome, or was paused."""


def describe_point(point: Point) -> str:
    """Return the point in a few words, such as ``arcface margin_rad=0.3 lr=0.05``."""
    words = []
    for name, value in point.items():
        short = name.split(".")[-1]
        if isinstance(value, str):
            words.append(value)
        else:
            words.append(f"{short}={format_number(value)}")
    return printable(" ".join(words)) or "as written"


def format_number(value: Any) -> str:
    """Return a number with three significant digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def short_names(points: list[Point]) -> dict[str, str]:
    """Map each dotted name to its last word where that is unique among all points."""
    names = list(dict.fromkeys(name for point in points for name in point))
    last = [name.split(".")[-1] for name in names]
    return {n: s if last.count(s) == 1 else n for n, s in zip(names, last, strict=True)}
