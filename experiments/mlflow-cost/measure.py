"""What MLflow costs a sweep, and how soon its comparison page is there; nothing is trained.

    python experiments/mlflow-cost/measure.py                     about 15 minutes, mostly asleep
    python experiments/mlflow-cost/measure.py --page-only         the page in chromium, a minute

The sweep runs twice in turn, without and with the tracker: the same controller, ledger on disk and
workers that sleep for an epoch, as those do that wait for a GPU, all metrics of a real trial. A
third time every epoch is written at once, as it would be without gathering. The CPU time of the
writer's thread is told apart: with all cores busy it is what the sweep gets longer by.
"""

import argparse
import csv
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facesearch.space import load_space
from facesearch.tracking import agenda
from facesearch.tracking.server import local_version, serving
from facesearch.tracking.store import Store, resolve_store
from facesearch.tracking.tracker import Tracker
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.folder import open_sweep
from facesearch.tuning.records import Observer, SweepRecord

# sweeps that nobody trained, and the browser
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))
FIELDS = (
    "way", "trials", "epochs", "epoch_s", "workers", "sweep_s", "end_s", "writer_cpu_s", "points",
)  # fmt: skip
WAYS = ("without", "gathered", "at once")


class Clock(Tracker):
    """A tracker that notes what its thread has cost, in CPU seconds."""

    cpu_s = 0.0

    def _work(self) -> None:
        begin_s = time.thread_time()
        super()._work()
        self.cpu_s = time.thread_time() - begin_s


def run(folder: Path, way: str, trials: int, epochs: int, epoch_s: float, workers: int) -> Any:
    """Run a sweep once; return a row of the table, and its store."""
    from sweeps import TEXT

    folder.mkdir()
    source = folder / "space.yaml"
    source.write_text(TEXT.replace("epochs: 27", f"epochs: {epochs}"))
    space = load_space(source).with_settings(trials=trials, scheduler={"type": "none"})
    opened = open_sweep(space, "f" * 64, folder, is_fresh=True)
    store = resolve_store(None, folder)
    store.experiment_id(store.client())  # the tables are made once in the life of a store
    agenda.SHARE = 1e6 if way == "at once" else 0.02
    with opened.ledger as ledger:
        ledger.append("session", pid=0, host="here", trials=trials, time_s=None, growth=None)
        sweep, observers = SweepRecord(space.settings.name, 0, epochs), list[Observer]()
        controller = Controller(space, ledger, sweep, observers)
        tracker = None
        if way != "without":
            tracker = Clock(store, sweep, {}, lambda t: space.config(t.point), print)
            observers.append(tracker)
        begin_s = time.perf_counter()
        drive(controller, epoch_s, workers)
        sweep_s = time.perf_counter() - begin_s
        assert tracker is None or tracker.close(600)
        end_s = time.perf_counter() - begin_s - sweep_s
    time.sleep(0.2)  # the thread notes its time when it has ended
    row = (way, trials, epochs, epoch_s, workers, sweep_s, end_s, tracker.cpu_s if tracker else 0.0)
    points = sum(len(values) for trial in sweep.trials.values() for values in trial.curve)
    return dict(zip(FIELDS, (*row, points), strict=True)), store


def drive(controller: Controller, epoch_s: float, workers: int) -> None:
    """Let threads that sleep report to the controller, one at a time, as Ray's workers do."""
    lock, noise = threading.Lock(), random.Random(0)

    def work() -> None:
        while True:
            with lock:
                attempt = controller.next_attempt()
            if attempt is None:
                return
            _train(controller, attempt, epoch_s, (lock, noise))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for number, thread in enumerate(threads):
        time.sleep(epoch_s / workers if number else 0.0)
        thread.start()
    for thread in threads:
        thread.join()


def _train(controller: Controller, attempt: Attempt, epoch_s: float, shared: Any) -> None:
    from sweeps import reached

    lock, noise = shared
    epoch, goes_on = attempt.epochs, True
    while goes_on:
        epoch += 1
        time.sleep(epoch_s)
        with lock:
            metrics = reached(attempt.point, epoch, noise)
            scores = controller.space.settings.search.scores(metrics)
            report = {"epoch": epoch, "scores": scores, "seconds": epoch_s, **metrics}
            goes_on = controller.report(attempt.trial, attempt.attempt, report)


def open_page(store: Store) -> dict[str, list[float]]:
    """Return the seconds from navigation until charts are drawn, of three fresh browsers."""
    from browser import visit

    from facesearch.tracking.overview import open_overview

    charts = {
        "parallel coordinates, in sight at first": (900, ".parcoords canvas"),
        "and scores by parameter, on a tall screen": (1400, ".js-plotly-plot .scatterlayer .trace"),
    }
    seconds: dict[str, list[float]] = {part: [] for part in charts}
    found = open_overview(store, local_version())
    with serving(store) as server:
        for part, (height, drawn) in list(charts.items()) * 3:
            with visit(viewport={"width": 1440, "height": height}) as seen:
                begin_s = time.perf_counter()
                seen.page.goto(f"{server.address}/{found.page}")
                seen.page.wait_for_selector(drawn, timeout=60_000)
                seconds[part].append(time.perf_counter() - begin_s)
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=27)
    parser.add_argument("--epoch-s", type=float, default=0.3)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--page-only", action="store_true", help="Only open the page in chromium.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results.csv")
    asked = parser.parse_args(arguments)
    if asked.page_only:
        with tempfile.TemporaryDirectory() as folder:
            _, store = run(Path(folder) / "page", "gathered", asked.trials, asked.epochs, 0.0, 1)
            for part, seconds in open_page(store).items():
                print(
                    f"{part} of {asked.trials} trials: {', '.join(f'{s:.1f}' for s in seconds)} s"
                )
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, way in enumerate(WAYS):
            row, _ = run(
                Path(folder) / str(number), way, asked.trials, asked.epochs, asked.epoch_s,
                asked.workers,
            )  # fmt: skip
            rows.append(row)
            print({key: round(v, 2) if isinstance(v, float) else v for key, v in row.items()})
    with asked.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    whole = [row["sweep_s"] + row["end_s"] for row in rows]
    for row, total_s in zip(rows[1:], whole[1:], strict=True):
        share = row["writer_cpu_s"] / (row["sweep_s"] * asked.workers)
        print(f"{row['way']}: {total_s / whole[0]:.4f} of the time without;", end=" ")
        print(f"the writer's CPU is {share:.2%} of the workers' time")


if __name__ == "__main__":
    main()
