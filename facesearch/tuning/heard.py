"""What workers say of their attempts: the values of an epoch, and when they were heard last."""

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from facesearch.tuning.records import RUNNING, TrialRecord

_METRICS = ("train/", "val/", "cost/", "seconds", "micro_batches")


def epoch_values(report: Mapping[str, Any]) -> dict[str, float]:
    """Return what is kept of a worker's report on an epoch: finite metrics, and its scores."""
    values = {k: float(v) for k, v in report.items() if k.startswith(_METRICS)}
    values = {k: v for k, v in values.items() if math.isfinite(v)}
    first, *more = report["scores"]
    return values | {"score": first, **{f"score_{i}": v for i, v in enumerate(more, 1)}}


class Heard:
    """When something was heard of each trial last; nothing of it outlives the process."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}

    def note(self, trial_number: int) -> None:
        """Note that the trial is not silent."""
        self._at[trial_number] = time.monotonic()

    def silent(self, trials: Iterable[TrialRecord], stall_s: float) -> list[TrialRecord]:
        """Return the running trials of which nothing was heard for so many seconds."""
        now = time.monotonic()
        running = [t for t in trials if t.outcome == RUNNING]
        return [t for t in running if now - self._at.get(t.number, now) > stall_s]
