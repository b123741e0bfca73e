import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sweeps import simulated_sweep

from facesearch.config import SearchConfig
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import read_ledger
from facesearch.tuning.records import RUNNING, SweepRecord, TrialRecord
from facesearch.tuning.screen import Pace, budget_spent, draw_screen, summary

ASHA = SearchConfig.model_validate({"scheduler": {"type": "asha", "grace_epochs": 3}})


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> SweepRecord:
    """Half of a sweep: eight trials run, with the longest of points."""
    folder = simulated_sweep(tmp_path_factory.mktemp("runs"), trials=24)
    half = fold(read_ledger(folder))
    for trial in list(half.trials.values())[12:]:
        if trial.number < 20:
            trial.outcome = RUNNING
        else:
            del half.trials[trial.number]
    half.ended_order = [t.number for t in half.trials.values() if t.has_ended]
    half.planned_trials = 24
    return half


def drawn(sweep: SweepRecord, width: int, height: int, search: SearchConfig = ASHA) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height)
    console.print(draw_screen(sweep, search, Pace(90.0, 12, 60), width, height))
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (200, 50)])
def test_it_fits_and_everything_is_on_it(sweep: SweepRecord, width: int, height: int) -> None:
    lines = drawn(sweep, width, height)
    assert len(lines) < height and max(map(len, lines)) <= width
    text = "\n".join(lines)
    best = sweep.best
    assert best is not None
    for word in (
        "12/24 trials", "50% of the trials", f"{best.number:03d}  {best.score:.4f}", "after epoch",
        "27 (end)", "leaders", "running", "40.0 epochs a minute", "480 trials an hour", "left",
        "completed", "pruned", "Ctrl-C",
    ):  # fmt: skip
        assert word in text, word
    running = [t for t in sweep.trials.values() if t.outcome == RUNNING]
    shown = [t for t in running if any(line.startswith(f"{t.number:03d}") for line in lines)]
    assert len(shown) >= (2 if height == 24 else 4)
    assert len(shown) == len(running) or f"and {len(running) - len(shown)} more" in text


def test_numbers_are_whole_however_narrow(sweep: SweepRecord) -> None:
    text = "\n".join(drawn(sweep, 80, 24))
    for trial in [t for t in sweep.ranked() if t.has_ended][:3]:
        assert f"{trial.score:.4f}" in text


def test_a_rung_says_who_reached_it_and_how_good_the_best_was(sweep: SweepRecord) -> None:
    lines = drawn(sweep, 200, 50)
    for epoch in (3, 9):
        there = [t for t in sweep.trials.values() if t.epochs >= epoch and t.outcome != "diverged"]
        best = max(t.curve[epoch - 1]["score"] for t in there)
        row = next(line.split() for line in lines if line.split()[:1] == [str(epoch)])
        assert row[1] == str(len(there)) and row[2] == f"{best:.4f}"


def test_an_empty_sweep_has_a_screen() -> None:
    text = "\n".join(drawn(SweepRecord("new", 12, 9), 80, 24))
    assert "no trial has a score yet" in text and "0/12 trials" in text


def test_hostile_names_are_only_names() -> None:
    trial = TrialRecord(0, {"head": "[red]x[/]"}, curve=[{"score": 0.5}], outcome=RUNNING)
    text = "\n".join(drawn(SweepRecord("[b]s", 2, 3, trials={0: trial}), 80, 24))
    assert "[red]x[/]" in text and "[b]s" in text


@pytest.mark.parametrize(
    ("search", "time_s", "expected"),
    [
        ({}, None, (0.5, "trials")),
        ({"epochs": 10}, None, (1.0, "epochs")),
        ({"epochs": 1000}, 100.0, (0.9, "time")),
    ],
)
def test_the_budget_that_ends_first_is_shown(
    sweep: SweepRecord, search: dict[str, Any], time_s: float | None, expected: tuple[float, str]
) -> None:
    sweep.time_s = time_s
    found = budget_spent(sweep, SearchConfig.model_validate(search), Pace(90.0, 12, 60))
    sweep.time_s = None
    assert found == (pytest.approx(expected[0], abs=1e-3), expected[1])


def test_the_time_left_follows_from_the_pace_and_the_budget() -> None:
    sweep = SweepRecord("s", 10, 3, trials={0: TrialRecord(0, {}, outcome="pruned")})
    assert Pace(60.0, 0, 5).seconds_left(sweep) is None
    assert Pace(60.0, 1, 5).seconds_left(sweep) == 540
    sweep.time_s, sweep.past_s = 200.0, 100.0
    assert Pace(60.0, 1, 5).seconds_left(sweep) == 40
    assert "about 40s left" in summary(sweep, Pace(60.0, 1, 5))


def test_a_sweep_of_no_number_shows_none(tmp_path: Path) -> None:
    sweep = SweepRecord("s", 1_000_003, 3, time_s=100.0)
    assert "1000003" not in "\n".join(drawn(sweep, 80, 24))
    assert budget_spent(sweep, SearchConfig(), Pace(25.0, 0, 0)) == (0.25, "time")
