import math

from models import untrained

from facesearch.final.figures import Figure, Report
from facesearch.report.final_verdict import far_table, verdict
from facesearch.report.page import Prose, Table


def text(report: Report, with_model: bool = True) -> str:
    blocks = verdict(report, untrained() if with_model else None)
    return "\n".join(block.text for block in blocks if isinstance(block, Prose))


def test_it_says_how_good_it_is_on_whom_and_what_a_false_accept_rate_means() -> None:
    report = Report(
        figures={
            "unknown_dev/rank1": Figure(0.7, 0.6, 0.8, 200),
            "unknown_test/rank1": Figure(0.65, 0.55, 0.75, 150),
            "unknown_test/tar_at_far_1e-2": Figure(0.9, 0.8, 0.95, 150),
            "unknown_test/tar_at_far_1e-3": Figure(0.5, 0.4, 0.6, 150),
        },
        tables={"unknown_test: CMC, 250 people in the gallery": [{"rank": 1, "found": 0.65}],
                "seeds": [{"seed": 0, "unknown_test": 0.6}, {"seed": 1, "unknown_test": 0.62}]},
    )  # fmt: skip
    told = text(report)
    assert "right one of the 250 of the gallery first in 65.0\xa0% (95\xa0%: 55.0 to 75.0)" in told
    assert "of 150 searches (unknown_test" in told and "2 networks alone" in told
    assert "lets 1 in 1,000 of these pass, it accepts 50.0" in told
    assert "generated" in told and "not measured" in told
    tables = [b for b in verdict(report, untrained()) if isinstance(b, Table)]
    assert [t.caption.split(" ")[0] for t in tables] == ["What", "What"]


def test_a_search_among_a_thousand_at_one_in_a_thousand_finds_one_wrong() -> None:
    rows = {row["gallery"]: row for row in far_table(1e-3, 250).rows}
    assert list(rows) == ["1", "100", "250 (this one)", "1,000", "10,000"]
    assert rows["1,000"]["wrong matches a search"] == 1.0
    assert rows["1,000"]["searches with a wrong match"] == "63 %"
    assert rows["1"]["a day of 1,000 strangers"] == "about 1"
    assert rows["10,000"]["a day of 1,000 strangers"] == "about 1,000"


def test_what_was_not_measured_is_said_first() -> None:
    nothing = text(Report())
    assert nothing.startswith("Not measured.") and "no ground for a decision" in nothing
    closed = text(Report(figures={"dev/top1": Figure(0.9, 0.8, 0.95, 40)}), with_model=False)
    assert closed.startswith("Not measured: how often it is right about identities")
    assert "90.0\xa0% (95\xa0%: 80.0 to 95.0) of 40" in closed


def test_cross_validated_figures_are_not_of_the_model_itself() -> None:
    figures = {"dev/top1": Figure(0.9, 0.8, 0.95, 40),
               "cross_validated/rank1": Figure(0.65, 0.55, 0.75, 80),
               "cross_validated/tar_at_far_1e-2": Figure(0.5, 0.4, 0.6, 80)}  # fmt: skip
    told = text(Report(figures))
    assert told.startswith("Networks like it, each trained without a part of the identities")
    assert "first in 65.0\xa0% (95\xa0%: 55.0 to 75.0) of 80 searches among that part" in told
    assert "model itself was trained on all identities" in told
    assert "1 in 100 of these pass, those networks accept 50.0" in told
    assert "how often it is right" not in told and "seed" not in told
    figures["unknown_dev/rank1"] = Figure(0.7, 0.6, 0.8, 200)
    assert text(Report(figures)).startswith("Given an image of an identity that it never saw")


def test_a_tar_with_an_interval_goes_before_one_without() -> None:
    withheld = Figure(0.5, math.nan, math.nan, 30)
    figures = {"unknown_test/tar_at_far_1e-3": withheld, "unknown_test/tar_at_far_1e-2": withheld}
    alone = text(Report(figures))
    assert "lets 1 in 1,000 of these pass, it accepts 50.0\xa0% (no interval: too few" in alone
    figures["unknown_dev/tar_at_far_1e-3"] = Figure(0.6, 0.5, 0.7, 30)
    other = text(Report(figures))
    assert "lets 1 in 1,000 of these pass, it accepts 60.0\xa0% (95\xa0%: 50.0 to 70.0)" in other
    assert "pairs of one identity (unknown_dev)" in other
    figures["unknown_test/tar_at_far_1e-1"] = Figure(0.8, 0.7, 0.9, 30)
    larger = text(Report(figures))
    assert "lets 1 in 10 of these pass, it accepts 80.0\xa0% (95\xa0%: 70.0 to 90.0)" in larger
