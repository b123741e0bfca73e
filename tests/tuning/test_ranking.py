"""Everybody who ranks the trials of a sweep ranks them alike, on records that are awkward."""

import itertools
import math
import random
import re
from pathlib import Path
from typing import Any

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.final.finalists import finalists_of
from facesearch.report.progress_charts import best_chart
from facesearch.report.sweep_source import best_so_far, read_source
from facesearch.tracking.boards import StoreReader
from facesearch.tracking.query import rank
from facesearch.tracking.rows import Row
from facesearch.tracking.store import find_run, sweep_trials
from facesearch.tuning.board import read_board
from facesearch.tuning.budget import ended_since_best
from facesearch.tuning.folder import read_sweep
from facesearch.tuning.ledger import Ledger
from facesearch.tuning.pace import Pace, Plan, summary
from facesearch.tuning.pareto import best_first, pareto_front
from facesearch.tuning.ranking import has_place, is_as_good, ranked
from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.tuning.repeats import chosen
from facesearch.tuning.tables import leaders

NAN = math.nan
# outcome, scores of the epochs, and the trial that it repeats
Awkward = tuple[str, list[float], int | None]
TRIALS: dict[int, Awkward] = {
    0: ("completed", [0.1, 0.95, 0.5], None),  # its best epoch is not its last
    1: ("pruned", [0.99], None),  # better than every whole training, for an epoch
    2: ("completed", [0.2, 0.3, 0.5], None),  # as good as 0
    3: ("diverged", [0.9, 0.97], None),
    4: ("completed", [0.5, 0.6, 0.9], None),  # its repeat fails
    5: ("completed", [0.5, 0.6, 0.55], None),  # its repeat is good
    6: ("", [0.9, 0.98], None),  # nobody ended it
    7: ("pruned", [0.1, 0.2], None),
    8: ("", [], None),
    9: ("diverged", [0.3], 4),
    10: ("completed", [0.5, 0.6, 0.65], 5),
    11: ("pruned", [0.99], None),  # as good as 1
}
ORDER = [5, 4, 0, 2, 6, 7, 1, 11]


def written(tmp_path: Path, trials: dict[int, Awkward], **search: Any) -> Path:
    """A sweep of one trial, whose number is 0, and then the rest of what is asked."""
    folder = simulated_sweep(tmp_path, trials=1, num_failed=0, epochs=3, **search)
    with Ledger(folder) as ledger:
        point = ledger.events[2]["point"]
        whole = ledger.path.read_bytes().splitlines(keepends=True)
    (folder / "ledger").write_bytes(b"".join(whole[:2]))  # opened, session
    with Ledger(folder) as ledger:
        for number, (outcome, scores, of) in trials.items():
            if of is None:
                ledger.append("drawn", trial=number, draw=number, point=point)
            else:
                ledger.append("repeated", trial=number, of=of, seed_offset=1, point=point)
            ledger.append("started", trial=number, attempt=1)
            for score in scores:
                values = {"score": score, "val/rank1": score, "seconds": 1.0}
                values |= {"score_1": -number / 10} if search else {}
                ledger.append("epoch", trial=number, attempt=1, values=values)
            if outcome:
                ledger.append("ended", trial=number, outcome=outcome, message="")
        ledger.append("closed", is_done=False)
    return folder


def numbers_of(runs: list[Any]) -> list[int]:
    return [int(run.data.tags["facesearch.trial"]) for run in runs]


def check_all(folder: Path, order: list[int]) -> None:
    sweep, store = read_sweep(folder), in_mlflow(folder)
    reader = StoreReader(store)
    (parent,) = reader.sweeps()
    assert [t.number for t in sweep.ranked()] == order
    assert [t.number for t in read_source(folder).scored()] == order
    for board in (read_board(folder), reader.board(parent)):
        rows = list(board.rows)
        random.Random(0).shuffle(rows)
        firsts = [row for row in rank(rows) if row.repeat_of is None]
        assert [row.trial for row in firsts if row.is_ranked] == order
    # what finalize would retrain: by the name of the sweep, and the best k of it
    assert numbers_of([find_run(store, folder.name)]) == order[:1]
    assert numbers_of(sweep_trials(store, parent.run)) == order
    top = finalists_of(store, folder.name, top_k=len(order))
    assert [int(one.name.split()[0]) for one in top] == order
    # what is read in MLflow and in the terminal
    best = reader.runs(f"attributes.run_id = '{parent.run.data.tags['facesearch.best_run_id']}'")
    assert numbers_of(best) == order[:1]
    note = parent.run.data.tags["mlflow.note.content"]
    assert f"Best: trial {order[0]:03d}," in note
    listed = [int(n) for n in re.findall(r"^\| \[(\d{3}) .*\|$", note, re.MULTILINE)]
    assert listed == order[:5]
    assert [int(line[:3]) for line in leaders(sweep, 20).splitlines()] == order


def test_all_who_rank_a_sweep_agree(tmp_path: Path) -> None:
    folder = written(tmp_path, TRIALS)
    check_all(folder, ORDER)
    sweep = read_sweep(folder)
    told = summary(sweep, Pace(60.0, 0, 0), Plan())
    assert "best 0.5500" in told, "the last score of the first of the order"
    sweep.repeat_top = 3
    # what is to be repeated are whole trainings, by what the search alone knew of them
    assert [t.number for t in chosen(sweep)] == [4, 5, 0]
    course = best_so_far(read_source(folder).events)
    assert course[-1]["trial"] == "004" and course[-1]["best score"] == 0.9
    assert "This sweep: 0.9000" in best_chart(read_source(folder)).alt


def test_all_agree_on_several_objectives(tmp_path: Path) -> None:
    # the greater the number, the greater the cost
    trials: dict[int, Awkward] = {
        0: ("completed", [0.1, 0.9, 0.4], None),
        1: ("completed", [0.1, 0.1, 0.3], None),  # worse and dearer than 0
        2: ("completed", [0.1, 0.1, 0.8], None),
        3: ("pruned", [0.99], None),
        4: ("completed", [0.1, 0.1, 0.6], None),  # worse and dearer than 2, better than 0 and 1
        5: ("out_of_memory", [0.9, 0.9], None),
    }
    folder = written(tmp_path, trials, objective=["val/rank1", "cost/gflops"])
    check_all(folder, [2, 0, 4, 1, 3])
    assert [t.number for t in pareto_front(read_sweep(folder))] == [2, 0]


# --- the rule by hand ------------------------------------------------------------------


def trial(number: int, *scores: float, outcome: str = "completed") -> TrialRecord:
    return TrialRecord(number, {}, curve=[{"score": s} for s in scores], outcome=outcome)


def order_of(*trials: TrialRecord) -> list[int]:
    orders = {tuple(t.number for t in ranked(some)) for some in itertools.permutations(trials)}
    assert len(orders) == 1, "the order of the list does not matter"
    return list(orders.pop())


def test_what_is_no_finite_number_is_below_all_others() -> None:
    trials = [trial(n, s) for n, s in enumerate([NAN, -1e9, math.inf, 0.5, -math.inf])]
    assert order_of(*trials) == [3, 1, 0, 2, 4]


def test_a_score_of_its_last_epoch_ranks_and_equals_are_in_the_order_of_their_numbers() -> None:
    assert order_of(trial(0, 0.9, 0.1), trial(1, 0.1, 0.2), trial(2, 0.0, 0.2)) == [1, 2, 0]
    assert order_of(trial(0, 0.99, outcome="pruned"), trial(1, 0.1, 0.2)) == [1, 0]


@pytest.mark.parametrize("outcome", ["diverged", "out_of_memory", "failed"])
def test_what_failed_has_no_place(outcome: str) -> None:
    failed = trial(0, 0.9, 0.9, outcome=outcome)
    assert order_of(failed, trial(1, 0.1)) == [1]
    assert not has_place(failed) and not has_place(trial(2))


def test_at_a_rung_the_order_is_the_same() -> None:
    dice = random.Random(0)
    for _ in range(50):
        trials = [trial(n, dice.choice([NAN, 0.1, 0.2, dice.random()])) for n in range(8)]
        assert best_first(trials, 1) == ranked(trials)


def test_rows_without_a_metric_of_several_are_ranked_all_the_same() -> None:
    rows = [
        Row("", "s", n, "completed", 3, score, metrics=metrics)
        for n, (score, metrics) in enumerate(
            [(0.5, {"score_1": -1.0}), (None, {}), (0.7, {}), (0.9, {"score_1": -2.0}), (NAN, {})]
        )
    ]
    assert {row.trial for row in ranked(rows)} == {0, 2, 3, 4}


def test_patience_goes_by_the_same_order() -> None:
    dice = random.Random(1)
    for _ in range(100):
        trials = [
            trial(n, *(dice.choice([NAN, 0.1, 0.5, 0.9]) for _ in range(dice.randint(0, 2))),
                  outcome=dice.choice(["completed", "pruned", "failed"]))
            for n in range(6)
        ]  # fmt: skip
        count = 0
        for number, one in enumerate(trials):
            first = ranked(trials[: number + 1])
            count = 0 if first and first[0] is one else count + 1
        sweep = SweepRecord("s", 9, 2, trials={t.number: t for t in trials})
        sweep.ended_order = [t.number for t in trials]
        assert ended_since_best(sweep) == count
    assert is_as_good(trial(0, 0.5), trial(1, NAN)) and not is_as_good(trial(0, NAN), trial(1, 0.5))
