"""What happened in a sweep, as the driver knows it: one record a trial. No Ray in here."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from facesearch.errors import printable
from facesearch.space import Point
from facesearch.tuning.outcomes import (
    FAILED,
    FINALIZABLE,
    INTERRUPTED,
    OUTCOMES,
    PAUSED,
    RUNNING,
    WAITING,
    left_word,
    present_word,
    status_word,
)
from facesearch.tuning.ranking import has_place, mean_words, ranked, seed_scores

# Outcomes and ranking belong to the records: who reads these needs no other part of the tuning.
__all__ = [
    "FAILED", "FINALIZABLE", "INTERRUPTED", "OUTCOMES", "PAUSED", "RUNNING", "WAITING", "Observer",
    "SweepRecord", "TrialRecord", "describe_point", "format_number", "has_place", "left_word",
    "mean_words", "present_word", "ranked", "seed_scores", "short_names", "status_word",
    "trial_name",
]  # fmt: skip


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
    # a repeat is the config of another trial with another seed: so much is added to its own
    repeat_of: int | None = None
    seed_offset: int = 0
    # correct rank-1 probes of each held-out identity after the last epoch, and probes of each
    hits: list[list[int]] | None = None

    @property
    def epochs(self) -> int:
        """Finished epochs, a count."""
        return len(self.curve)

    @property
    def score(self) -> float | None:
        """The latest score, on which the trial is judged; None before the first epoch."""
        return self.curve[-1]["score"] if self.curve else None

    @property
    def last_scores(self) -> tuple[float, ...]:
        """What is maximised, after its last epoch; nothing before the first."""
        return self.scores(self.epochs) if self.curve else ()

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
        again = "" if self.repeat_of is None else f" ({trial_name(self.repeat_of)} again)"
        return f"{self.name} {describe_point(self.point)}{again}"

    @property
    def name(self) -> str:
        """What it is called wherever it is told of, such as ``013``."""
        return trial_name(self.number)


def trial_name(number: int) -> str:
    """Return what a trial is called: its number with three digits, or as many as it has."""
    return f"{number:03d}"


@dataclass
class SweepRecord:
    """All trials of one sweep, and its plan."""

    name: str
    planned_trials: int
    max_epochs: int
    sweep_id: str = ""
    time_s: float | None = None
    # how many of the best are trained again when the search has ended, and with how many seeds
    repeat_top: int = 0
    repeat_seeds: int = 1
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
    # whether nobody works on it any more
    is_left: bool = False
    is_terminated: bool = False

    def ranked(self) -> list[TrialRecord]:
        """Return the trials of the search that have a score, best first: see `ranking`.

        Repeats are no trials of their own here: they are in the mean of the one that they repeat.
        """
        repeats = self.repeats()
        return ranked(self.searched(), lambda trial: repeats.get(trial.number, ()))

    def searched(self) -> list[TrialRecord]:
        """Return the trials of the search itself: all but the repeats."""
        return [t for t in list(self.trials.values()) if t.repeat_of is None]

    def repeats(self) -> dict[int, list[TrialRecord]]:
        """Return the repeats by the trial that they repeat."""
        found: dict[int, list[TrialRecord]] = defaultdict(list)
        for trial in list(self.trials.values()):
            if trial.repeat_of is not None:
                found[trial.repeat_of].append(trial)
        return found

    def scores_of(self, trial: TrialRecord) -> list[float]:
        """Return the scores of the seeds of a trial; one where it was not repeated."""
        return seed_scores(trial, self.repeats().get(trial.number, ()))

    def without_repeats(self) -> "SweepRecord":
        """Return it as the search alone left it, with the same trials."""
        trials = {t.number: t for t in self.searched()}
        order = [number for number in self.ended_order if number in trials]
        return replace(self, trials=trials, ended_order=order)

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
        """Return an outcome as it is told: what was at work when all stopped is interrupted."""
        return left_word(outcome) if self.is_left else outcome

    def counts(self) -> Counter[str]:
        """Return how many trials ended (or are) how, by the word that it is told with."""
        return Counter(self.told(t.outcome) for t in list(self.trials.values()))

    def leave(self) -> None:
        """Note that nobody works on it any more: what has not ended is interrupted."""
        is_whole = self.num_ended == len(self.trials) >= self.planned_trials
        self.is_left = True
        self.is_interrupted |= not (self.is_done or is_whole)


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
