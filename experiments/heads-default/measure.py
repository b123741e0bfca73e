"""Train every head at its default on the same faces, network and epochs; write results.csv.

    python experiments/heads-default/measure.py FACES-F22 [HEAD...]

Heads that are in results.csv already are left out, so the command can be given again.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np

from facesearch.config import HEAD_CONFIGS, RunConfig
from facesearch.data.faces import image_set, load_faces
from facesearch.data.layouts import read_layout
from facesearch.metrics.identification import gallery_and_probes, rank_k
from facesearch.metrics.intervals import wilson
from facesearch.training.evaluate import closed_set_top1, embed
from facesearch.training.fit import Training

RESULTS = Path(__file__).parent / "results.csv"
FIELDS = [
    "head", "dev_top1", "dev_low", "dev_high", "dev_faces",
    "rank1", "rank1_low", "rank1_high", "probes", "train_loss", "seconds",
]  # fmt: skip


def config_of(head: str, root: str) -> RunConfig:
    """Return the run that all heads share: 80 px, width 32, 15 epochs, the default augmentation."""
    return RunConfig.model_validate(
        {
            "data": {"root": root, "image_px": 80, "held_out_faces": 0.0},
            "model": {"stem": "large"},
            "head": {"type": head},
            "train": {"epochs": 15},
        }
    )


def measure(head: str, root: str) -> dict[str, object]:
    """Train one head; return its row."""
    config, start = config_of(head, root), time.perf_counter()
    faces = load_faces(config.data)
    training = Training(config, faces)
    loss = [epoch.metrics["train/loss"] for epoch in training.epochs()][-1]
    seconds = time.perf_counter() - start
    dev = image_set(read_layout(Path(root)).dev, 80, faces.identities)
    vectors = embed(training.best_network, dev, training.autocast, has_mirror=False)
    # people who were held out of training are strangers to the head
    known = np.flatnonzero(dev.labels_M >= 0)
    top1 = closed_set_top1(training.head, vectors[known], dev.labels_M[known])
    strangers = faces.strangers
    vectors = embed(training.best_network, strangers, training.autocast, has_mirror=False).numpy()
    gallery, probes = gallery_and_probes(strangers.labels_M)
    labels = strangers.labels_M
    rank1 = rank_k(vectors[gallery], labels[gallery], vectors[probes], labels[probes])
    row = [
        head, top1, *wilson(round(top1 * len(known)), len(known)), len(known),
        rank1, *wilson(round(rank1 * len(probes)), len(probes)), len(probes), loss, seconds,
    ]  # fmt: skip
    shown = [f"{v:.4f}" if isinstance(v, float) else v for v in row]
    return dict(zip(FIELDS, shown, strict=True))


def main() -> None:
    """Measure the heads that are asked for and not there yet."""
    root, *heads = sys.argv[1:]
    is_new = not RESULTS.exists()
    done = set() if is_new else {row["head"] for row in csv.DictReader(RESULTS.open())}
    for head in heads or HEAD_CONFIGS:
        if head not in done:
            row = measure(head, root)
            with RESULTS.open("a", newline="") as file:
                writer = csv.DictWriter(file, FIELDS)
                if is_new:
                    writer.writeheader()
                writer.writerow(row)
            is_new = False
            print(row, flush=True)


if __name__ == "__main__":
    main()
