"""Draw figure.svg from the CSV files beside it (needs matplotlib)."""

import csv
from collections import defaultdict
from pathlib import Path

import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with (FOLDER / name).open(newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Plot the loss of each seed, the CMC of the strangers, and accuracy against shift."""
    figure, (loss, cmc, shift) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    curves: dict[str, list[float]] = defaultdict(list)
    for row in rows("curve.csv"):
        curves[row["seed"]].append(float(row["loss"]))
    for seed, losses in curves.items():
        loss.plot(range(1, len(losses) + 1), losses, label=f"seed {seed}")
    loss.axvline(54.5, color="#bbbbbb", linestyle=":")
    loss.set(xlabel="epoch (the last 10 at 96 px)", ylabel="training loss", title="three seeds")
    loss.legend(frameon=False)
    for name, colour in (("faces-f22", "#7570b3"), ("faces-s23", "#d95f02")):
        of = [row for row in rows("cmc.csv") if row["faces"] == name]
        x, y = [int(r["rank"]) for r in of], [float(r["found"]) for r in of]
        cmc.plot(x, y, marker=".", color=colour, label=name)
    cmc.set(xscale="log", ylim=(0, 1), xlabel="rank", ylabel="found", title="1:N, 1,000 people")
    cmc.legend(frameon=False)
    table = rows("shift.csv")
    for column, colour in (("dev/top1", "#7570b3"), ("unknown_dev/rank1", "#1b9e77")):
        x = [float(row["shift"]) for row in table]
        shift.plot(x, [float(row[column]) for row in table], color=colour, label=column)
        control = f"{column}, trained without shift"
        if control in table[0]:
            y = [float(row[control]) for row in table]
            shift.plot(x, y, color=colour, linestyle="--", label=control)
    shift.set(xlabel="shift / width", ylim=(0, None), title="position")
    shift.legend(frameon=False, fontsize=7)
    figure.savefig(FOLDER / "figure.svg")


if __name__ == "__main__":
    main()
