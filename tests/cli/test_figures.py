import pytest

from facesearch.cli.figures import print_report
from facesearch.final.figures import Figure, Report


def test_leaks_stand_before_the_figures_and_notes_behind(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("click.echo", lambda text, err=False: written.append(text))
    figures = {"dev/top1": Figure(0.5, 0.4, 0.6, 10), "dev/top5": Figure(0.9, 0.8, 1.0, 10)}
    print_report(Report(figures, ["LEAK: two names", "few faces"]), "")
    assert written == [
        "LEAK: two names", "dev/top1  0.500 [0.400, 0.600] of 10",
        "1 more figures are printed by -v", "note: few faces",
    ]  # fmt: skip
    assert capsys.readouterr().out == ""
