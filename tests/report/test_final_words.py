import math

from models import untrained

from facesearch.final.figures import Figure, Report
from facesearch.final.model import Threshold
from facesearch.report.final_words import cautions, percent, summary


def report() -> Report:
    return Report(
        figures={
            "dev/top1": Figure(0.912, 0.9, 0.92, 5000),
            "unknown_dev/rank1": Figure(0.7151, 0.649, 0.773, 1200),
            "unknown_dev/tar_at_far_1e-2": Figure(0.5, 0.4, 0.6, 1200),
            "unknown_dev/tar_at_far_1e-1": Figure(0.8, 0.7, 0.9, 1200),
        },
        notes=["unknown_dev: something.", "LEAK: 2 names of known."],
        tables={
            "winner's curse": [{
                "rank-1 in the search": 0.8, "best of trials": 24, "low": 0.65, "high": 0.75,
                "retrained, people the search never saw": 0.7, "gap": 0.1,
            }],
        },
    )  # fmt: skip


def test_it_says_what_the_model_is_how_good_and_at_which_threshold() -> None:
    found = {"far_1e-3": Threshold(0.25, "far_1e-3", "unknown_dev of faces")}
    model = untrained(2, thresholds=found, provenance={"training_minutes": 51.0})
    text = "\n".join(summary(report(), model))
    for said in (
        "2 networks together (cnn, head cosface) on pictures of 16 px",
        "trained on 8 people, in 51 minutes",
        "comes first for 91.2\xa0% (95\xa0%: 90.0 to 92.0)",
        "found first for 71.5\xa0% (95\xa0%: 64.9 to 77.3)",
        "At a false accept rate of 1 in 100, 50.0\xa0%",
        "fitted on unknown_dev of faces: far_1e-3 at cosine 0.250",
        "promised a rank-1 of 0.800, the best of 24",
        "0.100 more was promised than found",
    ):
        assert said in text
    assert "1 in 10," not in text  # only the smallest that there is


def test_leaks_are_to_be_minded_first() -> None:
    notes = cautions(report(), untrained())
    assert notes[0] == "LEAK: 2 names of known." and notes[1] == "unknown_dev: something."
    assert any("generated faces" in note for note in notes)
    assert any("groups of people was not measured" in note for note in notes)
    told = report()
    told.tables["dev: by group"] = [{"group": "a"}]
    assert not any("groups of people" in note for note in cautions(told, untrained()))


def test_a_model_that_is_not_there_or_decides_nothing_is_told() -> None:
    assert "only the report" in summary(report(), None)[0]
    assert any("no threshold" in part for part in summary(report(), untrained()))
    assert len(summary(Report(), None)) == 1


def test_of_an_interval_that_is_withheld_it_is_said() -> None:
    for ends in ((math.nan, math.nan), (math.nan, 0.6), (0.4, math.nan)):
        assert percent(Figure(0.5, *ends, 3)) == "50.0\xa0% (no interval: too few identities)"


def test_of_each_set_the_smallest_far_with_an_interval_is_told() -> None:
    told = report()
    told.figures["unknown_dev/tar_at_far_1e-2"] = Figure(0.5, math.nan, math.nan, 1200)
    text = "\n".join(summary(told, None))
    assert "1 in 10, 80.0\xa0% (95\xa0%: 70.0 to 90.0)" in text and "1 in 100" not in text


def test_cross_validated_figures_are_of_networks_like_it() -> None:
    told = Report(figures={"cross_validated/rank1": Figure(0.8, 0.7, 0.9, 60)})
    (text,) = summary(told, None)[1:]
    assert text.startswith("On the identities that networks like it were each trained without")
    assert "found first for 80.0\xa0% (95\xa0%: 70.0 to 90.0)" in text
