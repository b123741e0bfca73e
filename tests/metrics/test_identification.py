import tracemalloc

import numpy as np
import pytest

from facesearch.metrics import identification
from facesearch.metrics.exact import grid_rows, scores
from facesearch.metrics.identification import (
    cmc,
    gallery_and_probes,
    hits_at_rank,
    mate_ranks,
    nearest,
)


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
    assert hits_at_rank(gallery, gallery_ids, probes, probe_ids, k).mean() == pytest.approx(
        hits / 60
    )


def test_a_network_that_maps_all_faces_to_one_point_is_worth_nothing() -> None:
    ones = np.ones((5, 3))
    assert not hits_at_rank(ones, np.arange(5), ones, np.arange(5)).any()


def test_a_probe_without_a_mate_is_a_miss_and_no_probe_is_nan() -> None:
    eye = np.eye(3)
    assert hits_at_rank(eye, np.arange(3), eye, np.array([0, 1, 9])).tolist() == [True, True, False]
    assert len(hits_at_rank(eye, np.arange(3), np.empty((0, 3)), np.empty(0))) == 0


def test_hits_among_a_large_gallery_take_bounded_memory() -> None:
    rng = np.random.default_rng(0)
    gallery = rng.normal(size=(50_000, 4)).astype(np.float32)
    probes = gallery[:400] + 1e-3 * rng.normal(size=(400, 4)).astype(np.float32)
    tracemalloc.start()
    hits = hits_at_rank(gallery, np.arange(50_000), probes, np.arange(400))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 20 million scores of 4 bytes, several times, if all were held
    assert peak < 80e6 and hits.mean() > 0.5


def test_the_nearest_is_found_in_every_block() -> None:
    rng = np.random.default_rng(0)
    gallery = rng.normal(size=(30, 8))
    index, score = nearest(gallery, gallery * 3, block=7)
    assert index.tolist() == list(range(30))
    np.testing.assert_allclose(score, 1.0, atol=1e-5)


def crowd(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return gallery and probes with many ties, several faces an identity, and strangers."""
    rng = np.random.default_rng(seed)
    gallery, probes = rng.integers(-2, 3, (40, 3)), rng.integers(-2, 3, (70, 3))
    return gallery, rng.integers(-1, 12, 40), probes, rng.integers(-1, 14, 70)


def slow_mate_ranks(
    gallery: np.ndarray, gallery_ids: np.ndarray, probes: np.ndarray, probe_ids: np.ndarray
) -> list[int]:
    """Sort people by their best face; each face of nobody (-1) is a person of its own."""
    ranks = []
    people = [int(i) if i >= 0 else -1 - place for place, i in enumerate(gallery_ids)]
    for row, identity in zip(scores(grid_rows(probes), grid_rows(gallery)), probe_ids, strict=True):
        best: dict[int, float] = {}
        for score, person in zip(row, people, strict=True):
            best[person] = max(score, best.get(person, -2.0))
        mate = best.pop(int(identity), None) if identity >= 0 else None
        ranks.append(0 if mate is None else 1 + sum(score >= mate for score in best.values()))
    return ranks


@pytest.mark.parametrize("seed", range(4))
def test_mate_ranks_equal_counting(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = slow_mate_ranks(*crowd(seed))
    assert mate_ranks(*crowd(seed)).tolist() == expected
    for name, size in (("_PROBES", 9), ("_GALLERY", 7), ("_PAIRS", 5)):
        monkeypatch.setattr(identification, f"{name}_AT_A_TIME", size)
    assert mate_ranks(*crowd(seed)).tolist() == expected


@pytest.mark.parametrize("at_once", [1, 2, 3, 4096])
def test_several_faces_of_one_other_person_take_one_place(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identification, "_GALLERY_AT_A_TIME", at_once)
    probe, near, mate = np.eye(3)[:1], np.array([[9.0, 1.0, 0.0]]), np.array([[1.0, 1.0, 0.0]])
    gallery = np.concatenate([np.repeat(near, 5, axis=0), mate])
    assert mate_ranks(gallery, np.array([7] * 5 + [2]), probe, np.array([2])).tolist() == [2]


def test_the_cmc_is_rank_k_at_every_k_where_each_has_one_face() -> None:
    rng = np.random.default_rng(0)
    gallery, ids, probes = rng.normal(size=(40, 8)), np.arange(40), rng.normal(size=(70, 8))
    probe_ids = rng.integers(0, 44, 70)
    curve = cmc(gallery, ids, probes, probe_ids, 30)
    expected = [hits_at_rank(gallery, ids, probes, probe_ids, k).mean() for k in range(1, 31)]
    assert curve.tolist() == pytest.approx(expected)
    assert (np.diff(curve) >= 0).all() and curve[-1] < 1


def test_equal_faces_stand_before_the_mate() -> None:
    same = np.tile(np.random.default_rng(0).normal(size=300), (5, 1))
    assert mate_ranks(same, np.arange(5), same, np.arange(5)).tolist() == [5] * 5
    assert cmc(same, np.arange(5), same, np.arange(5), 5).tolist() == [0, 0, 0, 0, 1]


def test_no_probes_no_mates_and_nonsense() -> None:
    eye = np.eye(3)
    assert np.isnan(cmc(eye, np.arange(3), np.empty((0, 3)), np.empty(0), 2)).all()
    strangers = np.array([-1, -1, 7])
    assert mate_ranks(eye, np.array([-1, 0, 1]), eye, strangers).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="max_rank must be at least 1"):
        cmc(eye, np.arange(3), eye, np.arange(3), 0)
    with pytest.raises(ValueError, match="3 gallery faces, but 2 identities"):
        mate_ranks(eye, np.arange(2), eye, np.arange(3))
