"""Sweeps on disk that nobody trained: a real ledger by the real controller, on made-up curves."""

import math
import random
from pathlib import Path
from typing import Any

from facesearch.space import SearchSpace, load_space
from facesearch.tracking.store import Store
from facesearch.tuning.controller import Controller
from facesearch.tuning.folder import open_sweep
from facesearch.tuning.records import Observer, SweepRecord
from facesearch.tuning.sync import sync_sweep

# three heads, with holes of their own; 27 epochs; other numbers of trials by with_settings
TEXT = """\
name: made-up
data: {image_px: 32}
model: {width: {log_int: [8, 64]}, depth: {int: [1, 3]}}
head:
  choice:
    - {type: softmax, label_smoothing: {uniform: [0.0, 0.2]}}
    - {type: cosface, scale: {log_uniform: [10, 64]}}
    - {type: arcface, margin_rad: {uniform: [0.1, 0.5]}, scale: {log_uniform: [10, 64]}}
augment: {strength: {uniform: [0.0, 1.5]}}
optim: {lr: {log_uniform: [0.01, 1.0]}}
train: {epochs: 27}
search: {trials: 24, sampler: random, scheduler: {type: asha, grace_epochs: 3}}
"""


def reached(point: dict[str, Any], epoch: int, noise: random.Random) -> dict[str, float]:
    """Return the metrics of a made-up training: best at a rate of 0.1, better for arcface."""
    miss = abs(math.log10(point["optim.lr"]) + 1) + 0.3 * abs(point["augment.strength"] - 0.6)
    bonus = {"softmax": 0.0, "cosface": 0.08, "arcface": 0.12}[point["head"]]
    top = max(0.02, 0.6 + bonus + 0.02 * math.log2(point["model.width"]) - 0.35 * miss)
    rank1 = top * (1 - math.exp(-epoch / 9)) + noise.gauss(0, 0.01)
    return {
        "val/rank1": max(0.0, rank1), "val/top1": max(0.0, rank1 * 1.1),
        "val/tar_at_far_1e-3": max(0.0, rank1 * 0.4), "train/loss": 8 * math.exp(-epoch / 12) + 0.5,
        "cost/gflops": point["model.width"] * point["model.depth"] / 100,
        "cost/mparams": point["model.width"] ** 2 / 1000,
    }  # fmt: skip


def simulated_sweep(
    runs_dir: Path, *, trials: int = 24, text: str = TEXT, epochs: int = 27, num_failed: int = 2,
    observers: tuple[Observer, ...] = (), seed: int = 0, **search: Any,
) -> Path:  # fmt: skip
    """Write a new finished sweep to ``runs_dir``; return its folder.

    Every trial number that 7 divides fails, up to ``num_failed`` of them: by turns diverged and
    out of memory. ``search`` are settings of the search, such as scheduler or objective. Of each
    held-out identity the hits of the last epoch are noted.
    """
    runs_dir.mkdir(parents=True, exist_ok=True)
    source = runs_dir / "made-up.yaml"
    source.write_text(text.replace("epochs: 27", f"epochs: {epochs}"))
    space = load_space(source).with_settings(trials=trials, **search)
    folder = open_sweep(space, "f" * 64, runs_dir, is_fresh=True)
    with folder.ledger:
        wanted = space.settings.search
        folder.ledger.append("session", pid=0, host="here", trials=trials, time_s=None, growth=None,
                             repeat=[wanted.repeat_top, wanted.repeat_seeds])  # fmt: skip
        sweep = SweepRecord(space.settings.name, 0, epochs)
        controller = Controller(space, folder.ledger, sweep, list(observers))
        _run(controller, space, random.Random(seed), num_failed)
        folder.ledger.append("closed", is_done=controller.is_over)
    return folder.path


def _run(
    controller: Controller, space: SearchSpace, noise: random.Random, num_failed: int
) -> None:  # fmt: skip
    while not controller.should_halt():
        attempt = controller.next_attempt()
        if attempt is None:
            return
        failing = [n for n in range(0, 7 * num_failed, 7) if n == attempt.trial]
        goes_on, epoch = True, attempt.epochs
        while goes_on:
            epoch += 1
            if failing and epoch == 2:
                outcome = ("diverged", "out_of_memory")[attempt.trial // 7 % 2]
                report: dict[str, Any] = {"outcome": outcome, "message": "the loss is not finite"}
            else:
                metrics = reached(attempt.point, epoch, noise)
                scores = space.settings.search.scores(metrics)
                report = {"epoch": epoch, "scores": scores, "seconds": 1.5, **metrics}
                if epoch == controller.sweep.max_epochs:
                    report["hits"] = _hits(metrics["val/rank1"], attempt.trial)
            goes_on = controller.report(attempt.trial, attempt.attempt, report)


def _hits(rank1: float, trial: int) -> list[list[int]]:
    """Return made-up hits and probes of 40 identities; a ledger of before has none."""
    luck = random.Random(trial)
    hits = [sum(luck.random() < rank1 for _ in range(5)) for _ in range(40)]
    return [hits, [5] * 40]


def in_mlflow(folder: Path) -> Store:
    """Write a sweep to the SQLite store beside it, and return the store."""
    from facesearch.tracking.store import resolve_store

    store = resolve_store(None, folder.parent)
    failures: list[str] = []
    assert sync_sweep(folder, store, failures.append), failures
    return store
