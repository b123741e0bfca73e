import yaml

from facesearch.cli.run_text import as_yaml, commands, curves, facts, metrics, pairs, thinned
from facesearch.tracking.rows import Detail, Row

ROW = Row("0123456789", "s-0001", 3, "pruned", 2, 0.5, None, {"lr": 0.1},
          {"score": 0.5, "val/rank1": 0.25, "total_seconds": 90.0})  # fmt: skip


def test_values_stand_below_each_other_and_go_on_below_themselves() -> None:
    assert pairs([("a", "1"), ("long", "2\n3")]) == "a     1\nlong  2\n      3"
    assert pairs([]) == ""


def test_long_facts_are_folded() -> None:
    told = dict(facts(Detail("trial", "", ROW, message="word " * 40 + "x" * 90), 60))
    assert max(len(line) for line in told["message"].splitlines()[:-1]) <= 60 - 13
    assert told["message"].endswith("x" * 90)  # such as a path, to be copied
    assert told["training"] == "1m30s" and told["sweep"] == "s-0001/003"


def test_curves_have_their_ends_and_a_bounded_length() -> None:
    values = [0.1 * n for n in range(100)]
    known = {"val/x": values, "score": [1.0, 3.0], "seconds": values, "val/y": [1.0]}
    told = dict(curves(Detail("trial", "", ROW, curves=known)))
    assert list(told) == ["score", "val/x"] and told["score"] == "▁█  1 -> 3"
    bars, _, ends = told["val/x"].partition("  ")
    assert len(bars) == 24 and (bars[0], bars[-1]) == ("▁", "█") and ends == "0 -> 9.9"
    assert thinned([1.0, 2.0]) == [1.0, 2.0]


def test_metrics_leave_out_what_stands_above() -> None:
    assert metrics(Detail("trial", "", ROW)) == [("val/rank1", "0.25")]


def test_a_config_may_be_written_to_a_file_as_it_is() -> None:
    config = {"head": {"type": "arcface", "margin_rad": 0.3}, "data": {"root": None}}
    assert yaml.safe_load(as_yaml(config)) == config and as_yaml({}) == ""


def test_next_commands_fit_the_run() -> None:
    assert commands(Detail("trial", "", ROW))[0] == "facesearch finalize --run-id 01234567"
    lost = Detail("trial", "", Row("", "s-0001", 3, "failed", 2, 0.5))
    assert "facesearch sync s-0001" in commands(lost)
    assert not any("finalize" in command for command in commands(lost))
