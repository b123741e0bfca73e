import math

import pytest
from searches import some_search

from facesearch.final.figures import Figure
from facesearch.report.bands import cmc_band, dir_band
from facesearch.report.search_charts import (
    KINDS,
    cmc_chart,
    cmc_of_tables,
    dir_chart,
    dir_points_chart,
)


def test_the_numbers_behind_the_cmc() -> None:
    search = some_search()
    chart = cmc_chart([cmc_band(search)], {"unknown_dev": 30})
    assert chart.rows[0]["found"] == (search.places <= 1).mean()
    assert "of 30 people" in chart.svg and chart.rows[-1]["rank"] == 20


def test_the_cmc_of_a_report_has_the_intervals_that_there_are() -> None:
    rows = [{"rank": 1, "found": 0.5}, {"rank": 2, "found": 0.6}]
    tables = {"unknown_dev: CMC, 40 people in the gallery": rows, "seeds": [{"seed": 0}]}
    (band,), people = cmc_of_tables(tables, {"unknown_dev/rank1": Figure(0.5, 0.4, 0.6, 9)})
    assert people == {"unknown_dev": 40} and band.value.tolist() == [0.5, 0.6]
    assert band.low[0] == 0.4 and math.isnan(band.low[1])
    assert cmc_chart([band], people).rows[0]["found"] == 0.5
    assert cmc_of_tables({}, {}) == ([], {})


def test_alarms_of_strangers_and_of_everybody_are_told_apart() -> None:
    bands = {kind: [band] for kind in KINDS if (band := dir_band(some_search(), kind))}
    chart = dir_chart(bands)
    assert {row["alarms"] for row in chart.rows} == set(KINDS.values())


@pytest.mark.parametrize("kind", list(KINDS))
def test_without_scores_the_figures_of_the_report_are_drawn(kind: str) -> None:
    chart = dir_points_chart({
        f"unknown_dev/dir_at_fpir_0.1_{kind}": Figure(0.3, 0.2, 0.4, 50),
        f"unknown_dev/dir_at_fpir_0.01_{kind}": Figure(0.1, 0.0, 0.2, 50),
    })  # fmt: skip
    assert chart is not None and [row["rate"] for row in chart.rows] == [0.1, 0.01]
    assert chart.rows[0]["set"] == f"unknown_dev: {KINDS[kind]}"
    assert dir_points_chart({}) is None
