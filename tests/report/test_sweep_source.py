import itertools
from pathlib import Path

import pytest
from sweeps import simulated_sweep

from facesearch.errors import InputError
from facesearch.report.cost_charts import cost_rows
from facesearch.report.sweep_source import best_so_far, read_source
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import Ledger, read_ledger


def test_the_best_so_far_is_who_would_be_finalized_after_so_many_epochs(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path)
    events = list(read_ledger(folder))
    places = [n for n, e in enumerate(events) if e["event"] == "epoch"]
    course = best_so_far(events)
    told = {row["epochs spent"]: (row["trial"], row["best score"]) for row in course}
    for spent, (here, there) in enumerate(itertools.pairwise([*places, len(events)]), 1):
        # what ended before the next epoch counts with it
        best = fold(events[: there if spent == len(places) else here + 1]).best
        known = [told[n] for n in told if n <= spent]
        assert best is None or known[-1] == (best.name, best.score)
    assert course[-1]["epochs spent"] == len(places)
    assert best_so_far([]) == []


def test_baselines_beside_it_are_found_and_groups_are_heads(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path)
    simulated_sweep(tmp_path, trials=4, name="made-up-random", scheduler={"type": "none"})
    source = read_source(folder)
    assert list(source.baselines) == ["random"]
    assert source.groups() == ["arcface", "cosface", "softmax"]
    assert [t.outcome for t in source.failed()] == ["diverged", "out_of_memory"]
    names = source.names
    assert names["optim.lr"] == "lr" and len(set(names.values())) == len(names)


def test_what_was_stopped_is_interrupted_and_what_is_at_work_is_running(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=6, num_failed=0)
    lines = (folder / "ledger").read_bytes().splitlines(keepends=True)
    last_epoch = max(n for n, line in enumerate(lines) if b'"epoch"' in line)
    (folder / "ledger").write_bytes(b"".join(lines[: last_epoch + 1]))
    told = [row["outcome"] for row in cost_rows(read_source(folder))]
    assert "interrupted" in told and "running" not in told
    with Ledger(folder):
        told = [row["outcome"] for row in cost_rows(read_source(folder))]
    assert "running" in told and "interrupted" not in told
    Ledger(folder).close()  # reading has left the sweep to others: this is not refused


def test_a_folder_without_a_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_source(tmp_path)


def test_the_common_epoch_is_where_nine_in_ten_have_been(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    epoch = source.common_epoch()
    reached = [t.epochs >= epoch for t in source.scored()]
    assert epoch == 3 and all(reached)
    source.sweep.trials[5].curve = source.sweep.trials[5].curve[:1]
    assert source.common_epoch() == 3
    source.sweep.trials.clear()
    assert source.common_epoch() == 0
