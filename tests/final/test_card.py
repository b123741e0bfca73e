import math
import re
from dataclasses import replace
from typing import Any

import pytest
from models import untrained

from facesearch.final.card import card_head, model_card, plain
from facesearch.final.compare import MAIN_FIGURES
from facesearch.final.figures import Figure, Report
from facesearch.final.model import FaceModel, Threshold
from facesearch.metrics.thresholds import Calibration
from facesearch.models.cost import network_cost

PEOPLE = ("n000001", "n000002", "Ada_Lovelace", "12", "of", "n000003", "n000004", "n000005")


def model(**changes: Any) -> FaceModel:
    return untrained(2, identities=PEOPLE, **changes)


@pytest.fixture
def report() -> Report:
    return Report(
        figures={
            "unknown_dev/rank1": Figure(0.7151, 0.649, 0.773, 1200),
            "dev/top1": Figure(0.912, 0.9, 0.92, 5000),
            "unknown_dev/tar_at_far_1e-3": Figure(0.0012, math.nan, 0.3, 40),
            "unknown_dev/tar_at_far_1e-4": Figure(0.5, math.nan, math.nan, 40),
        },
        notes=["LEAK: 2 names (n000001, Ada_Lovelace) of 12", "<script>alert(1)</script>"],
        tables={
            "dev: identities that are recognised least": [{"identity": "n000002", "accuracy": 0.1}],
            "CMC": [{"rank": rank, "found": rank / 20} for rank in range(1, 21)],
            "empty": [],
        },
    )


def test_everything_measured_is_told_with_its_interval(report: Report) -> None:
    card = model_card(model(), report)
    assert "| rank1 | 0.715 | 0.649 to 0.773 | 1,200 |" in card
    assert "| top1 | 0.912 | 0.900 to 0.920 | 5,000 |" in card
    assert "| tar_at_far_1e-3 | 0.0012 | not known to 0.300 | 40 |" in card
    assert "| tar_at_far_1e-4 | 0.500 | none: too few identities | 40 |" in card
    assert card.count("### unknown_dev\n") == 1 == card.count("### dev\n")
    assert "rests on 40 faces or pairs" in card
    assert "| 12 | 0.600 |" in card and "8 more rows in the report" in card
    for part in (
        "What it is for", "How it was made", "Figures", "Thresholds", "Limits", "Costs",
        "Licence and personal data", "How to use it",
    ):  # fmt: skip
        assert card.count(f"\n## {part}\n") == 1
    for warning in ("biometric data", "Not for:", "research only", "facesearch verify"):
        assert warning in card


def test_nobody_is_named(report: Report) -> None:
    card = model_card(model(), report)
    assert not any(name in card for name in PEOPLE if name not in ("12", "of"))
    assert "LEAK: 2 names ((a name), (a name)) of 12" in card
    assert "Only in the report: it names people." in card


def test_what_comes_from_outside_stays_text(report: Report) -> None:
    evil = "<img src=x onerror=alert(1)> [a](http://b.c) | `x` **y**\n# h\x1b[31m\u202e"
    report.tables[evil] = [{evil: evil}]
    report.figures[f"{evil}/x"] = Figure(0.5, 0.4, 0.6, 10)
    threshold = {evil: Threshold(0.5, evil, evil, evil)}
    made = model(thresholds=threshold, provenance={"trial": evil, "faces": evil, "epochs": evil})
    data = made.config.data.model_copy(update={"root": f"/home/me/{evil.replace('/', '')}"})
    made = replace(made, config=made.config.model_copy(update={"data": data}))
    card = model_card(made, report)
    assert "<img" not in card and "<script" not in card
    assert not re.search(r"(?<!\\)\]\(", card)
    assert "\x1b" not in card and "\u202e" not in card and "\n# h" not in card
    assert "://b.c" not in card and "/home/me" not in card
    for line in card.splitlines():
        if line.startswith("| ") and "img src" in line:
            # of one cell, of two, of four, or of five
            assert line.count("|") - line.count("\\|") in (2, 3, 5, 6)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("unknown_dev/rank1 -0.5", "unknown_dev/rank1 -0.5"),
        ("_a_ *b*", r"\_a\_ \*b\*"),
        ("- item", r"\- item"),
        ("it's <b> & c", "it&#39;s &lt;b&gt; &amp; c"),
        ("a\n\tb", "a b"),
        ("x" * 400, "x" * 300 + "..."),
    ],
)
def test_escaping(text: str, escaped: str) -> None:
    assert plain(text) == escaped


def test_thresholds_have_units_and_say_where_they_are_from(report: Report) -> None:
    found = {"eer": Threshold(0.25, "eer", "unknown_dev")}
    card = model_card(model(thresholds=found, calibration=Calibration(9.0, -3.0)), report)
    assert "| eer | 0.2500 | cosine | eer | unknown_dev |" in card
    assert "can be turned into probabilities" in card
    assert "It has none" in model_card(model(), report)


def test_costs_count_every_member_and_every_view(report: Report) -> None:
    made = model(views="flip")
    flops = network_cost(made.config.model, 16).flops
    card = model_card(made, report)
    assert f"| operations a picture | {flops * 4 / 1e9:.3g} GFLOPs: " in card
    parameters = network_cost(made.config.model, 16).parameters
    assert f"| parameters | {2 * parameters:,}, without the heads |" in card


def test_what_was_not_measured_is_told(report: Report) -> None:
    card = model_card(model(), report)
    assert "groups of people (skin, sex, age) was not measured" in card
    assert "not in the middle was not measured" in card
    assert "generated faces: its figures say nothing of real ones" in card
    report.tables |= {"unknown_dev: by group": [{"group": "x"}], "accuracy by shift": [{"s": 0}]}
    card = model_card(model(), report)
    assert "was not measured." not in card and "age) was not measured" not in card


def test_a_table_without_figures_is_no_measurement(report: Report) -> None:
    report.tables |= {
        "unknown_dev: by group": [],
        "accuracy by shift of the face": [{"shift": 0.0}, {"shift": 0.1}],
    }
    card = model_card(model(), report)
    assert "age) was not measured: every group has too few faces." in card
    assert "the faces do not say who belongs to which" not in card
    assert "not in the middle was not measured" in card
    assert "### accuracy by shift" not in card and "### unknown" not in card.partition("## Tab")[2]
    report.tables["accuracy by shift of the face"] = [{"shift": 0.0, "dev/top1": 0.5}]
    report.tables["dev: by group"] = [{"group": "x"}]
    card = model_card(model(), report)
    assert "was not measured" not in card and "### accuracy by shift" in card


def test_it_says_that_the_model_holds_names(report: Report) -> None:
    assert "`config.json` beside the weights holds the names of the" in model_card(model(), report)


def test_the_head_is_short(report: Report) -> None:
    head = card_head(model(), report)
    assert len(head) < 700 and "unknown_dev/rank1 0.715" in head and "8 people" in head
    assert "No main figure was measured" in card_head(model(), Report())


def test_the_head_begins_with_the_set_that_decides(report: Report) -> None:
    report.figures["unknown_test/rank1"] = Figure(0.6, 0.5, 0.7, 900)
    head = card_head(model(), report)
    names = re.findall(r"(unknown_test/rank1|unknown_dev/rank1|dev/top1) 0\.", head)
    assert names == list(MAIN_FIGURES) and "people. unknown_test/rank1 0.600" in head
