import numpy as np
import pytest
from every_pair import pair_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from facesearch.metrics import all_pairs, verification
from facesearch.metrics.all_pairs import PairRanks, rank_cross_pairs, rank_pairs, rank_scores
from facesearch.metrics.exact import grid_rows, scores


def faces(seed: int, count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings with small whole coordinates, so that many scores tie; -1 are strangers."""
    rng = np.random.default_rng(seed)
    identities = rng.integers(-1, 9, count)
    return rng.integers(-2, 3, (10, 4))[identities] + rng.integers(-1, 2, (count, 4)), identities


def slow_pairs(
    one: np.ndarray, ids: np.ndarray, two: np.ndarray, other_ids: np.ndarray, keep: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    all_scores = scores(grid_rows(one), grid_rows(two))
    genuine, impostor = [], []
    for i, j in np.argwhere(keep):
        if ids[i] < 0 and other_ids[j] < 0:
            continue
        (genuine if ids[i] == other_ids[j] else impostor).append(all_scores[i, j])
    return np.array(genuine), np.array(impostor)


def assert_equal(one: PairRanks, two: PairRanks) -> None:
    for name in PairRanks.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("block", [1, 7, 16, 1000])
def test_all_pairs_equal_a_loop_over_pairs(seed: int, block: int) -> None:
    vectors, ids = faces(seed)
    upper = np.triu(np.ones((60, 60), dtype=bool), 1)
    slow = slow_pairs(vectors, ids, vectors, ids, upper)
    assert_equal(rank_pairs(vectors, ids, block=block), rank_scores(*slow))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_cross_pairs_equal_a_loop_over_pairs(seed: int, block: int) -> None:
    (gallery, ids), (probes, probe_ids) = faces(seed, 25), faces(seed + 10, 40)
    slow = slow_pairs(gallery, ids, probes, probe_ids, np.ones((25, 40), dtype=bool))
    found = rank_cross_pairs(gallery, ids, probes, probe_ids, block=block)
    assert_equal(found, rank_scores(*slow))


def test_many_pairs_are_counted_in_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, ids = faces(4)
    kept = rank_pairs(vectors, ids, block=20)
    monkeypatch.setattr(all_pairs, "_MOST_PENDING", 500)
    assert_equal(rank_pairs(vectors, ids, block=20), kept)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(-3, 20))
def test_neither_order_nor_block_nor_length_matters(seed: int, block: int, length: int) -> None:
    vectors, ids = faces(seed, 30)
    order = np.random.default_rng(seed).permutation(30)
    # a power of two, so that the embeddings are the same to the bit
    found = rank_pairs((vectors * 2.0**length)[order], ids[order], block=block)
    assert_equal(found, rank_pairs(vectors, ids))


def test_figures_are_those_of_the_scores_of_verification() -> None:
    rng = np.random.default_rng(0)
    ids = np.arange(300) // 10
    vectors = rng.normal(size=(30, 64))[ids] + 2 * rng.normal(size=(300, 64))
    ranks, pairs = rank_pairs(vectors, ids), pair_scores(vectors, ids)
    assert (len(ranks.genuine_G), ranks.num_impostors) == (len(pairs[0]), len(pairs[1]))
    for far in (1e-4, 1e-3, 1e-2, 0.1):
        assert ranks.tar_at_far(far) == pytest.approx(
            verification.tar_at_far(*pairs, far), abs=2e-3
        )
    assert ranks.auc() == pytest.approx(verification.auc(*pairs), abs=1e-5)
    assert ranks.eer() == pytest.approx(verification.equal_error_rate(*pairs), abs=1e-3)


def test_strangers_are_impostors_of_the_known_only() -> None:
    vectors, ids = np.eye(5), np.array([3, 3, -1, -1, -7])
    ranks = rank_pairs(vectors, ids)
    assert len(ranks.genuine_G) == 1 and ranks.num_impostors == 6
    ranks = rank_cross_pairs(vectors[:2], ids[:2], vectors, ids)
    assert len(ranks.genuine_G) == 4 and ranks.num_impostors == 6
    assert rank_pairs(vectors[2:], ids[2:]).num_impostors == 0


def test_a_network_that_maps_all_faces_to_one_point_is_worth_nothing() -> None:
    ranks = rank_pairs(
        np.tile(np.random.default_rng(0).normal(size=256), (50, 1)), np.arange(50) // 5
    )
    assert ranks.tar_at_far(0.5) == 0 and ranks.auc() == 0.5 and ranks.eer() == 0.5


@pytest.mark.parametrize("count", [0, 1])
def test_no_pairs_are_nan(count: int) -> None:
    ranks = rank_pairs(np.ones((count, 3)), np.zeros(count, dtype=int))
    assert ranks.num_impostors == 0 and np.isnan(ranks.auc())


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="3 embeddings, but 2 identities"):
        rank_pairs(np.ones((3, 2)), np.zeros(2))
    with pytest.raises(ValueError, match="block must be at least 1"):
        rank_pairs(np.ones((3, 2)), np.zeros(3), block=0)
    with pytest.raises(ValueError, match="must be finite"):
        rank_pairs(np.array([[np.inf, 1.0]]), np.zeros(1))
