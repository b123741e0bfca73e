import io
import itertools
import threading

import pytest
from rich.cells import cell_len
from rich.console import Console
from sweeps import simulated_sweep

from facesearch.config import SearchConfig
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import read_ledger
from facesearch.tuning.pace import Pace, Plan
from facesearch.tuning.records import OUTCOMES, RUNNING, SweepRecord, TrialRecord, describe_point
from facesearch.tuning.screen import draw_screen

ASHA = {"scheduler": {"type": "asha", "grace_epochs": 3}}
PLAN = Plan(SearchConfig.model_validate(ASHA), faces_per_epoch=1224)


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


def drawn(sweep: SweepRecord, width: int, height: int, plan: Plan = PLAN) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height)
    console.print(draw_screen(sweep, plan, Pace(90.0, 12, 60), width, height))
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
        "27 (end)", "leaders", "running", "40 epochs a minute", "480 trials an hour",
        "816 faces/s", "left", "completed", "pruned", "last failure: 007", "Ctrl-C",
    ):  # fmt: skip
        assert word in text, word
    running = [t for t in sweep.trials.values() if t.outcome == RUNNING]
    shown = [t for t in running if any(line.startswith(f"{t.number:03d}") for line in lines)]
    assert len(shown) >= (2 if height == 24 else 4)
    assert len(shown) == len(running) or f"and {len(running) - len(shown)} more" in text


@pytest.mark.parametrize(("width", "height"), [(60, 20), (30, 8)])
def test_a_small_window_is_no_fault(sweep: SweepRecord, width: int, height: int) -> None:
    lines = drawn(sweep, width, height)
    assert max(map(len, lines)) <= width and "12/24 trials" in lines[0]


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


def test_the_last_screen_does_not_say_how_to_stop() -> None:
    sweep = SweepRecord("s", 1, 3, trials={0: TrialRecord(0, {}, outcome="pruned")})
    assert "Ctrl-C" not in "\n".join(drawn(sweep, 80, 24))


def test_hostile_names_are_only_names() -> None:
    trial = TrialRecord(0, {"head": "[red]x[/]"}, curve=[{"score": 0.5}], outcome=RUNNING)
    text = "\n".join(drawn(SweepRecord("[b]s", 2, 3, trials={0: trial}), 80, 24))
    assert "[red]x[/]" in text and "[b]s" in text


def test_what_failed_cannot_write_to_the_terminal() -> None:
    trial = TrialRecord(0, {"head": "x\x1b[2J"}, outcome="failed", message="\x1b[31mno\x07")
    sweep = SweepRecord("s", 2, 3, trials={0: trial}, ended_order=[0])
    text = "\n".join(drawn(sweep, 80, 24))
    assert "last failure: 000 failed: ?[31mno?" in text and "\x1b" not in text


def test_many_outcomes_take_two_lines() -> None:
    trials = {n: TrialRecord(n, {}, outcome=o) for n, o in enumerate((*OUTCOMES, RUNNING))}
    sweep = SweepRecord("s", 9, 3, trials=trials)
    lines = drawn(sweep, 60, 24)
    assert len(lines) < 24 and max(map(len, lines)) <= 60
    told = " ".join(line.rstrip() for line in lines[-3:-1]).split(", ")
    assert told == [f"1 {outcome}" for outcome in (RUNNING, *OUTCOMES)]


def test_a_wide_word_is_cut_and_takes_no_line_more() -> None:
    point = {f"hole{n}": "人脸" * 4 for n in range(9)}
    trial = TrialRecord(0, point, curve=[{"score": 0.5}], outcome=RUNNING)
    lines = drawn(SweepRecord("s", 9, 3, trials={0: trial}), 80, 24)
    assert len(lines) < 24 and max(map(cell_len, lines)) <= 80


def test_a_sweep_of_no_number_shows_none() -> None:
    assert "1000003" not in "\n".join(drawn(SweepRecord("s", 1_000_003, 3, time_s=100.0), 80, 24))


def test_each_budget_has_a_bar_and_the_screen_still_fits(sweep: SweepRecord) -> None:
    search = SearchConfig.model_validate({**ASHA, "epochs": 1000, "gpu_hours": 1})
    sweep.time_s = 100.0
    lines = drawn(sweep, 80, 24, Plan(search, gpus_per_trial=1.0))
    sweep.time_s = None
    bars = [line for line in lines if "% of the" in line]
    assert [line.split("of the ")[1].strip() for line in bars] == [
        "time", "trials", "epochs", "GPU hours",
    ]  # fmt: skip
    assert "90% of the time" in bars[0] and len({line.index("%") for line in bars}) == 1
    assert len(lines) < 24 and any(line.startswith("012") for line in lines)


def test_points_of_few_running_trials_are_whole_at_80_columns(sweep: SweepRecord) -> None:
    few = fold([])
    few.name, few.planned_trials, few.max_epochs = "few", 24, 27
    few.trials = {n: t for n, t in sweep.trials.items() if t.outcome != RUNNING or n < 14}
    text = "\n".join(drawn(few, 80, 24))
    for number in (12, 13):
        assert describe_point(few.trials[number].point) in text
    assert "…" not in text


def test_a_long_name_gives_way_and_no_figure() -> None:
    lines = drawn(SweepRecord("n" * 64, 12, 9), 80, 24)
    assert lines[0].startswith("nnn") and "…" in lines[0] and "0/12 trials, 0 epochs" in lines[0]


def test_several_objectives_tell_of_the_front(sweep: SweepRecord) -> None:
    search = SearchConfig.model_validate({**ASHA, "objective": ["val/rank1", "val/top1"]})
    assert "on the Pareto front" in "\n".join(drawn(sweep, 80, 24, Plan(search)))


def test_records_that_change_while_they_are_drawn_do_no_harm(sweep: SweepRecord) -> None:
    changing, stop = SweepRecord("s", 10**5, 27), threading.Event()

    def change() -> None:
        for number in itertools.cycle(range(100)):
            if stop.wait(0):
                return
            if changing.trials.pop(number, None) is None:
                changing.trials[number] = TrialRecord(number, {}, outcome="pruned")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(20):
            assert drawn(changing, 80, 24)
    finally:
        stop.set()
        thread.join()
