"""What a sweep would do, before any of it: its holes, rungs, costs, and how long it takes here."""

import math
import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facesearch.config import RunConfig, SearchConfig, absolute_root
from facesearch.data.faces import load_faces
from facesearch.models.cost import network_costs
from facesearch.space import Hole, Point, SearchSpace
from facesearch.training.fit import Training
from facesearch.training.memory import Room, training_bytes
from facesearch.training.retention import size_bytes
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.limits import Limits
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.simulate import simulate

# Starting Ray, a worker's imports before its first trial, and what each attempt costs beside its
# epochs, in seconds; measured on 2 cores (experiments/trial-overhead).
RAY_START_S, WORKER_START_S, ATTEMPT_S = 5.0, 6.0, 0.25
_DRAWS = 30


@dataclass(frozen=True)
class NetworkCost:
    """What one point of the space costs: operations, parameters and bytes of memory and disk."""

    point: Point
    config: RunConfig
    gflops: float
    mparams: float
    memory_bytes: int
    checkpoint_bytes: int


@dataclass(frozen=True)
class Expected:
    """What a sweep is expected to take: the mean over simulated ones.

    epochs are those of the search, and rungs maps an epoch to the number of its trials that reach
    it. repeats are the trainings of the best with further seeds, which come after it; seconds are
    of all together.
    """

    epochs: float
    seconds: float
    rungs: dict[int, float]
    repeats: int = 0
    repeat_epochs: int = 0
    repeat_seconds: float = 0.0


def describe_hole(hole: Hole) -> tuple[str, str, str]:
    """Return name, values and condition of a hole for people."""
    if hole.kind == "choice":
        values = " | ".join(str(value) for value in hole.values)
    else:
        values = f"{hole.values[0]} ... {hole.values[1]}{' (log)' if hole.is_log else ''}"
    when = " and ".join(f"{name} = {label}" for name, label in hole.under)
    return hole.name, values, when


def extremes(
    space: SearchSpace, root: str | None, num_identities: int, num_held_out: int = 0
) -> list[NetworkCost]:
    """Return the smallest, the median and the largest network of some random points.

    Args:
        space: What is searched.
        root: Folder of faces; None: the one in the space, or generated faces.
        num_identities: Those that are trained on.
        num_held_out: Faces of held-out identities.

    """
    rng = random.Random(0)
    seen: dict[str, NetworkCost] = {}
    for _ in range(_DRAWS):
        point, config = space.draw(rng)
        key = f"{config.model!r} {config.data.image_px} {config.train.batch_size}"
        if key not in seen:
            seen[key] = _cost(point, absolute_root(config, root), num_identities, num_held_out)
    ordered = sorted(seen.values(), key=lambda cost: cost.gflops)
    places = dict.fromkeys((0, len(ordered) // 2, len(ordered) - 1))
    return [ordered[place] for place in places]


def _cost(point: Point, config: RunConfig, num_identities: int, num_held_out: int) -> NetworkCost:
    costs = network_costs(config)
    memory = training_bytes(config, num_identities, num_held_out=num_held_out)
    return NetworkCost(
        point, config, costs["cost/gflops"], costs["cost/mparams"],
        memory.total, size_bytes(config, num_identities),
    )  # fmt: skip


def impossible(costs: Sequence[NetworkCost], room: Room) -> list[str]:
    """Return a line for each network that cannot be trained here."""
    why = f", {room.why}" if room.why else ""
    return [
        f"a network of {cost.mparams:.3g} M parameters needs {cost.memory_bytes / 2**30:.3g} GiB, "
        f"a trial here has {room.num_bytes / 2**30:.3g}{why}; such points will be refused: "
        f"{cost.point}"
        for cost in costs
        if cost.memory_bytes > room.num_bytes
    ]


def duplicates(space: SearchSpace, count: int) -> int:
    """Return how many of ``count`` random points repeat an earlier one."""
    rng = random.Random(0)
    points = [repr(sorted(space.draw(rng)[0].items())) for _ in range(count)]
    return count - len(set(points))


def measure_seconds(
    configs: Sequence[RunConfig], at_once: int, cpus: int, epochs: int = 2
) -> list[tuple[float, float]]:
    """Train each config for a moment, in as many processes at a time as the sweep would use.

    Returns:
        For each config, the seconds of its first epoch (with its building) and of a later one.

    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(at_once) as pool:
        jobs = [(list(configs), cpus, epochs)] * at_once
        measured = np.array(pool.starmap(_train_briefly, jobs, chunksize=1))
    first, later = measured.mean(axis=0).T
    return list(zip(first.tolist(), later.tolist(), strict=True))


def _train_briefly(
    configs: Sequence[RunConfig], cpus: int, epochs: int
) -> list[tuple[float, float]]:
    import torch

    torch.set_num_threads(cpus)
    seconds = []
    for config in configs:
        start = time.perf_counter()
        training = Training(config, load_faces(config.data))
        ends = []
        for result in training.epochs():
            ends.append(time.perf_counter())
            if result.epoch == epochs:
                break
        seconds.append((ends[0] - start, (ends[-1] - ends[0]) / max(1, len(ends) - 1)))
    return seconds


def expected(
    space: SearchSpace, costs: Sequence[NetworkCost], seconds: Sequence[tuple[float, float]],
    at_once: int, limits: Limits | None = None, repeats: int = 10,
) -> Expected:  # fmt: skip
    """Simulate the sweep with random points and made-up scores.

    Args:
        space: What is searched.
        costs: Of some networks, ascending.
        seconds: First and later epoch of each of them, from `measure_seconds`.
        at_once: Trials at a time.
        limits: Which points are not started.
        repeats: Simulated sweeps.

    """
    gflops = [cost.gflops for cost in costs]
    random_space = space.with_settings(sampler="random", time_s=1e12)
    results = [
        _simulated(random_space, gflops, seconds, at_once, limits, seed) for seed in range(repeats)
    ]
    time_s = space.settings.search.time_s
    repeat_s = float(np.mean([r.repeat_seconds for r in results]))
    total = float(np.mean([r.seconds for r in results])) + RAY_START_S + WORKER_START_S
    total = total if time_s is None else min(total, time_s)  # it bounds the search alone
    rungs = {e: float(np.mean([r.rungs[e] for r in results])) for e in results[0].rungs}
    epochs = float(np.mean([r.epochs for r in results]))
    first = results[0]
    return Expected(epochs, total + repeat_s, rungs, first.repeats, first.repeat_epochs, repeat_s)


def _simulated(
    space: SearchSpace, gflops: Sequence[float], seconds: Sequence[tuple[float, float]],
    at_once: int, limits: Limits | None, seed: int,
) -> Expected:  # fmt: skip
    rng = np.random.default_rng(seed)
    max_epochs = space.first_config().train.epochs
    ledger, sweep = MemoryLedger(), SweepRecord(space.settings.name, 0, max_epochs)
    ledger.append("opened", sweep_id="", name="", max_epochs=max_epochs)
    search = space.settings.search
    planned = search.trials if space.holes() else 1
    repeat = [search.repeat_top, search.repeat_seeds]
    ledger.append("session", trials=planned, time_s=None, repeat=repeat)
    controller = Controller(space, ledger, sweep, [], limits)
    quality: dict[int, float] = {}
    cost: dict[int, float] = {}

    def train_epoch(attempt: Attempt, epoch: int) -> tuple[list[float], float]:
        if attempt.trial not in quality:
            quality[attempt.trial] = float(rng.normal())
            cost[attempt.trial] = network_costs(space.config(attempt.point))["cost/gflops"]
        noise = float(rng.normal()) * (1 - epoch / max_epochs)
        which = 0 if epoch == attempt.epochs + 1 else 1
        took = float(np.interp(cost[attempt.trial], gflops, [s[which] for s in seconds]))
        return _made_up(search, quality[attempt.trial] + noise), took

    ticks = simulate(controller, train_epoch, workers=at_once, start_s=ATTEMPT_S)
    searched = sweep.without_repeats()
    reached = [trial.epochs for trial in searched.trials.values()]
    rungs = {e: float(sum(r >= e for r in reached)) for e in range(1, max_epochs + 1)}
    ends = [tick.at_s for tick in ticks if tick.trial in searched.trials]
    search_s = max(ends, default=0.0)
    repeats = len(sweep.trials) - len(reached)
    return Expected(
        float(searched.epochs_spent), search_s, rungs, repeats,
        sweep.epochs_spent - searched.epochs_spent, (ticks[-1].at_s if ticks else 0.0) - search_s,
    )  # fmt: skip


def _made_up(search: SearchConfig, score: float) -> list[float]:
    return [score] * (len(search.objectives) if search.has_several else 1)


def shown_rungs(reached: dict[int, float]) -> list[int]:
    """Return the epochs to show: where trials are stopped, the first and the last."""
    epochs = sorted(reached)
    steps = [e for e in epochs[:-1] if not math.isclose(reached[e], reached[e + 1])]
    return list(dict.fromkeys([epochs[0], *steps, epochs[-1]]))[:20]
