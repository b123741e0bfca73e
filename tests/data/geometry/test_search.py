import numpy as np
import pytest
from drawn_faces import drawn_faces, true_box

from facesearch.data.box import WHOLE, Box
from facesearch.data.geometry.gradients import correlation, gradients_in
from facesearch.data.geometry.search import best_by_chance, coarse_boxes, evidence, find_box


def grey(box: Box = WHOLE, seed: int = 0) -> np.ndarray:
    mean: np.ndarray = drawn_faces(40, box, seed)[..., 0].mean(0)
    return mean


def test_every_coarse_score_is_the_correlation_in_its_box() -> None:
    reference, other = grey(), grey(Box(0.1, 0.0, 0.9, 0.8), seed=1)
    for found in coarse_boxes(reference, other)[:5]:
        # one transform for all shifts against the grid of one box
        plain = correlation(gradients_in(reference, WHOLE, 32), gradients_in(other, found.box, 32))
        assert found.correlation == pytest.approx(plain, abs=0.05)


def test_the_finer_search_is_at_least_as_good() -> None:
    reference, other = grey(), grey(Box(0.13, -0.04, 0.97, 0.8), seed=1)
    coarse, fine = coarse_boxes(reference, other)[0], find_box(reference, other)
    truth = true_box(Box(0.13, -0.04, 0.97, 0.8))
    assert fine.box.furthest_from(truth) <= max(0.02, coarse.box.furthest_from(truth))


def test_both_ways_are_each_others_inverse() -> None:
    reference, other = grey(), grey(Box(0.05, 0.1, 0.85, 0.9), seed=1)
    there, back = find_box(reference, other).box, find_box(other, reference).box
    assert back.furthest_from(true_box(there)) < 0.03


def test_chance_gives_less_evidence_than_a_face() -> None:
    reference, other = grey(), grey(seed=1)
    assert best_by_chance(reference, other) < find_box(reference, other).evidence


def test_a_flat_image_gives_no_evidence() -> None:
    assert find_box(grey(), np.full((48, 48), 7.0)).evidence <= 0


def test_evidence_grows_with_correlation_and_with_area() -> None:
    assert evidence(0.5, 1.0) == pytest.approx(np.arctanh(0.5))
    assert evidence(0.5, 0.25) == pytest.approx(np.arctanh(0.5) / 2)
    assert np.isfinite(evidence(1.0, 1.0))
