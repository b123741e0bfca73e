import numpy as np
import pytest

from facesearch.metrics.identification import gallery_and_probes, nearest, rank_k


def test_the_first_face_of_each_identity_is_the_gallery() -> None:
    gallery, probes = gallery_and_probes(np.array([2, 0, 2, 1, 0]))
    assert gallery.tolist() == [1, 3, 0] and probes.tolist() == [2, 4]


@pytest.mark.parametrize("k", [1, 2, 5])
def test_rank_k_equals_sorting(k: int) -> None:
    rng = np.random.default_rng(k)
    gallery, probes = rng.normal(size=(12, 4)), rng.normal(size=(60, 4))
    gallery_ids, probe_ids = np.arange(12), rng.integers(0, 12, 60)
    hits = 0
    for probe, identity in zip(probes, probe_ids, strict=True):
        cosines = [g @ probe / np.linalg.norm(g) / np.linalg.norm(probe) for g in gallery]
        order = sorted(range(12), key=lambda i: -cosines[i])
        hits += identity in [gallery_ids[i] for i in order[:k]]
    assert rank_k(gallery, gallery_ids, probes, probe_ids, k) == pytest.approx(hits / 60)


def test_a_network_that_maps_all_faces_to_one_point_is_worth_nothing() -> None:
    ones = np.ones((5, 3))
    assert rank_k(ones, np.arange(5), ones, np.arange(5)) == 0.0


def test_a_probe_without_a_mate_is_a_miss_and_no_probe_is_nan() -> None:
    eye = np.eye(3)
    assert rank_k(eye, np.arange(3), eye, np.array([0, 1, 9])) == pytest.approx(2 / 3)
    assert np.isnan(rank_k(eye, np.arange(3), np.empty((0, 3)), np.empty(0)))


def test_the_nearest_is_found_in_every_block() -> None:
    rng = np.random.default_rng(0)
    gallery = rng.normal(size=(30, 8))
    index, score = nearest(gallery, gallery * 3, block=7)
    assert index.tolist() == list(range(30))
    np.testing.assert_allclose(score, 1.0, atol=1e-5)
