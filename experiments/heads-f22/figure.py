"""Draw figure.svg from results.csv (needs matplotlib)."""

import csv
from collections import defaultdict
from pathlib import Path

import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent
COLOURS = {"softmax": "#777777", "normface": "#1b9e77", "cosface": "#d95f02", "arcface": "#7570b3"}


def main() -> None:
    """Plot the score of each trial by epoch, coloured by head."""
    curves: dict[str, list[tuple[int, float]]] = defaultdict(list)
    heads: dict[str, str] = {}
    with (FOLDER / "results.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            curves[row["trial"]].append((int(row["epoch"]), float(row["score"])))
            heads[row["trial"]] = row["head"]
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    told: set[str] = set()
    for trial, curve in curves.items():
        head = heads[trial]
        label = None if head in told else head
        told.add(head)
        epochs, scores = zip(*curve, strict=True)
        axes.plot(epochs, scores, marker=".", color=COLOURS[head], label=label)
    axes.axvline(5, color="#bbbbbb", linestyle=":")
    axes.text(5.1, 0.16, "ASHA stops here", color="#777777", fontsize=8)
    axes.set(
        xlabel="epoch",
        ylabel="(val/rank1 + val/top1) / 2",
        title="16 trials by head",
    )
    axes.legend(frameon=False)
    figure.savefig(FOLDER / "figure.svg")


if __name__ == "__main__":
    main()
