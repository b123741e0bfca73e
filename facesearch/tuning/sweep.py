"""A sweep on Ray: size a trial, run what the controller asks for."""

import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import ray
from ray import tune

from facesearch.errors import InputError
from facesearch.space import SearchSpace
from facesearch.training.checkpoint import write_atomically
from facesearch.tuning.cluster import Say
from facesearch.tuning.controller import Controller
from facesearch.tuning.executor import (
    AttemptCallback,
    AttemptScheduler,
    AttemptSearcher,
    HaltStopper,
)  # fmt: skip
from facesearch.tuning.records import SweepRecord

Trainable = Callable[[dict[str, Any]], None]


def trial_resources(space: SearchSpace, available: dict[str, float]) -> dict[str, float]:
    """Return what one trial asks Ray for.

    Raises:
        InputError: If no node of the cluster has as much.

    """
    asked = space.settings.resources
    gpus = asked.gpus_per_trial or (1.0 if available.get("GPU") else 0.0)
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    for what, amount in (("GPU", gpus), ("CPU", float(asked.cpus_per_trial))):
        largest = max((node.get(what, 0.0) for node in nodes), default=0.0)
        if amount > largest:
            raise InputError(
                f"Each trial asks for {amount:g} {what}s, but no node of this cluster has more "
                f"than {largest:g}; the sweep would wait for ever. Set resources."
                f"{what.lower()}s_per_trial <= {largest:g}."
            )
    return {"cpu": float(asked.cpus_per_trial), "gpu": gpus}


def max_concurrent(resources: dict[str, float], available: dict[str, float]) -> int:
    """Return how many trials fit at once; Ray alone would ramp up one by one."""
    fits = available.get("CPU", 1.0) // resources["cpu"]
    if resources["gpu"]:
        fits = min(fits, available.get("GPU", 0.0) // resources["gpu"])
    return max(1, int(fits))


def local_slots(space: SearchSpace, num_cpus: int) -> tuple[int, float]:
    """Return how many trials would run at once on this machine alone, and the GPUs of each."""
    import torch

    asked, num_gpus = space.settings.resources, torch.cuda.device_count()
    gpus = asked.gpus_per_trial or (1.0 if num_gpus else 0.0)
    resources = {"cpu": float(asked.cpus_per_trial), "gpu": gpus}
    search = space.settings.search
    planned = SweepRecord(
        space.settings.name, search.trials if space.holes() else 1, 0,
        repeat_top=search.repeat_top, repeat_seeds=search.repeat_seeds,
    )  # fmt: skip
    return busy_slots(max_concurrent(resources, {"CPU": num_cpus, "GPU": num_gpus}), planned), gpus


def busy_slots(slots: int, sweep: SweepRecord) -> int:
    """Return how many of some places for a trial are in use at once: no more than are planned."""
    repeats = sweep.repeat_top * (sweep.repeat_seeds - 1)
    return max(1, min(slots, max(sweep.planned_trials, repeats)))


def run_trials(
    controller: Controller, task: Trainable, resources: dict[str, float], max_at_once: int,
    stall_s: float = 1800.0, say: Say | None = None,
) -> None:  # fmt: skip
    """Run the attempts of a sweep inside a `ray_session` until it is over or halted.

    Args:
        controller: Decides what is run, and learns what became of it.
        task: Trains one attempt (given as a mapping) and reports to Ray Tune.
        resources: What one attempt asks for, from `trial_resources`.
        max_at_once: Attempts at a time, from `max_concurrent`.
        stall_s: Seconds of silence after which a worker is killed; it ends itself before.
        say: Called with a line for each worker that is lost.

    Raises:
        StorageError: If the disk is full or gone.

    """
    # nobody reads Ray's state files
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", "1000000")
    with tempfile.TemporaryDirectory(prefix="facesearch-") as storage:
        tuner = tune.Tuner(
            tune.with_resources(_as_function(task), resources),
            tune_config=tune.TuneConfig(
                search_alg=AttemptSearcher(controller),
                scheduler=AttemptScheduler(controller),
                num_samples=-1,
                max_concurrent_trials=max_at_once,
                reuse_actors=True,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                storage_path=storage, name="tune", verbose=0, stop=HaltStopper(controller),
                callbacks=[AttemptCallback(controller, stall_s, say)],
                failure_config=tune.FailureConfig(max_failures=0),
            ),
        )  # fmt: skip
        with _interrupts(controller):
            tuner.fit()
    if controller.fatal:
        raise controller.fatal


def _as_function(task: Trainable) -> Trainable:
    """Ray tells functions from classes by their type."""

    def train_one_attempt(config: dict[str, Any]) -> None:
        task(config)

    return train_one_attempt


@contextmanager
def _interrupts(controller: Controller) -> Iterator[None]:
    """Note whether the sweep was interrupted; SIGTERM stops it as gently as Ctrl-C does.

    Ray Tune takes SIGINT over while it runs and returns as if nothing had happened. So an
    interruption shows in trials that were left running though nothing had halted the sweep.
    """
    sweep = controller.sweep

    def on_term(number: int, frame: Any) -> None:
        sweep.is_terminated = True
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, on_term)
    try:
        yield
    except KeyboardInterrupt:
        sweep.is_interrupted = True
    finally:
        signal.signal(signal.SIGTERM, before)
        sweep.is_left = True
    has_unfinished = any(not trial.has_ended for trial in sweep.trials.values())
    sweep.is_interrupted |= has_unfinished and not controller.should_halt()


def write_results(sweep: SweepRecord, path: Path) -> None:
    """Write the sweep's records as JSON, with outcomes in the words that are told."""
    trials = {n: replace(t, outcome=sweep.told(t.outcome)) for n, t in sweep.trials.items()}
    write_atomically(path, json.dumps(asdict(replace(sweep, trials=trials)), indent=1).encode())
