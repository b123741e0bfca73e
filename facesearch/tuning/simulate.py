"""A sweep on a clock of its own: the real controller, with workers that only count time.

For the preview's expectations, for trying schedulers on recorded curves, and for tests.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller

# What a training gives after one more epoch: its scores and its seconds, or an outcome.
Epoch = tuple[list[float], float] | str
TrainEpoch = Callable[[Attempt, int], Epoch]


@dataclass
class Tick:
    """Where a simulated sweep stood when an epoch ended: seconds, epochs of all trials, a score."""

    at_s: float
    epochs: int
    trial: int
    trial_epochs: int
    score: float


def simulate(
    controller: Controller, train_epoch: TrainEpoch, *, workers: int = 1, start_s: float = 0.0
) -> list[Tick]:
    """Run a sweep to its end without Ray.

    Args:
        controller: On a `MemoryLedger`.
        train_epoch: Called with an attempt and the number of its next epoch, from 1.
        workers: Attempts at a time.
        start_s: Seconds that each attempt takes before its first epoch.

    Returns:
        A tick for each finished epoch, in the order of time.

    """
    ticks: list[Tick] = []
    # end of the epoch, a counter against ties, the attempt, the epoch, what it gives
    running: list[tuple[float, int, Attempt, int, Epoch]] = []
    now_s, counter = 0.0, 0

    def begin(attempt: Attempt, epoch: int, at_s: float) -> None:
        nonlocal counter
        result = train_epoch(attempt, epoch)
        seconds = 0.0 if isinstance(result, str) else result[1]
        heapq.heappush(running, (at_s + seconds, counter, attempt, epoch, result))
        counter += 1

    while not controller.should_halt():
        while len(running) < workers and (attempt := controller.next_attempt()) is not None:
            begin(attempt, attempt.epochs + 1, now_s + start_s)
        if not running:
            assert controller.is_over, "nothing runs, and yet the sweep is not over"
            return ticks
        now_s, _, attempt, epoch, result = heapq.heappop(running)
        if isinstance(result, str):
            controller.report(attempt.trial, attempt.attempt, {"epoch": epoch, "outcome": result})
            continue
        scores, seconds = result
        report = {"epoch": epoch, "scores": scores, "seconds": seconds}
        goes_on = controller.report(attempt.trial, attempt.attempt, report)
        spent = controller.sweep.epochs_spent
        ticks.append(Tick(now_s, spent, attempt.trial, epoch, scores[0]))
        if goes_on:
            begin(attempt, epoch + 1, now_s)
    return ticks
