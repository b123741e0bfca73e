"""Print what a trial costs beside its training: 16 trials that report once and end, 3 times.

python experiments/trial-overhead/measure.py
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from facesearch.config import RunConfig
from facesearch.space import space_from_text
from facesearch.tracking.store import resolve_store
from facesearch.tracking.tracker import Tracker
from facesearch.tuning.cluster import Cluster, ray_session
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.sweep import run_trials

TRIALS = 16
SPACE = "optim: {lr: {log_uniform: [0.01, 0.1]}}\nsearch: {trials: 16}\ntrain: {epochs: 1}"


def no_op(point: dict[str, Any]) -> None:
    """Report one epoch."""
    from ray import tune

    tune.report({"epoch": 1, "score": point["optim.lr"], "outcome": "", "seconds": 0.0})


def main() -> None:
    """Measure; Ray's start is told apart, a sweep pays it once."""
    space = space_from_text(SPACE)
    start = time.perf_counter()
    with ray_session(Cluster()) as available, tempfile.TemporaryDirectory() as folder:
        print(f"Ray's start: {time.perf_counter() - start:.1f} s")
        for _ in range(3):
            sweep = SweepRecord("no-op", TRIALS, 1)
            store = resolve_store(None, Path(folder))
            tracker = Tracker(store, sweep, {}, lambda trial: RunConfig(), print)
            start = time.perf_counter()
            run_trials(space, no_op, sweep, [tracker], available)
            tracker.close()
            seconds = time.perf_counter() - start
            print(f"{len(sweep.trials)} trials: {seconds / TRIALS:.2f} s each")


if __name__ == "__main__":
    main()
