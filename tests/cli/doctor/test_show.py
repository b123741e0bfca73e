import pytest

from facesearch.cli.doctor.finding import Finding
from facesearch.cli.doctor.show import print_findings, summary

RIGHT = Finding("Python", "ok", "3.13")
NOTE = Finding("cores", "note", "8 are counted, 2 may be used", "fewer trials")
WRONG = Finding("runs", "wrong", "[red]runs cannot be \x1b[31mwritten", "give another")


def test_what_is_wrong_is_told_with_how_to_mend_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([RIGHT, NOTE, WRONG])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0].split() == ["ok", "Python", "3.13"]
    assert "[red]runs cannot be ?[31mwritten" in lines[3]
    assert lines[4].strip() == "mend: give another"
    assert lines[-1] == "1 thing wrong, 1 note"
    assert max(map(len, lines)) <= 80


def test_only_faults(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([RIGHT, NOTE], only_faults=True)
    assert "Python" not in capsys.readouterr().out


def test_the_summary_counts() -> None:
    assert summary([RIGHT]) == "all is well"
    assert summary([NOTE]) == "nothing wrong, 1 note"
    assert summary([WRONG, WRONG]) == "2 things wrong, no notes"
