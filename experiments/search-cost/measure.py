"""Sweep the space of fair-rungs in our way, with real training; write the curve of each trial.

    python experiments/search-cost/measure.py FACES ours.csv --seed 0

TPE, promotion, warm-up-stable-decay and averaged weights, two workers on a clock of its own (the
workers take turns here; their epochs and their order are those of two). Scores are on the `search`
half of the strangers; the `test` half is only written down, for `compare.py`.
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import Any

import torch

from facesearch.config import absolute_root
from facesearch.data.faces import load_faces
from facesearch.errors import TrialFailure
from facesearch.space import load_space
from facesearch.training.fit import Training
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.simulate import simulate

RUNGS = Path(__file__).parents[1] / "fair-rungs"
FIELDS = ("seed", "spent", "trial", "epoch", "search", "test")


def sweep(root: str, seed: int, trials: int) -> list[dict[str, Any]]:
    """Return a row for each epoch in the order in which they ended."""
    sys.path.insert(0, str(RUNGS))
    from measure import on_course, score

    space = load_space(RUNGS / "space.yaml").with_settings(
        trials=trials, seed=seed, sampler="tpe",
        scheduler={"type": "asha_promote", "grace_epochs": 3, "eta": 3},
    )  # fmt: skip
    ledger, record = MemoryLedger(), SweepRecord("ours", 0, 27)
    ledger.append("opened", sweep_id="ours", name="ours", max_epochs=27)
    ledger.append("session", trials=trials, time_s=None)
    controller = Controller(space, ledger, record, [])
    trainings: dict[int, Any] = {}
    rows: list[dict[str, Any]] = []

    def train_epoch(attempt: Attempt, epoch: int) -> Any:
        if attempt.trial not in trainings:
            config = on_course(absolute_root(space.config(attempt.point), root), "wsd")
            training = Training(config, load_faces(config.data))
            training.score = lambda: {}
            trainings[attempt.trial] = (training, training.epochs())
        training, epochs = trainings[attempt.trial]
        try:
            seconds = next(epochs).seconds
        except TrialFailure as failure:
            return failure.outcome
        rank1 = {r["half"]: r["rank1"] for r in score(training) if r["weights"] == "average"}
        rows.append({"seed": seed, "trial": attempt.trial, "epoch": epoch, **rank1})
        print(rows[-1], flush=True)
        return [rank1["search"]], seconds

    simulate(controller, train_epoch, workers=2)
    for spent, row in enumerate(rows, 1):
        row["spent"] = spent
    return rows


def main() -> None:
    """Parse, sweep, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("root")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=16)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = sweep(asked.root, asked.seed, asked.trials)
    is_new = not asked.out.exists()
    with asked.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if is_new:
            writer.writeheader()
        for row in rows:
            rounded = {k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()}
            writer.writerow(rounded)


if __name__ == "__main__":
    main()
