import math

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


def test_of_each_set_the_smallest_far_with_an_interval_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    monkeypatch.setattr("click.echo", lambda text, err=False: written.append(text))
    known, withheld = Figure(0.5, 0.4, 0.6, 10), Figure(0.25, math.nan, math.nan, 10)
    figures = {"a/tar_at_far_1e-1": known, "a/tar_at_far_1e-2": known,
               "a/tar_at_far_1e-3": withheld, "b/tar_at_far_1e-1": withheld,
               "b/tar_at_far_1e-2": withheld, "c/tar_at_far_1e-3": known,
               "c/tar_at_far_1e-4": known}  # fmt: skip
    print_report(Report(figures), "")
    assert written[:3] == [
        "a/tar_at_far_1e-2  0.500 [0.400, 0.600] of 10",
        "b/tar_at_far_1e-2  0.250 [no interval] of 10",
        "c/tar_at_far_1e-3  0.500 [0.400, 0.600] of 10",
    ]
