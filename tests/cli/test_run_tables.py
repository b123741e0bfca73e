import math
from typing import Any

import pytest

from facesearch.cli.columns import lines, taken
from facesearch.cli.run_tables import figure, final_columns, headline, number, trial_columns
from facesearch.tracking.rows import Final, Row

ROWS = [
    Row("0123456789", "s", 7, "out_of_memory", 1, math.nan, None,
        {"width": 9, "head": "arcface", "lr": 0.012345, "margin_rad": 0.4}, {"val/rank1": 0.5}),
    Row("abcdefghij", "s", 12, "completed", 27, 0.5, None,
        {"width": 64, "head": "softmax", "lr": 1.0}, {"val/eer": 0.25}),
]  # fmt: skip


def names(width: int, sorted_by: str = "", **more: Any) -> list[str]:
    return [column.name for column in trial_columns(ROWS, width, sorted_by, **more)]


def test_a_wide_terminal_gets_a_column_for_what_all_trials_have() -> None:
    fixed = ["run", "trial", "outcome", "epochs", "score"]
    assert names(120) == [*fixed, "eer", "rank1", "head", "width", "lr", "and"]
    assert names(60) == [*fixed, "point"]
    assert names(60, has_sweep=True)[0] == "sweep"
    assert names(60, "train/loss")[-2:] == ["train/loss", "point"]
    assert names(60, "score")[-2:] == ["score", "point"]


def test_numbers_stand_below_each_other() -> None:
    assert lines(trial_columns(ROWS, 89), 89) == [
        "run       trial  outcome        epochs   score  head     width      lr  and",
        "01234567    007  out of memory       1          arcface      9  0.0123  margin_rad=0.4",
        "abcdefgh    012  completed          27  0.5000  softmax     64       1",
    ]


@pytest.mark.parametrize("width", range(56, 140, 7))
def test_whatever_the_width_no_line_is_longer(width: int) -> None:
    assert max(map(len, lines(trial_columns(ROWS, width), width))) <= width
    columns = trial_columns(ROWS, width)
    assert taken(columns[:-1]) < width


def test_a_sweep_without_holes_is_as_written() -> None:
    columns = trial_columns([Row("", "s", 0, "completed", 3, 0.5)], 80)
    assert (columns[-1].name, columns[-1].cells) == ("point", ["as written"])
    assert "run" not in [column.name for column in columns]


def test_figures_are_told_with_their_intervals() -> None:
    nan = math.nan
    assert figure((0.5, 0.4, 0.6)) == "0.500 [0.400, 0.600]"
    assert figure((0.5, nan, nan)) == "0.500 [no interval]"
    assert figure(None) == figure((nan, nan, nan)) == "-"
    assert (number(None), number(nan), number(0.5)) == ("", "", "0.5000")


def test_a_final_model_says_of_which_trial_it_is() -> None:
    final = Final("f" * 32, "", "0123456789", "finished", None, {"dev/top1": (0.5, 0.4, 0.6)})
    cells = {c.name: c.cells[0] for c in final_columns([final], {"0123456789": "007"})}
    assert cells == {"final": "f" * 8, "trial": "007", "dev/top1": "0.500 [0.400, 0.600]",
                     "unknown_dev/rank1": "-", "status": "finished"}  # fmt: skip
    (unknown,) = final_columns([final], {})[1].cells
    assert unknown == "01234567"


def test_no_control_character_of_a_store_reaches_the_terminal() -> None:
    row = Row("x", "s", 0, "com\x1b[2Jpleted", 1, 0.5, None, {"head": "a\x1b]0;b\x07"})
    told = "\n".join(lines(trial_columns([row], 80), 80)) + headline("n\x1b", [row], 80)
    assert "\x1b" not in told and "\x07" not in told


def test_the_headline_counts_outcomes() -> None:
    assert headline("s", ROWS, 80) == "s: 2 trials, 28 epochs\n1 out of memory, 1 completed"
    assert headline("s", [], 80) == "s: no trials yet"
