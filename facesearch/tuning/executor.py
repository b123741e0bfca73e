"""Ray Tune as the one who runs attempts: thin adapters between it and the controller.

Ray's own state files are not read by anybody: what Tune restores loses work, rungs and history.
"""

import contextlib
import functools
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from facesearch.errors import StorageError
from facesearch.tuning.controller import Controller
from facesearch.tuning.records import RUNNING, WAITING

# What Ray raises when a machine went away; the trial is not to blame.
_MACHINE_GONE = ("NodeDied", "node died", "node has died", "ActorUnschedulable", "preempted")
_MEMORY_FULL = ("OutOfMemoryError", "running low on memory")


class AttemptSearcher(Searcher):
    """Asks the controller what a free worker should do."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.controller = controller

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Return an attempt, None for nothing yet, or that the sweep is over."""
        attempt = guarded(self.controller, self.controller.next_attempt, None)
        if attempt is not None:
            return dict(attempt.as_config())
        is_over = guarded(self.controller, lambda: self.controller.is_over, True)
        return str(Searcher.FINISHED) if is_over else None

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """The callback tells the controller."""

    def save(self, checkpoint_path: str) -> None:
        """The ledger has everything."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing is restored from Ray's files."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Searcher, ()


class AttemptScheduler(FIFOScheduler):
    """Asks the controller whether a trial goes on."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.controller = controller

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Return Ray's word for going on or stopping."""
        number, attempt = trial.config["trial"], trial.config["attempt"]
        goes_on = guarded(
            self.controller, lambda: self.controller.report(number, attempt, result), False
        )
        return str(FIFOScheduler.CONTINUE if goes_on else FIFOScheduler.STOP)

    def __reduce__(self) -> tuple[Any, ...]:
        return FIFOScheduler, ()


class AttemptCallback(tune.Callback):
    """Tells the controller, and who looks on, of workers that died or hang."""

    def __init__(
        self, controller: Controller, stall_s: float, say: Callable[[str], None] | None = None
    ) -> None:
        self.controller, self.stall_s, self.say = controller, stall_s, say

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Kill workers of which nothing was heard for too long, such as a stopped process."""
        for record in self.controller.overdue(self.stall_s):
            known = {(t.config["trial"], t.config["attempt"]): t for t in trials}
            trial = known.get((record.number, record.attempts))
            if trial is not None and trial.status != "RUNNING":
                self.controller.heard.note(record.number)  # it waits for a free place on a node
                continue
            if trial is not None:
                _kill_worker(trial)
            message = f"no epoch ended in {self.stall_s:g} s, so its worker was killed"
            self._lost(record.number, record.attempts, message)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A function that returned before its trial had ended was superseded, or has a fault."""
        words = "its training returned before the last epoch"
        self._lost(trial.config["trial"], trial.config["attempt"], words)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A worker died."""
        message, is_counted = account(_error_text(trial))
        number, attempt = trial.config["trial"], trial.config["attempt"]
        self._lost(number, attempt, message, is_counted=is_counted)

    def _lost(self, number: int, attempt: int, message: str, *, is_counted: bool = True) -> None:
        record = self.controller.sweep.trials[number]
        before = record.outcome
        lost = functools.partial(
            self.controller.lost, number, attempt, message, is_counted=is_counted
        )
        guarded(self.controller, lost, None)
        # a trial that ended by it is told of with its outcome
        if self.say and (before, record.outcome) == (RUNNING, WAITING):
            self.say(f"trial {record.name}  {message}")

    def __reduce__(self) -> tuple[Any, ...]:
        return tune.Callback, ()


class HaltStopper(tune.Stopper):
    """Stops everything when the controller says so."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Single trials are the scheduler's."""
        return False

    def stop_all(self) -> bool:
        """Whether a budget is spent, the disk is full or nothing works."""
        return self.controller.should_halt()

    def __reduce__(self) -> tuple[Any, ...]:
        return tune.stopper.NoopStopper, ()


def guarded(controller: Controller, call: Callable[[], Any], otherwise: Any) -> Any:
    """Run a step for Ray, in whose callbacks an exception would end the sweep in disorder.

    A disk that is full halts the sweep; it is told after Ray has stopped.
    """
    try:
        return call()
    except StorageError as error:
        controller.fatal = controller.fatal or error
        return otherwise


def account(error: str) -> tuple[str, bool]:
    """Return why a worker ended, in a line, and whether it may be its trial's fault.

    Args:
        error: All that Ray says of it, which may be many lines.

    """
    if any(word in error for word in _MEMORY_FULL):
        return "Ray ended its worker, as the machine's memory was full (OutOfMemoryError)", True
    gone = next((word for word in _MACHINE_GONE if word in error), "")
    if gone:
        return f"its machine was lost ({gone})", False
    detail = re.search(r"Worker exit detail: (.+?)(?: Some common causes|$)", error, re.MULTILINE)
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    # the last line of Ray's file names the error; the first only counts it
    last = detail[1] if detail else lines[-1] if lines else "no reason is known"
    return (
        f"its worker process ended ({last[:200]}); an epoch that takes longer than "
        "resources.stall_s ends so too"
    ), True


def _error_text(trial: Any) -> str:
    """Return what Ray has noted of a trial's error; it lies on this machine, not in its storage."""
    path = trial.error_file
    with contextlib.suppress(OSError):
        return Path(path).read_text(encoding="utf-8", errors="replace") if path else ""
    return ""


def _kill_worker(trial: Any) -> None:
    """SIGKILL a worker on its own node: one that hangs or is stopped answers nothing else."""
    last_result = trial.last_result or {}
    pid, node = last_result.get("pid"), last_result.get("node_id")
    if not pid or not node:  # it has never reported
        actor = trial.temporary_state.ray_actor
        if actor is not None:
            ray.kill(actor)
        return
    on_node = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
    kill = ray.remote(num_cpus=0, scheduling_strategy=on_node)(_kill)
    with contextlib.suppress(ray.exceptions.RayError):
        ray.get(kill.remote(pid), timeout=30)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
