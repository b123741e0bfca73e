import math

from facesearch.final.figures import Figure
from facesearch.report.final_source import SeedCurve
from facesearch.report.model_charts import (
    curse_chart,
    group_charts,
    seeds_chart,
    shift_chart,
    training_chart,
)

EVIL = "--></svg><script>alert(1)</script>$\\frac"


def test_every_seed_has_its_curve_and_the_control_too() -> None:
    curves = [SeedCurve(0, (3.0, 1.0), 2.0, False), SeedCurve(0, (3.0, 2.0), 2.0, True)]
    chart = training_chart(curves)
    assert chart is not None
    assert [row["training"] for row in chart.rows] == ["seed 0", "seed 0, control without shift"]
    assert [row["last loss"] for row in chart.rows] == [1.0, 2.0]
    assert training_chart([]) is None


def test_seeds_stand_beside_the_model() -> None:
    seeds = [
        {"seed": 0, "dev/top1": 0.5, "loss": 1.0, "minutes": 2.0},
        {"seed": 1, "dev/top1": 0.6, "loss": 1.1, "minutes": 2.0},
    ]
    chart = seeds_chart(seeds, {"dev/top1": Figure(0.7, 0.6, 0.8, 100)})
    assert chart is not None
    assert [row["dev/top1"] for row in chart.rows] == [0.5, 0.6, 0.7]
    assert chart.alt == "dev/top1: seeds 0.500 to 0.600, the model 0.700"
    assert seeds_chart(seeds[:1], {}) is None and seeds_chart([], {}) is None


def test_the_curse_says_what_was_promised_and_found() -> None:
    row = {
        "rank-1 in the search": 0.6, "best of trials": 12, "low": 0.3, "high": math.nan, "gap": 0.2,
        "retrained, people the search never saw": 0.4,
    }  # fmt: skip
    chart = curse_chart({"winner's curse": [{**row, "high": 0.5}]})
    assert chart is not None and "promised 0.600" in chart.alt and "0.300 to 0.500" in chart.alt
    assert "best of 12" in chart.svg
    assert curse_chart({}) is None and curse_chart({"winner's curse": [row]}) is not None


def test_the_control_is_drawn_beside_the_model() -> None:
    rows = [
        {"shift": 0.0, "dev/top1": 0.9, "dev/top1, trained without shift": 0.9},
        {"shift": 0.25, "dev/top1": 0.8, "dev/top1, trained without shift": 0.3},
    ]
    chart = shift_chart({"accuracy by shift of the face": rows})
    assert chart is not None and "trained without shift: 0.900 in the middle, 0.300" in chart.alt
    assert shift_chart({}) is None
    assert shift_chart({"accuracy by shift of the face": [{"shift": 0.0}]}) is None


def test_errors_by_group_turn_what_is_right_round() -> None:
    tables = {
        "unknown_dev: by group": [
            {"group": "a", "faces": 20, "rank1": 0.9, "rank1_low": 0.7, "rank1_high": 0.95,
             "fnir": 0.2, "fpir": 0.1},
            {"group": "b", "faces": 20, "fpir": 0.3},
        ],
        "pairs: by group": [{"group": EVIL, "genuine": 10, "impostor": 3, "frr": 0.1, "far": 0.2}],
        "dev: by group": [],
    }  # fmt: skip
    charts = group_charts(tables)
    assert [chart.name for chart in charts] == ["groups_unknown_dev", "groups_pairs"]
    first = charts[0].rows[0]
    assert abs(first["not right, rank1"] - 0.1) < 1e-9
    assert (round(first["low"], 3), round(first["high"], 3)) == (0.05, 0.3)
    assert first["FNIR"] == 0.2 and charts[0].rows[1] == {"group": "b", "FPIR": 0.3}
    assert "<script" not in charts[1].svg and "frac" in charts[1].svg
