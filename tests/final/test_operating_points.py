from dataclasses import replace

import numpy as np
import pytest
from models import untrained

from facesearch.final.figures import Report
from facesearch.final.model import Threshold
from facesearch.final.one_to_one import Pairs
from facesearch.final.operating_points import (
    OperatingPoints,
    even_odds,
    merged,
    of_list,
    of_pairs,
    of_searches,
    tell_points,
)
from facesearch.metrics.all_pairs import rank_scores
from facesearch.metrics.open_set import OpenSet
from facesearch.metrics.thresholds import Calibration

RNG = np.random.default_rng(0)
SAME = np.arange(600) < 300
SCORES = np.where(SAME, RNG.normal(0.6, 0.1, 600), RNG.normal(0.1, 0.1, 600)).astype(np.float32)


def searches(count: int, *, with_strangers: bool) -> OpenSet:
    """Searches that find a mate at about 0.6, and others at about 0.3."""
    mated = np.arange(count) % 3 > 0 if with_strangers else np.ones(count, bool)
    mate = RNG.normal(0.6, 0.05, count).astype(np.float32)
    other = RNG.normal(0.3, 0.05, count).astype(np.float32)
    score = np.where(mated, np.maximum(mate, other), other)
    return OpenSet(score, mated & (mate > other), mated, other, np.arange(count))


def accuracy(threshold: float, mated: np.ndarray, others: np.ndarray) -> float:
    """Slow: of searches with a mate those above, of the others those not above."""
    right = [score > threshold for score in mated] + [score <= threshold for score in others]
    return sum(right) / len(right)


@pytest.mark.parametrize("with_strangers", [False, True])
def test_searches_give_both_thresholds_that_identify_needs(with_strangers: bool) -> None:
    found = searches(60, with_strangers=with_strangers)
    points = of_searches(found, "unknown_dev")
    assert set(points.thresholds) == {"rejection", "fpir_0.1"} and not points.lacking
    rejection = points.thresholds["rejection"]
    is_left_out = rejection.rule == "rejection, mates left out"
    assert is_left_out is not with_strangers
    mated = found.score_P[found.is_mated_P & found.is_right_P].tolist()
    others = found.nonmate_score_P if is_left_out else found.score_P[~found.is_mated_P]
    best = max(accuracy(t, mated, others.tolist()) for t in (*mated, *others.tolist(), -1.0))
    assert accuracy(rejection.value, mated, others.tolist()) == pytest.approx(best)
    alarms = (found.nonmate_score_P > points.thresholds["fpir_0.1"].value).mean()
    assert alarms <= 0.1


def test_what_searches_cannot_give_is_said() -> None:
    few = of_searches(searches(6, with_strangers=False), "dev")
    assert set(few.thresholds) == {"rejection"}
    assert few.lacking == {"fpir_0.1": "it needs 10 searches, and dev has 6"}
    strange = replace(searches(9, with_strangers=True), is_mated_P=np.zeros(9, bool))
    assert of_searches(strange, "dev").lacking["rejection"] == "nobody of dev is in its gallery"
    alone = replace(searches(20, with_strangers=False), nonmate_score_P=np.full(20, -np.inf))
    points = of_searches(alone, "dev")
    assert not points.thresholds
    assert points.lacking["rejection"] == "the gallery of dev is of one identity"
    assert points.lacking["fpir_0.1"] == "on dev the best is to accept everybody"


def test_a_list_gives_the_thresholds_of_pairs_and_none_of_searches() -> None:
    points = of_list(SCORES, SAME, "pairs")
    assert set(points.thresholds) == {"accuracy", "eer", "far_1e-2", "even_odds"}
    assert points.lacking == {
        "far_1e-3": "it needs 1,000 pairs of two identities, and pairs has 300"
    }
    assert {one.fitted_on for one in points.thresholds.values()} == {"pairs"}
    calibration = points.calibration
    assert calibration is not None
    assert calibration.chance(points.thresholds["even_odds"].value) == pytest.approx(0.5)
    right = {name: np.mean((one.value < SCORES) == SAME) for name, one in points.thresholds.items()}
    assert right["accuracy"] >= max(right.values())
    for kind in (True, False):
        lonely = of_list(SCORES[kind == SAME], SAME[kind == SAME], "pairs")
        assert not lonely.thresholds and lonely.calibration is None
        assert set(lonely.lacking) == {"even_odds", "accuracy", "eer", "far_1e-2", "far_1e-3"}


def test_even_odds_are_those_of_the_calibration_that_is_kept() -> None:
    first = of_list(SCORES, SAME, "pairs")
    nobody = np.zeros(600, np.int64)
    shifted = SCORES * np.float32(0.8)
    second = of_pairs(
        rank_scores(shifted[SAME], shifted[~SAME]), Pairs(shifted, SAME, nobody, nobody), "dev"
    )
    both = merged(second, first)
    assert both.calibration is second.calibration and both.calibrated_on == "dev"
    assert both.thresholds["even_odds"] == second.thresholds["even_odds"]
    assert both.thresholds["accuracy"] == first.thresholds["accuracy"]
    useless = replace(second, calibration=Calibration(0.0, 0.0), thresholds={})
    assert "even_odds" not in merged(useless, first).thresholds
    assert even_odds(None, "dev") == even_odds(Calibration(1.0, -3.0), "dev") == {}


def test_every_threshold_is_told_with_its_origin_and_why_one_is_lacking() -> None:
    report, before = Report(), {"rejection": Threshold(0.4, "rejection", "unknown_dev of s23")}
    points = of_list(SCORES, SAME, "pairs of lfw")
    tell_points(points, before, report)
    assert report.notes == [
        "thresholds that the model had, and has no more: rejection (unknown_dev of s23).",
        "thresholds fitted on pairs of lfw: accuracy, eer, far_1e-2, even_odds.",
        "no threshold far_1e-3: it needs 1,000 pairs of two identities, and pairs of lfw has 300.",
        "identify cannot decide with this model: neither rejection nor fpir_0.1 was fitted; "
        "they need faces with a gallery and probes, of several identities.",
    ]
    rows = report.tables["thresholds that were fitted"]
    assert {row["threshold"]: row["cosine"] for row in rows} == {
        name: one.value for name, one in points.thresholds.items()
    }
    report = Report()
    tell_points(of_searches(searches(30, with_strangers=True), "unknown_dev"), {}, report)
    assert report.notes == ["thresholds fitted on unknown_dev: fpir_0.1, rejection."]


def test_frozen_points_replace_those_of_the_same_name() -> None:
    model = untrained(thresholds={"eer": Threshold(0.9, "eer", "old")})
    frozen = of_list(SCORES, SAME, "pairs").frozen_into(model)
    assert frozen.thresholds["eer"].fitted_on == "pairs" and frozen.calibration is not None
    assert OperatingPoints({}, None).frozen_into(frozen).calibration is frozen.calibration
