"""The accept rate of all pairs is that of a search over all thresholds, ties and all."""

import tracemalloc

import numpy as np
import pytest
from every_pair import pair_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from facesearch.metrics import tar
from facesearch.metrics.all_pairs import rank_pairs
from facesearch.metrics.tar import tar_bytes, tar_of_all_pairs
from facesearch.metrics.verification import tar_at_far

FARS = (0.0, 1e-3, 0.01, 0.1, 0.5, 1.0)


def faces(seed: int, count: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings and identities, in random order."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, max(2, count // 6), count)
    if kind == "tied":  # small whole coordinates, so that many scores are equal
        vectors = rng.integers(-2, 3, (count, 4))[ids] + rng.integers(-1, 2, (count, 4))
    elif kind == "near":  # closer than a float32 product tells apart
        vectors = np.ones((count, 16)) + 1e-5 * rng.normal(size=(count, 16))
    elif kind == "collapsed":
        vectors = np.tile(rng.normal(size=16), (count, 1))
    else:
        vectors = rng.normal(size=(count, 16))[ids] + rng.normal(size=(count, 16))
    return vectors.astype(np.float32), ids


@pytest.mark.parametrize("kind", ["plain", "tied", "near", "collapsed"])
@pytest.mark.parametrize("count", [2, 3, 40, 203])
def test_it_is_the_rate_of_all_pairs_held_at_once(count: int, kind: str) -> None:
    vectors, ids = faces(count, count, kind)
    genuine, impostor = pair_scores(vectors, ids)
    for far in FARS:
        for block in (7, 64, 1024):
            found = tar_of_all_pairs(vectors, ids, far, block=block)
            np.testing.assert_equal(found, tar_at_far(genuine, impostor, far))


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 10**6), st.integers(2, 90), st.sampled_from(["plain", "tied", "near"]),
    st.floats(0, 1), st.integers(1, 40),
)  # fmt: skip
def test_it_is_the_rate_of_the_ranks(
    seed: int, count: int, kind: str, far: float, block: int
) -> None:
    vectors, ids = faces(seed, count, kind)
    ranks = rank_pairs(vectors, ids)
    np.testing.assert_equal(tar_of_all_pairs(vectors, ids, far, block=block), ranks.tar_at_far(far))


@pytest.mark.parametrize("num_ids", [1, 2, 700, 1400])
def test_many_faces_of_few_and_few_faces_of_many(num_ids: int) -> None:
    ids = np.arange(1400) % num_ids
    vectors = np.random.default_rng(0).normal(size=(1400, 8)) + np.eye(num_ids, 8)[ids]
    for far in FARS:
        np.testing.assert_equal(
            tar_of_all_pairs(vectors, ids, far, block=300), rank_pairs(vectors, ids).tar_at_far(far)
        )


def test_scores_are_dropped_and_the_highest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "_PAIRS_AT_A_TIME", 5)
    vectors, ids = faces(1, 300, "plain")
    assert tar_of_all_pairs(vectors, ids, 0.01, block=10) == rank_pairs(vectors, ids).tar_at_far(
        0.01
    )


def test_no_pairs_of_a_kind_are_nan_and_nonsense_is_refused() -> None:
    eye = np.eye(4)
    assert np.isnan(tar_of_all_pairs(eye, np.arange(4), 0.5))
    assert np.isnan(tar_of_all_pairs(eye, np.zeros(4, int), 0.5))
    assert np.isnan(tar_of_all_pairs(eye[:0], np.zeros(0, int), 0.5))
    with pytest.raises(ValueError, match="4 embeddings, but 3 identities"):
        tar_of_all_pairs(eye, np.zeros(3, int), 0.5)
    with pytest.raises(ValueError, match="block must be at least 1"):
        tar_of_all_pairs(eye, np.zeros(4, int), 0.5, block=0)
    with pytest.raises(ValueError, match="must be finite"):
        tar_of_all_pairs(np.full((2, 2), np.nan), np.arange(2), 0.5)


def test_the_pairs_are_not_held() -> None:
    vectors, ids = faces(0, 6000, "plain")
    told = tar_bytes(6000, 16, 1e-3)
    tracemalloc.start()
    tar_of_all_pairs(vectors, ids, 1e-3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 72 MB of scores if all pairs were held; the forecast is a lower bound
    assert told <= peak < 40e6 and told > 4e6
