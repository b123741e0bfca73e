"""How well early scores order the recipes as the final ones do: the table and the figure.

    python experiments/fair-rungs/correlate.py experiments/fair-rungs

Reads curves.csv in the folder; writes results.csv and correlation.png there. The final score is
rank-1 on the `test` half of the strangers; early scores are on the `search` half.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

METRICS = ("rank1", "nearest", "tar_at_far_1e-3")
Key = tuple[str, str, str, int]


def read(path: Path) -> dict[Key, dict[tuple[str, str], dict[str, float]]]:
    """Return the scores by (course, weights, half, epoch), then by (seed, recipe)."""
    scores: dict[Key, dict[tuple[str, str], dict[str, float]]] = defaultdict(dict)
    for row in csv.DictReader(path.open()):
        if int(row["epoch"]):
            key = (row["course"], row["weights"], row["half"], int(row["epoch"]))
            scores[key][row["seed"], row["recipe"]] = {m: float(row[m]) for m in METRICS}
    return scores


def main() -> None:
    """Read, correlate, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    scores = read(folder / "curves.csv")
    rows = []
    for (course, weights, half, epoch), early in sorted(scores.items()):
        if half == "test":
            continue
        # a short schedule is judged by what the long one of its kind reaches
        final = scores["wsd" if course == "wsd" else "one_cycle", weights, "test", 27]
        recipes = sorted(set(early) & set(final))
        for metric in METRICS:
            pairs = [(early[r][metric], final[r]["rank1"]) for r in recipes]
            rho = float(spearmanr(*zip(*pairs, strict=True)).statistic)
            rows.append((course, weights, metric, epoch, len(recipes), f"{rho:.2f}"))
    with (folder / "results.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["course", "weights", "metric", "epoch", "recipes", "rank_correlation"])
        writer.writerows(rows)
    draw(rows, folder / "correlation.png")


def draw(rows: list[tuple[str, str, str, int, int, str]], path: Path) -> None:
    """Draw the correlation of rank-1 against the part of the budget."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5))
    lines: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for course, weights, metric, epoch, _, rho in rows:
        if metric == "rank1":
            lines[course, weights].append((epoch, float(rho)))
    for (course, weights), points in lines.items():
        style = "-" if weights == "average" else "--"
        axes.plot(*np.array(points).T, style, marker="o", label=f"{course}, {weights} weights")
    axes.axhline(0.85, color="grey", linewidth=0.8)
    axes.axvline(3, color="grey", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 3, 6, 9, 18, 27], ["1", "2", "3", "6", "9", "18", "27"])
    axes.set_xlabel("epoch of 27")
    axes.set_ylabel("rank correlation with the final rank-1")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
