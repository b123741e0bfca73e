import numpy as np
import pytest

from facesearch.final.closed_set import report_closed_set
from facesearch.final.figures import Report
from facesearch.final.outcomes import Labelled

NAMES = ("ada", "bob", "cyd", "dan")


def found(labels: list[int], best: list[list[int]]) -> Labelled:
    return Labelled(np.array(labels), np.array(best), np.ones((len(labels), len(best[0]))))


def test_top_k_confusions_and_identities() -> None:
    labels = [0, 0, 1, 1, 2, 2, 3, 3]
    best = [[0, 1], [1, 0], [0, 1], [0, 2], [2, 3], [2, 0], [0, 1], [3, 0]]
    report = Report()
    report_closed_set("dev", found(labels, best), NAMES, report)
    assert report.figures["dev/top1"].value == pytest.approx(4 / 8)
    assert report.figures["dev/top5"].value == pytest.approx(6 / 8)
    # taken for each other in both directions, so three times
    assert report.tables["dev: most confused"][0] == {"one": "ada", "other": "bob", "faces": 3}
    bands = {r["accuracy"]: r["identities"] for r in report.tables["dev: identities by accuracy"]}
    assert bands == {"0": 1, "up to 1/4": 0, "up to 1/2": 2, "up to 3/4": 0, "below 1": 0, "1": 1}
    worst = report.tables["dev: identities that are recognised least"]
    assert [row["identity"] for row in worst] == ["bob", "ada", "dan"]


def test_a_perfect_model_confuses_nobody() -> None:
    report = Report()
    report_closed_set("dev", found([0, 1, 2], [[0], [1], [2]]), NAMES, report)
    assert report.tables["dev: most confused"] == []
    figure = report.figures["dev/top1"]
    assert figure.value == figure.high == 1.0 and 0.25 < figure.low < 0.5  # of three
