"""A sweep from the space to its records: Ray Tune runs the trials, ASHA stops them early."""

import json
import logging
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler

from facesearch.errors import InputError
from facesearch.space import SearchSpace
from facesearch.training.checkpoint import write_atomically
from facesearch.tuning.callback import SweepCallback
from facesearch.tuning.records import RUNNING, Observer, SweepRecord
from facesearch.tuning.search import build_searcher

Trainable = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Cluster:
    """Which Ray to use: None starts one on this machine and stops it afterwards."""

    address: str | None = None


@contextmanager
def ray_session(cluster: Cluster) -> Iterator[dict[str, float]]:
    """Connect to Ray, yield its resources, disconnect.

    Raises:
        InputError: If no cluster answers at the address.

    """
    quiet: dict[str, Any] = {
        "logging_level": logging.ERROR, "log_to_driver": False, "configure_logging": False,
    }  # fmt: skip
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        if cluster.address:
            _refuse_silent_address(cluster.address)
            ray.init(address=cluster.address, **quiet)
        else:
            ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        if cluster.address is None:
            raise
        reason = str(error).splitlines()[0][:200]
        raise InputError(
            f"--address {cluster.address}: no Ray cluster answers ({reason})"
        ) from None
    except KeyboardInterrupt:
        ray.shutdown()
        raise
    try:
        yield ray.cluster_resources()
    finally:
        ray.shutdown()


def _refuse_silent_address(address: str) -> None:
    """Knock at HOST:PORT first: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "://" in address:
        return
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"--address {address}: nobody answers there ({error}). Start one with `ray start "
            "--head`, and give its HOST:PORT, or leave --address out."
        ) from None


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


def run_trials(
    space: SearchSpace, task: Trainable, sweep: SweepRecord, observers: list[Observer],
    available: dict[str, float],
) -> None:  # fmt: skip
    """Run the trials of a sweep inside a `ray_session`; fills ``sweep``.

    Args:
        space: What is searched, and how.
        task: Trains one point and reports ``epoch`` and ``score``.
        sweep: The records to fill.
        observers: Who is told of every event.
        available: The cluster's resources.

    """
    search = space.settings.search
    resources = trial_resources(space, available)
    callback = SweepCallback(sweep, observers)
    scheduler: Any = FIFOScheduler()
    if search.scheduler.type == "asha":
        scheduler = ASHAScheduler(
            time_attr="epoch", metric="score", mode="max", max_t=sweep.max_epochs,
            grace_period=search.scheduler.grace_epochs, reduction_factor=search.scheduler.eta,
            brackets=1,
        )  # fmt: skip
    has_holes = bool(space.holes())
    with tempfile.TemporaryDirectory(prefix="facesearch-") as storage:
        tuner = tune.Tuner(
            tune.with_resources(_as_function(task), resources),
            tune_config=tune.TuneConfig(
                search_alg=build_searcher(space, search) if has_holes else None,
                scheduler=scheduler,
                num_samples=sweep.planned_trials,
                time_budget_s=search.time_s,
                max_concurrent_trials=max_concurrent(resources, available),
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                storage_path=storage, name="tune", callbacks=[callback], verbose=0,
                failure_config=tune.FailureConfig(max_failures=0),
            ),
        )  # fmt: skip
        try:
            with _interrupts(sweep, search.time_s):
                tuner.fit()
        finally:
            callback.end_unfinished()


def _as_function(task: Trainable) -> Trainable:
    """Ray tells functions from classes by their type."""

    def train_one_point(config: dict[str, Any]) -> None:
        task(config)

    return train_one_point


@contextmanager
def _interrupts(sweep: SweepRecord, time_s: float | None) -> Iterator[None]:
    """Note whether the sweep was interrupted; SIGTERM stops it as gently as Ctrl-C does.

    Ray Tune takes SIGINT over while it runs and returns as if nothing had happened. So an
    interruption shows in trials that were left running before the time was up.
    """

    def on_term(number: int, frame: Any) -> None:
        sweep.is_terminated = True
        signal.raise_signal(signal.SIGINT)

    start, before = time.monotonic(), signal.signal(signal.SIGTERM, on_term)
    try:
        yield
    except KeyboardInterrupt:
        sweep.is_interrupted = True
    finally:
        signal.signal(signal.SIGTERM, before)
    is_time_up = time_s is not None and time.monotonic() - start >= time_s
    sweep.is_interrupted |= sweep.count(RUNNING) > 0 and not is_time_up


def write_results(sweep: SweepRecord, path: Path) -> None:
    """Write the sweep's records as JSON."""
    write_atomically(path, json.dumps(asdict(sweep), indent=1).encode())
