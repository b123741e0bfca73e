from pathlib import Path

import pytest

from facesearch.data.layouts.csv_file import Columns, read_csv
from facesearch.data.layouts.faults import Faults


def read(tmp_path: Path, content: str) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    path = tmp_path / "a.csv"
    path.write_text(content)
    faults = Faults()
    return read_csv(path, Columns(["a"]), faults), faults


def test_rows_come_with_the_line_they_end_on(tmp_path: Path) -> None:
    rows, faults = read(tmp_path, 'a,b\n1,2\n\n"x\ny",3\n4,5\n')
    assert [line for line, _ in rows] == [2, 5, 6] and faults == []
    assert rows[1][1] == {"a": "x\ny", "b": "3"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1\n", "a.csv: line 2: 1 values, but the header has 2: a, b"),
        ("a,b\n1,2,3\n", "a.csv: line 2: 3 values, but the header has 2: a, b"),
        ("b\n1\n", "a.csv: has no column 'a'; found b"),
        ("a,a\n1,2\n", "a.csv: has two columns 'a'; remove or rename one"),
        ("", "a.csv: has no column 'a'; found "),
    ],
)
def test_what_does_not_fit_the_header_is_a_fault(
    tmp_path: Path, content: str, message: str
) -> None:
    assert read(tmp_path, content) == ([], [message])
