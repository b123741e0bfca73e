"""Compare ways to search by the epochs that they spend: recorded curves, replayed, and our sweeps.

    python experiments/search-cost/compare.py fair-rungs/curves.csv ours.csv out/

Writes results.csv and curves.png. A way is judged by the `test` half of the strangers, at the trial
and epoch that the `search` half says is best so far.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ray.tune.schedulers.async_hyperband import _Bracket

from facesearch.space import SearchSpace, load_space
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.tuning.schedulers import Decision, TrainAll
from facesearch.tuning.simulate import simulate

EPOCHS = 27
# recipe to (search, test) rank-1 after each of the epochs
Curves = dict[int, np.ndarray]


class RayAsha(TrainAll):
    """Ray Tune's own rung logic with its defaults: grace 1, reduction factor 4."""

    def __init__(self) -> None:
        self.bracket = _Bracket(1, EPOCHS, 4, 0)

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Let Ray decide."""
        words = self.bracket.on_result(_Named(trial.number), trial.epochs, trial.score)
        return Decision.STOP if words == "STOP" else Decision.GO


class _Named:
    def __init__(self, number: int) -> None:
        self.trial_id = str(number)


def read_curves(path: Path) -> dict[tuple[str, int, str], Curves]:
    """Return curves by course, seed and weights; epochs that were not scored are interpolated."""
    scores: dict[Any, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in csv.DictReader(path.open()):
        if int(row["epoch"]) > 0:
            key = (row["course"], int(row["seed"]), row["weights"], int(row["recipe"]))
            scores[key][int(row["epoch"])][row["half"]] = float(row["rank1"])
    curves: dict[tuple[str, int, str], Curves] = defaultdict(dict)
    for (course, seed, weights, recipe), by_epoch in scores.items():
        epochs = sorted(by_epoch)
        columns = [
            np.interp(range(1, epochs[-1] + 1), epochs, [by_epoch[e][half] for e in epochs])
            for half in ("search", "test")
        ]
        curves[course, seed, weights][recipe] = np.array(columns).T
    return curves


def replay(space: SearchSpace, curves: Curves, scheduler: Any = None) -> list[tuple[int, int, int]]:
    """Run a sweep over recorded recipes in their order; return (epochs spent, recipe, epoch)."""
    ledger, record = MemoryLedger(), SweepRecord("replay", 0, EPOCHS)
    ledger.append("opened", sweep_id="r", name="r", max_epochs=EPOCHS)
    ledger.append("session", trials=len(curves), time_s=None)
    controller = Controller(space.with_settings(sampler="random"), ledger, record, [])
    if scheduler is not None:
        controller.scheduler = scheduler

    def train_epoch(attempt: Attempt, epoch: int) -> Any:
        curve = curves[sorted(curves)[attempt.trial]]
        return "diverged" if epoch > len(curve) else ([float(curve[epoch - 1, 0])], 2.0)

    ticks = simulate(controller, train_epoch, workers=2)
    return [(tick.epochs, sorted(curves)[tick.trial], tick.trial_epochs) for tick in ticks]


def incumbent(ticks: list[tuple[int, int, int]], curves: Curves) -> np.ndarray:
    """Return the `test` score of the best so far by `search`, after each epoch spent."""
    best, at = -1.0, 0.0
    line = []
    for _, recipe, epoch in ticks:
        search, test = curves[recipe][epoch - 1]
        if search > best:
            best, at = search, test
        line.append(at)
    return np.array(line)


def read_ours(path: Path) -> dict[int, np.ndarray]:
    """Return the incumbent's line of our sweeps, by seed."""
    lines: dict[int, list[float]] = defaultdict(list)
    best: dict[int, tuple[float, float]] = defaultdict(lambda: (-1.0, 0.0))
    for row in csv.DictReader(path.open()):
        seed = int(row["seed"])
        best[seed] = max(best[seed], (float(row["search"]), float(row["test"])))
        lines[seed].append(best[seed][1])
    return {seed: np.array(line) for seed, line in lines.items()}


def ways(space: SearchSpace, all_curves: Any) -> dict[str, dict[int, np.ndarray]]:
    """Return the incumbent's line of each way, by seed."""

    def promoted(s: SearchSpace) -> SearchSpace:
        return s.with_settings(scheduler={"type": "asha_promote", "grace_epochs": 3, "eta": 4})

    def promoted_3(s: SearchSpace) -> SearchSpace:
        return s.with_settings(scheduler={"type": "asha_promote", "grace_epochs": 3, "eta": 3})

    def plain(s: SearchSpace) -> SearchSpace:
        return s.with_settings(scheduler={"type": "none"})

    def one_epoch(s: SearchSpace) -> SearchSpace:
        return s.with_settings(scheduler={"type": "one_epoch", "keep": 3})

    table: dict[str, tuple[Callable[[SearchSpace], SearchSpace], str, str, Any]] = {
        "a random, full budget": (plain, "one_cycle", "last", None),
        "b random + Ray's ASHA": (plain, "one_cycle", "last", RayAsha),
        "c one epoch, best 3": (one_epoch, "one_cycle", "last", None),
        "d random, our rungs, one-cycle": (promoted, "one_cycle", "last", None),
        "e random, our rungs, wsd + average": (promoted, "wsd", "average", None),
        "e' the same with eta 3": (promoted_3, "wsd", "average", None),
        "f random, full budget, wsd + average": (plain, "wsd", "average", None),
    }
    seeds = sorted({seed for _, seed, _ in all_curves})
    found: dict[str, dict[int, np.ndarray]] = {}
    for name, (change, course, weights, scheduler) in table.items():
        found[name] = {}
        for seed in seeds:
            curves = all_curves.get((course, seed, weights))
            if curves and len(curves) == len(all_curves["one_cycle", seed, "last"]):
                ticks = replay(change(space), curves, scheduler() if scheduler else None)
                found[name][seed] = incumbent(ticks, curves)
    return found


def main() -> None:
    """Read, replay, write the table and the figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("curves", type=Path)
    parser.add_argument("ours", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    space = load_space(Path(__file__).parents[1] / "fair-rungs/space.yaml")
    lines = ways(space, read_curves(asked.curves))
    lines["g as e', points by TPE (other points)"] = read_ours(asked.ours)
    full = {seed: line for seed, line in lines["a random, full budget"].items()}
    with (asked.out / "results.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["way", "seed", "epochs", "part_of_full", "test_rank1", "epochs_to_match_a"]
        )
        for name, by_seed in lines.items():
            for seed, line in sorted(by_seed.items()):
                reach = np.flatnonzero(line >= full[seed][-1])
                to_match = int(reach[0]) + 1 if len(reach) else ""
                part = f"{len(line) / len(full[seed]):.3f}"
                writer.writerow([name, seed, len(line), part, f"{line[-1]:.4f}", to_match])
    draw(lines, asked.out / "curves.png")


def draw(lines: dict[str, dict[int, np.ndarray]], path: Path) -> None:
    """Draw the mean over the seeds of each way."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5.5))
    for name, by_seed in lines.items():
        longest = max(len(line) for line in by_seed.values())
        padded = [np.pad(line, (0, longest - len(line)), mode="edge") for line in by_seed.values()]
        mean = np.mean(padded, axis=0)
        width = 2.5 if name.startswith("e ") else 1.3
        axes.plot(range(1, longest + 1), mean, label=name, linewidth=width)
        axes.plot(longest, mean[-1], "o", color=axes.lines[-1].get_color(), markersize=4)
    axes.set_xscale("log")
    axes.set_xlabel("epochs of all trials together")
    axes.set_ylabel("rank-1 of other strangers, of the best so far")
    axes.set_title("16 recipes of one small network on faces-f22, mean of 3 seeds")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
