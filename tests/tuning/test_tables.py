import io

import pytest
from rich.console import Console

from facesearch.tuning.records import PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord
from facesearch.tuning.tables import (
    format_seconds,
    front_table,
    leaderboard,
    leaders,
    outcome_counts,
    sparkline,
    words_on_lines,
)


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5s"), (104, "1m44s"), (7500, "2h05m"), (-3, "0s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_curve_spans_the_bars() -> None:
    assert sparkline([0, 1, 2]) == "▁▄█" and sparkline([1, 1]) == "▁▁" and sparkline([]) == ""
    assert sparkline([0, float("nan"), 2]) == "▁ █" and sparkline([1, 9], ends=(0, 2)) == "▄█"


def test_words_are_broken_between_and_cut_at_the_last_line() -> None:
    assert words_on_lines("one two three", 7, 2) == ["one two", "three"]
    assert words_on_lines("one two three four", 7, 2) == ["one two", "three …"]
    assert words_on_lines("", 7, 2) == [""]


def test_leaders_and_their_points() -> None:
    trial = TrialRecord(0, {"head": "[red]x"}, curve=[{"score": 0.5, "val/rank1": 0.25}])
    trial.outcome = "pruned"
    sweep = SweepRecord("toy", 2, 3, trials={0: trial})
    out = io.StringIO()
    Console(file=out, width=80).print(leaderboard(sweep))
    assert out.getvalue().splitlines()[2].split() == ["000", "pruned", "1", "0.5000", "0.250"]
    assert leaders(sweep) == "000  [red]x" and outcome_counts(sweep) == "1 pruned"


def test_the_front_shows_who_is_beaten_by_nobody() -> None:
    def trial(number: int, rank1: float, gflops: float, epochs: int = 2) -> TrialRecord:
        row = {"score": rank1, "score_1": -gflops, "val/rank1": rank1, "cost/gflops": gflops}
        outcome = "completed" if epochs == 2 else "pruned"
        return TrialRecord(number, {}, curve=[row] * epochs, outcome=outcome)

    trials = [trial(0, 0.9, 5), trial(1, 0.5, 1), trial(2, 0.4, 2), trial(3, 1.0, 1, epochs=1)]
    sweep = SweepRecord("s", 4, 2, trials={t.number: t for t in trials})
    out = io.StringIO()
    Console(file=out, width=80).print(front_table(sweep, ["val/rank1", "cost/gflops"]))
    lines = [line.split() for line in out.getvalue().splitlines()[2:]]
    assert lines == [["000", "0.9", "5"], ["001", "0.5", "1"]]


def test_what_was_at_work_when_the_sweep_was_stopped_is_interrupted() -> None:
    outcomes = ("pruned", RUNNING, PAUSED, WAITING)
    trials = {n: TrialRecord(n, {}, outcome=outcome) for n, outcome in enumerate(outcomes)}
    sweep = SweepRecord("s", 4, 2, trials=trials)
    assert outcome_counts(sweep) == "1 pruned, 1 running, 1 paused, 1 waiting"
    sweep.leave()
    assert outcome_counts(sweep) == "1 pruned, 3 interrupted"
    assert outcome_counts(SweepRecord("s", 4, 2)) == "no trial yet"
