from itertools import pairwise

import numpy as np
import pytest
from searches import some_search

from facesearch.final.figures import Figure
from facesearch.final.model import Threshold
from facesearch.metrics.pair_ranks import rank_scores
from facesearch.metrics.verification import tar_at_far
from facesearch.report.bands import roc_band
from facesearch.report.pair_charts import (
    det_chart,
    reliability_chart,
    roc_chart,
    roc_points_chart,
    score_counts,
    scores_chart,
)

SCORES = some_search().scores


@pytest.mark.parametrize("spread", [1.0, 0.2, 0.001, 0.0])
def test_the_bars_hold_every_pair_once(spread: float) -> None:
    rng = np.random.default_rng(0)
    genuine, impostor = (np.clip(c + spread * rng.normal(size=500), -1, 1) for c in (0.6, 0.1))
    edges, own, other = score_counts(rank_scores(genuine, impostor))
    assert own.sum() == other.sum() == 500 and len(edges) == len(own) + 1
    for counts, scores in ((own, genuine), (other, impostor)):
        scores = scores.astype(np.float32)
        # a bar holds its upper end
        slow = [int(((scores > a) & (scores <= b)).sum()) for a, b in pairwise(edges)]
        slow[0] += int((scores == -1).sum()) if edges[0] == -1 else 0
        assert counts.tolist() == slow
    assert 40 <= len(own) <= 90


def test_the_numbers_behind_the_roc_are_those_of_all_pairs() -> None:
    rows = roc_chart([roc_band(SCORES)]).rows
    assert [row["far"] for row in rows] == [0.001, 0.01, 0.1]
    for row in rows:
        exact = tar_at_far(SCORES.pairs.genuine, SCORES.pairs.impostor, row["far"])
        assert row["tar"] == exact and row["low"] <= exact <= row["high"]
    rejects = det_chart([roc_band(SCORES)], {"unknown_dev": 1 / 120}).rows
    assert [row["frr"] for row in rejects] == [1 - row["tar"] for row in rows]


def test_thresholds_stand_in_the_histogram() -> None:
    found = {
        "eer": Threshold(0.4, "eer", "x"), "far_1e-3": Threshold(0.7, "far", "x"),
        "other": Threshold(3.0, "eer", "x", "a distance"),
    }  # fmt: skip
    chart = scores_chart(SCORES, found)
    assert "eer" in chart.svg and "far_1e-3" in chart.svg and "other" not in chart.svg
    assert "thresholds: eer 0.400, far_1e-3 0.700" in chart.alt
    assert sum(row["genuine"] for row in chart.rows) == SCORES.ranks.num_genuine
    assert sum(row["impostor"] for row in chart.rows) == SCORES.ranks.num_impostors


def test_without_scores_the_figures_of_the_report_are_drawn() -> None:
    figures = {
        "unknown_dev/tar_at_far_1e-2": Figure(0.5, 0.4, 0.6, 100),
        "unknown_dev/tar_at_far_1e-3": Figure(0.2, float("nan"), float("nan"), 100),
        "unknown_dev/eer": Figure(0.1, 0.0, 0.2, 100),
    }
    chart = roc_points_chart(figures)
    assert chart is not None
    assert [(row["rate"], row["value"]) for row in chart.rows] == [(0.01, 0.5), (0.001, 0.2)]
    assert roc_points_chart({"dev/top1": Figure(1, 1, 1, 1)}) is None


def test_reliability_is_of_the_bins_of_the_report() -> None:
    bins = [{"from": 0.0, "to": 0.5, "stated": 0.2, "true": 0.5, "pairs": 7}]
    chart = reliability_chart({"pairs: calibration, as many genuine": bins, "seeds": [{"a": 1}]})
    assert chart is not None and chart.rows == [{"set": "pairs", **bins[0]}]
    assert "is 0.30" in chart.alt
    assert reliability_chart({"pairs: calibration": []}) is None
