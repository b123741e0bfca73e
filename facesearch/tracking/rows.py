"""A trial as a row of a leaderboard: its fields, by the names under which people ask for them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from facesearch.tuning.records import (
    FINALIZABLE,
    INTERRUPTED,
    OUTCOMES,
    describe_point,
    has_place,
    left_word,
    trial_name,
)

Value = str | int | float | bool | None
_WORDS: dict[str, Value] = {"True": True, "False": False, "None": None}
SHORT_ID = 8
# The tag that names the trial whose config a run trained again with another seed.
REPEAT_OF = "facesearch.repeat_of"


@dataclass(frozen=True)
class Row:
    """One trial of a sweep.

    Args:
        run_id: In MLflow; "" if it was read from the ledger, which does not know it.
        sweep: Name of the sweep's folder.
        trial: Its number.
        outcome: How it ended, or what it does.
        epochs: Finished epochs, a count.
        score: The latest one; None before the first epoch.
        started_s: Seconds since 1970; None if nobody has noted it.
        params: What was searched, by short names, in the order of the space.
        metrics: The latest of each.
        repeat_of: The trial whose config it trained again with another seed; None for most.

    """

    run_id: str
    sweep: str
    trial: int
    outcome: str
    epochs: int = 0
    score: float | None = None
    started_s: float | None = None
    params: dict[str, Value] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    repeat_of: int | None = None

    @property
    def name(self) -> str:
        """What the trial is called."""
        return trial_name(self.trial)

    @property
    def is_ranked(self) -> bool:
        """Whether its score counts, as in `SweepRecord.ranked`."""
        return has_place(self)

    @property
    def is_finalizable(self) -> bool:
        """Whether `finalize` takes it now: it is ranked, not at work, and MLflow has it."""
        return bool(self.run_id) and self.is_ranked and self.outcome in FINALIZABLE

    @property
    def number(self) -> int:
        """The number of the trial."""
        return self.trial

    @property
    def last_scores(self) -> tuple[float, ...]:
        """What is maximised, one number an objective; none before the first epoch."""
        if self.score is None:
            return ()
        more = sorted(name for name in self.metrics if name.startswith("score_"))
        return (self.score, *(self.metrics[name] for name in more))

    @property
    def point(self) -> str:
        """What was searched, in a few words."""
        return describe_point(self.params)

    def fields(self) -> dict[str, Value]:
        """Return all values by name; a param whose name is taken has ``param.`` before it."""
        own: dict[str, Value] = {
            "sweep": self.sweep, "run": self.run_id, "trial": self.trial, "outcome": self.outcome,
            "epochs": self.epochs, "score": self.score, "started": iso_time(self.started_s),
        }  # fmt: skip
        if self.repeat_of is not None:
            own["repeat_of"] = self.repeat_of
        params = {f"param.{k}" if k in own else k: v for k, v in self.params.items()}
        more = {k: v for k, v in self.metrics.items() if k not in own and k not in params}
        return {**own, **params, **more}


@dataclass(frozen=True)
class Final:
    """A finalized model: a run with figures, each a value with the ends of its interval."""

    run_id: str
    name: str
    trial_run_id: str
    status: str
    started_s: float | None
    figures: dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Board:
    """A sweep with its trials and the models that were made of them.

    Args:
        sweep: Name of its folder, else its own.
        sweep_id: Which it keeps wherever it is written.
        source: Where it was read, for people.
        started_s: Seconds since 1970.
        rows: Its trials, by number.
        finals: The newest first.
        facts: What else is known of it, by name.

    """

    sweep: str
    sweep_id: str
    source: str
    started_s: float | None
    rows: list[Row]
    finals: list[Final] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


def as_left(board: Board) -> Board:
    """Return a board as it is told when nobody works on the sweep any more."""
    rows = [replace(row, outcome=left_word(row.outcome)) for row in board.rows]
    status = board.facts.get("status", "")
    facts = {**board.facts, "status": INTERRUPTED if status == "running" else status}
    return replace(board, rows=rows, facts=facts)


def with_ledger(board: Board, ledger: Board) -> tuple[Board, int]:
    """Return a store's board with what the sweep's ledger knows better, and of how many trials.

    While the sweep is at work the store is as good, or will be in a moment: nothing is taken then.
    """
    if ledger.facts["status"] == "running":
        return board, 0
    left = as_left(board)
    known = {row.trial: row for row in ledger.rows}
    rows = [_newer(row, known.get(row.trial, row)) for row in left.rows]
    num_behind = sum(new is not row for new, row in zip(rows, left.rows, strict=True))
    facts = {**left.facts, "status": ledger.facts["status"]}
    return replace(left, rows=rows, facts=facts), num_behind


def _newer(row: Row, ledger: Row) -> Row:
    """Return a trial as its ledger has it, if the store has not been told all of it."""
    has_ended = row.outcome in OUTCOMES
    if row.epochs < ledger.epochs or (not has_ended and row.outcome != ledger.outcome):
        return replace(ledger, run_id=row.run_id, started_s=row.started_s)
    return row


@dataclass(frozen=True)
class Detail:
    """One run in full.

    Args:
        kind: ``trial`` or ``final``.
        name: For people.
        row: Of a trial; of a final model its figures are the metrics and its number is -1.
        status: As MLflow has it; "" if it was read from the ledger.
        message: Why it failed, if it did.
        config: The whole of it, plain.
        curves: Values of the epochs by metric.
        provenance: What it came from: code, space, faces, versions.
        artifacts: Paths of its files in the store.
        source: Where it was read.

    """

    kind: str
    name: str
    row: Row
    status: str = ""
    message: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)
    artifacts: list[str] = field(default_factory=list)
    source: str = ""

    @property
    def label(self) -> str:
        """What it is called in a command: its short id, else sweep and number."""
        return self.row.run_id[:SHORT_ID] or f"{self.row.sweep}/{self.row.name}"


def plain_value(value: Any) -> Value:
    """Return a param as it was before MLflow made text of it: a number, a truth value, a word."""
    text = str(value)
    if text in _WORDS:
        return _WORDS[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def in_order(params: Mapping[str, Value], title: str) -> dict[str, Value]:
    """Return params in the order in which a trial's title tells them; a store has lost it."""

    def place(name: str) -> tuple[int, str]:
        value = params[name]
        word = value if isinstance(value, str) else f"{name.split('.')[-1]}="
        found = title.find(f" {word}")
        return (found if found >= 0 else len(title), name)

    return {name: params[name] for name in sorted(params, key=place)}


def figures_of(metrics: Mapping[str, float]) -> dict[str, tuple[float, float, float]]:
    """Return the figures of a final model: each value, and the ends of its interval or NaN."""
    nan = float("nan")
    figures = {}
    for key, value in metrics.items():
        if key.startswith("final/") and not key.endswith(("/low", "/high")):
            low, high = (metrics.get(f"{key}/{end}", nan) for end in ("low", "high"))
            figures[key.removeprefix("final/")] = (value, low, high)
    return figures


def iso_time(seconds: float | None) -> str:
    """Return a local time such as ``2026-05-01T09:30:00``; "" for None."""
    if seconds is None or math.isnan(seconds):
        return ""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%dT%H:%M:%S")
