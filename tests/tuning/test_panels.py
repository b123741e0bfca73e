import io

import pytest
from rich.console import Console, Group

from facesearch.config import SchedulerConfig
from facesearch.tuning.panels import (
    Scale,
    draw_leaders,
    draw_rungs,
    draw_running,
    lines_of_running,
    outcome_style,
)
from facesearch.tuning.records import FAILED, RUNNING, SweepRecord, TrialRecord, describe_point


def trial(number: int, scores: list[float], outcome: str = "pruned") -> TrialRecord:
    curve = [{"score": score, "val/rank1": score} for score in scores]
    return TrialRecord(number, {"head": "arcface", "optim.lr": 0.1}, curve=curve, outcome=outcome)


def lines_of(*drawn: object, width: int = 80) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(Group(*drawn))  # type: ignore[arg-type]
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_curves_of_one_screen_have_one_scale() -> None:
    good, bad = trial(0, [0.0, 0.5, 1.0]), trial(1, [0.0, 0.1])
    sweep = SweepRecord("s", 2, 3, trials={0: good, 1: bad})
    scale = Scale.of(sweep, 12)
    assert (scale.low, scale.high, scale.width) == (0.0, 1.0, 3)
    assert scale.draw(good) == "▁▄█" and scale.draw(bad) == "▁▁"


@pytest.mark.parametrize(("epochs", "cells"), [(0, 0), (1, 1), (8, 1), (9, 1), (50, 6), (100, 12)])
def test_a_curve_takes_its_part_of_the_width_and_ends_with_the_last_score(
    epochs: int, cells: int
) -> None:
    rising = trial(0, [epoch / 100 for epoch in range(1, epochs + 1)])
    curve = Scale(100, 0.0, max(epochs, 1) / 100, 12).draw(rising)
    assert len(curve) == cells and curve == "".join(sorted(curve))
    assert not epochs or curve[-1] == "█"


def test_what_is_not_finite_is_a_gap() -> None:
    odd = trial(0, [0.1, float("nan"), float("inf")])
    scale = Scale.of(SweepRecord("s", 1, 3, trials={0: odd}), 12)
    assert scale.draw(odd) == "▁  "


def test_rungs_count_who_reached_them_without_the_failed() -> None:
    trials = [trial(0, [0.1, 0.2, 0.3]), trial(1, [0.4]), trial(2, [0.9, 0.9], "diverged")]
    sweep = SweepRecord("s", 3, 3, trials={t.number: t for t in trials})
    table = draw_rungs(sweep, SchedulerConfig(grace_epochs=1, eta=2), 9, Scale(3, 0, 1, 3))
    assert [line.split() for line in lines_of(table)[1:]] == [
        ["1", "2", "0.4000"], ["2", "1", "0.2000"], ["3", "(end)", "1", "0.3000"],
    ]  # fmt: skip


def test_of_many_rungs_the_first_and_the_last_are_shown() -> None:
    sweep, scheduler = SweepRecord("s", 3, 50), SchedulerConfig(type="median", grace_epochs=2)
    lines = lines_of(draw_rungs(sweep, scheduler, 5, Scale(50, 0, 1, 12)))
    assert len(lines) == 6 and lines[1].split()[0] == "2" and "50 (end)" in lines[-1]


@pytest.mark.parametrize(("width", "words"), [
    (80, ()), (120, ("point", "lr=0.1")), (200, ("rank1", "0.750", "point", "lr=0.1")),
])  # fmt: skip
def test_leaders_tell_as_much_as_there_is_room_for(width: int, words: tuple[str, ...]) -> None:
    table = draw_leaders([trial(7, [0.5, 0.75])], Scale(9, 0, 1, 9), width)
    text = "\n".join(lines_of(table, width=width))
    for word in ("007", "0.7500", "▄▆", "pruned", *words):
        assert word in text
    assert ("point" in text) == ("point" in words) and ("rank1" in text) == ("rank1" in words)


def test_nobody_leads_and_nothing_runs_at_first() -> None:
    assert "none" in lines_of(draw_leaders([], Scale(9, 0, 1, 9), 80))[1]
    assert (
        "nothing at this moment" in lines_of(*draw_running([], [], Scale(9, 0, 1, 9), (80, 9)))[1]
    )


@pytest.mark.parametrize(("num_shown", "room", "is_below"), [(2, 10, True), (3, 10, False)])
def test_points_stand_below_if_they_are_long_and_there_is_room(
    num_shown: int, room: int, is_below: bool
) -> None:
    running = [trial(number, [0.5], RUNNING) for number in range(4)]
    for one in running:
        one.point = {f"hole{n}": n / 7 for n in range(5)}
    shown = running[:num_shown]
    drawn = draw_running(shown, running, Scale(9, 0, 1, 9), (80, room))
    lines = lines_of(*drawn)
    assert len(lines) == 1 + lines_of_running(shown, running, room, 80)
    assert lines[1].startswith("000     1/9     0.5000 ▄········")
    assert lines[2].startswith("    hole0=0") == is_below
    assert lines[-1] == f"and {4 - num_shown} more"


def test_a_long_point_takes_two_lines_if_there_is_room() -> None:
    running = [trial(number, [0.5], RUNNING) for number in range(2)]
    for one in running:
        one.point = {f"hole{n}": n / 7 for n in range(9)}
    for room, are_whole in ((11, True), (8, False)):
        drawn = draw_running(running, running, Scale(9, 0, 1, 9), (80, room))
        lines = lines_of(*drawn)
        assert len(lines) == 1 + lines_of_running(running, running, room, 80)
        assert max(map(len, lines)) <= 80
        text = " ".join(line.strip() for line in lines)
        assert (text.count(describe_point(running[0].point)) == 2) == are_whole


def test_long_scores_are_whole() -> None:
    odd = trial(0, [-12.3456, 1234.5])
    sweep = SweepRecord("s", 1, 2, trials={0: odd})
    scale = Scale.of(sweep, 12)
    assert scale.score_width == 8
    for drawn in (draw_rungs(sweep, SchedulerConfig(), 9, scale), draw_leaders([odd], scale, 80)):
        assert "1.23e+03" in "\n".join(lines_of(drawn, width=50))
    head, row = lines_of(*draw_running([odd], [odd], scale, (80, 9)))
    assert head.index("curve") == row.index("▁") and head.index("point") == row.index("arcface")


def test_every_failure_is_red() -> None:
    assert {outcome_style(outcome) for outcome in FAILED} == {"red"}
