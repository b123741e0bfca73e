"""One word for one state, whoever tells of a sweep and however it was stopped."""

import json
from pathlib import Path

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli.result_json import sweep_json
from facesearch.cli.run_sources import Sources
from facesearch.report.cost_charts import cost_rows
from facesearch.report.sweep_source import read_source
from facesearch.tracking.boards import StoreReader
from facesearch.tracking.lookup import detail_of, trial_run
from facesearch.tracking.store import find_run, sweep_trials
from facesearch.tuning.board import read_board, read_trial
from facesearch.tuning.folder import read_sweep
from facesearch.tuning.ledger import Ledger
from facesearch.tuning.outcomes import (
    AT_WORK,
    FAILED,
    INTERRUPTED,
    OUTCOMES,
    left_word,
    present_word,
    status_word,
)
from facesearch.tuning.sweep import write_results
from facesearch.tuning.tables import outcome_counts
from facesearch.tuning.tune import SweepResult

TOLD = ["completed", "pruned", "diverged", *[INTERRUPTED] * 3]


def test_words() -> None:
    assert [left_word(word) for word in AT_WORK] == [INTERRUPTED] * 3
    assert [left_word(word) for word in OUTCOMES] == list(OUTCOMES)
    assert {present_word(word) for word in ("killed", "unfinished", INTERRUPTED)} == {INTERRUPTED}
    assert [status_word(word) for word in ("KILLED", "FINISHED", "FAILED", "RUNNING")] == [
        INTERRUPTED, "finished", "failed", "running",
    ]  # fmt: skip
    assert set(FAILED) < set(OUTCOMES) and INTERRUPTED not in OUTCOMES


def stopped_sweep(tmp_path: Path) -> Path:
    """A sweep of which one trial ran, one was paused and one waited when it was stopped."""
    folder = simulated_sweep(tmp_path, trials=1, num_failed=0, epochs=3)
    with Ledger(folder) as ledger:
        ledger.append("session", trials=9, time_s=None)
        point = ledger.events[2]["point"]
        for number in range(1, 6):
            ledger.append("drawn", trial=number, draw=number, point=point)
            ledger.append("started", trial=number, attempt=1)
            values = {"score": 0.1 * number, "val/rank1": 0.1 * number, "seconds": 1.0}
            ledger.append("epoch", trial=number, attempt=1, values=values)
        ledger.append("ended", trial=1, outcome="pruned", message="")
        ledger.append("ended", trial=2, outcome="diverged", message="the loss is NaN")
        ledger.append("paused", trial=4)
        ledger.append("lost", trial=5, message="its worker ended", is_counted=True)
        ledger.append("closed", is_done=False)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return stopped_sweep(tmp_path)


def test_all_displays_agree_on_what_was_interrupted(folder: Path) -> None:
    store = in_mlflow(folder)
    sweep = read_sweep(folder)
    assert sweep.is_interrupted
    assert [sweep.told(trial.outcome) for trial in sweep.trials.values()] == TOLD
    # the ledger, MLflow, and both together
    reader = StoreReader(store)
    (run,) = reader.sweeps()
    known = Sources(folder.parent, reader).find(folder.name)
    for board in (
        read_board(folder),
        reader.board(run),
        Sources(folder.parent, reader).board(known),
    ):
        assert [row.outcome for row in board.rows] == TOLD
        assert board.facts["status"] == INTERRUPTED
    details = [detail_of(reader, trial_run(reader, run, number)) for number in range(6)]
    assert [detail.row.outcome for detail in details] == TOLD
    assert [read_trial(folder, number).row.outcome for number in range(6)] == TOLD
    assert [detail.status for detail in details][3:] == [INTERRUPTED] * 3
    # report, tables, files
    counts = {word: TOLD.count(word) for word in TOLD}
    assert {row["outcome"]: row["trials"] for row in cost_rows(read_source(folder))} == counts
    assert outcome_counts(sweep) == ", ".join(f"{n} {word}" for word, n in counts.items())
    told = json.loads(sweep_json(SweepResult(sweep, folder, "r", True, ""), store.uri))
    assert [trial["outcome"] for trial in told["trials"]] == TOLD
    write_results(sweep, folder / "results.json")
    written = json.loads((folder / "results.json").read_text())["trials"].values()
    assert [trial["outcome"] for trial in written] == TOLD
    assert "3 interrupted" in str(run.run.data.tags["mlflow.note.content"])


def test_what_is_at_work_is_told_as_it_is(folder: Path) -> None:
    with Ledger(folder):
        told = [row.outcome for row in read_board(folder).rows]
        assert told == [*TOLD[:3], "running", "paused", "waiting"]
        assert read_board(folder).facts["status"] == "running"


def test_a_driver_that_was_killed_told_mlflow_nothing_and_its_trials_are_interrupted(
    folder: Path,
) -> None:
    store = in_mlflow(folder)
    client = store.client()
    reader = StoreReader(store)
    (sweep,) = reader.sweeps()
    run_id = trial_run(reader, sweep, 3).info.run_id
    client.set_tag(run_id, "facesearch.outcome", "running")
    client.update_run(run_id, "RUNNING")
    sources = Sources(folder.parent, reader)
    rows = sources.board(sources.find(folder.name)).rows
    assert [row.outcome for row in rows] == TOLD


def test_the_words_of_an_older_store_are_understood(folder: Path) -> None:
    store = in_mlflow(folder)
    client, reader = store.client(), StoreReader(store)
    (sweep,) = reader.sweeps()
    run_id = trial_run(reader, sweep, 3).info.run_id
    client.set_tag(run_id, "facesearch.outcome", "killed")
    assert reader.board(sweep).rows[3].outcome == INTERRUPTED
    run = find_run(store, run_id)
    assert run.info.run_id == run_id
    assert run_id in [one.info.run_id for one in sweep_trials(store, run)]
