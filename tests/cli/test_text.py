from pathlib import Path
from typing import Any

import pytest

from facesearch.cli.text import faces_root, objective_lines, parse_duration, printable
from facesearch.config import SearchConfig
from facesearch.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), (" 1.5h ", 5400), ("2 h", 7200)]
)
def test_a_duration_may_have_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0", "0m", "-3m", "1d", "1e9", "5 minutes", "1:30"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="write a duration such as 90s, 15m or 2h"):
        parse_duration(text)


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mred\x07\x9b\r\tb") == "a?[31mred????b"
    assert printable("one\ntwo") == "one\ntwo"
    # marks that turn the direction of writing can make a name look like another one
    assert printable("gnp\u202e.exe\u2066") == "gnp?.exe?"
    assert printable("Zoë Müller 张伟") == "Zoë Müller 张伟"


def test_the_folder_of_faces_is_the_given_one_or_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert faces_root(None) is None
    monkeypatch.setenv("FACESEARCH_DATA", str(tmp_path))
    assert faces_root(None) == str(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert faces_root("here") == str(tmp_path / "here")
    assert faces_root(Path("~/faces")) == str(Path.home() / "faces")


def test_the_objective_is_told_where_costs_count_in_their_direction() -> None:
    asked: list[tuple[Any, list[str]]] = [
        ("val/rank1", []),
        ({"val/rank1": 0.5, "val/top1": 0.5}, []),
        ({"val/rank1": 1, "cost/gflops": 0.1}, ["1 x val/rank1 - 0.1 x cost/gflops"]),
        (["val/rank1", "cost/mparams"], ["val/rank1 and cost/mparams"]),
    ]
    for objective, told in asked:
        lines = objective_lines(SearchConfig(objective=objective))
        assert lines == [f"objective: {words} (costs are minimised)" for words in told]
