"""Train random recipes to the end, in several ways; score each at every ninth of the way and more.

    python experiments/fair-rungs/measure.py FACES curves.csv --part 0 --of 2

Each recipe is trained under three courses of the learning rate. At each scored epoch the last
weights and their running average are scored on two halves of the strangers: `search`, which a
sweep may look at, and `test`, on which the choice is judged. What is in the CSV already is not
trained again, so the command goes on where it was stopped.
"""

import argparse
import csv
import os
import random
from pathlib import Path

import numpy as np
import torch

from facesearch.config import RunConfig, absolute_root
from facesearch.data.faces import load_faces
from facesearch.errors import TrialFailure
from facesearch.metrics.identification import gallery_and_probes, rank_k
from facesearch.metrics.tar import tar_of_all_pairs
from facesearch.space import load_space
from facesearch.training.evaluate import embed
from facesearch.training.fit import Training

SCORED = (1, 2, 3, 4, 6, 9, 13, 18, 22, 27)
# name: (schedule, warm-up fraction, epochs)
COURSES = {
    "one_cycle": ("one_cycle", 0.2, 27),
    "wsd": ("wsd", 0.05, 27),
    "one_cycle_3": ("one_cycle", 0.2, 3),
}
FIELDS = (
    "course", "seed", "recipe", "epoch", "weights", "half", "rank1", "nearest", "tar_at_far_1e-3",
    "train_loss", "seconds",
)  # fmt: skip


def recipes(seed: int, root: str, count: int) -> list[RunConfig]:
    """Draw the recipes of a seed."""
    space = load_space(Path(__file__).with_name("space.yaml"))
    rng = random.Random(seed)
    return [absolute_root(space.draw(rng)[1], root) for _ in range(count)]


def on_course(config: RunConfig, course: str) -> RunConfig:
    """Return the recipe under another course of the rate, with averaged weights beside."""
    schedule, warmup, epochs = COURSES[course]
    optim = config.optim.model_copy(
        update={"schedule": schedule, "warmup_fraction": warmup, "ema_decay": 0.99}
    )
    train = config.train.model_copy(update={"epochs": epochs})
    return config.model_copy(update={"optim": optim, "train": train})


def nearest(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of faces whose nearest other face is of the same person."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = unit @ unit.T
    np.fill_diagonal(scores, -2.0)
    return float((labels[scores.argmax(1)] == labels).mean())


def score(training: Training) -> list[dict[str, object]]:
    """Score the last and the averaged weights on both halves of the strangers."""
    rows: list[dict[str, object]] = []
    strangers = training.faces.strangers
    for weights, network in (("last", training.network), ("average", training.best_network)):
        vectors = embed(network, strangers, training.autocast, has_mirror=False).numpy()
        for half, parity in (("search", 0), ("test", 1)):
            chosen = strangers.labels_M % 2 == parity
            part, labels = vectors[chosen], strangers.labels_M[chosen]
            gallery, probes = gallery_and_probes(labels)
            rank1 = rank_k(part[gallery], labels[gallery], part[probes], labels[probes])
            tar = tar_of_all_pairs(part, labels, 1e-3)
            rows.append(
                {"weights": weights, "half": half, "rank1": rank1,
                 "nearest": nearest(part, labels), "tar_at_far_1e-3": tar}
            )  # fmt: skip
    return rows


def train(config: RunConfig, course: str, key: dict[str, object]) -> list[dict[str, object]]:
    """Train one recipe to its end; return its rows."""
    training = Training(on_course(config, course), load_faces(config.data))
    training.score = lambda: {}  # type: ignore[method-assign] # scored here, in its own way
    rows: list[dict[str, object]] = []
    seconds = 0.0
    try:
        for result in training.epochs():
            seconds += result.seconds
            if result.epoch in SCORED:
                more = {"epoch": result.epoch, "train_loss": result.metrics["train/loss"]}
                rows += [{**key, **more, **row, "seconds": seconds} for row in score(training)]
    except TrialFailure:
        pass  # diverged: the rows so far
    return rows or [{**key, "epoch": 0}]


def main() -> None:
    """Train what is not in the CSV yet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("root")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recipes", type=int, default=16)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--of", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    done = set()
    if asked.out.exists():
        with asked.out.open() as file:
            done = {(r["course"], r["seed"], r["recipe"]) for r in csv.DictReader(file)}
    jobs = [
        (course, seed, number)
        for seed in range(asked.seeds) for course in COURSES for number in range(asked.recipes)
    ]  # fmt: skip
    for course, seed, number in jobs[asked.part :: asked.of]:
        if (course, str(seed), str(number)) in done:
            continue
        config = recipes(seed, asked.root, asked.recipes)[number]
        rows = train(config, course, {"course": course, "seed": seed, "recipe": number})
        is_new = not asked.out.exists()
        with asked.out.open("a", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            if is_new:
                writer.writeheader()
            for row in rows:
                writer.writerow(
                    {k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()}
                )
        print(os.getpid(), course, seed, number, rows[-1], flush=True)


if __name__ == "__main__":
    main()
