from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facesearch.metrics import search
from facesearch.metrics.exact import grid_rows, scores
from facesearch.metrics.search import top_k


def slow_top_k(gallery: np.ndarray, probes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    all_scores = scores(grid_rows(probes), grid_rows(gallery))
    index = np.argsort(-all_scores, axis=1, kind="stable")[:, :k]
    return index, np.take_along_axis(all_scores, index, axis=1)


def assert_right(gallery: np.ndarray, probes: np.ndarray, k: int, block_rows: int) -> None:
    index, score = top_k(gallery, probes, k, block_rows=block_rows)
    expected_index, expected_score = slow_top_k(gallery, probes, k)
    assert index.dtype == np.int64 and score.dtype == np.float32
    np.testing.assert_array_equal(score, expected_score)
    np.testing.assert_array_equal(index, expected_index)


@pytest.mark.parametrize("k", [1, 5, 200])
@pytest.mark.parametrize("block_rows", [1, 30, 64, 1000])
def test_it_equals_a_full_sort(k: int, block_rows: int) -> None:
    rng = np.random.default_rng(k)
    assert_right(rng.normal(size=(200, 64)), rng.normal(size=(30, 64)), k, block_rows)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 50), st.integers(1, 60))
def test_of_equal_faces_the_first_wins(seed: int, k: int, block_rows: int) -> None:
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(6, 40))
    gallery, probes = few[rng.integers(0, 6, 50)], few[rng.integers(0, 6, 9)]
    assert_right(gallery, probes, k, block_rows)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 20), st.integers(1, 70))
def test_faces_that_differ_by_a_hair_are_told_apart(seed: int, k: int, block_rows: int) -> None:
    rng = np.random.default_rng(seed)
    gallery = rng.normal(size=300) + rng.normal(size=(60, 300)) * 1e-3
    assert_right(gallery, gallery[::7], k, block_rows)


def test_a_memory_map_and_many_probes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_PROBES_AT_A_TIME", 7)
    monkeypatch.setattr(search, "_PAIRS_AT_A_TIME", 11)
    monkeypatch.setattr(search, "_MANY", 1.0)
    gallery = np.random.default_rng(0).normal(size=(90, 20)).astype(np.float32)
    np.save(tmp_path / "gallery.npy", gallery)
    assert_right(np.load(tmp_path / "gallery.npy", mmap_mode="r"), gallery[::3] * 2, 4, 32)


def test_no_probes_give_nothing() -> None:
    index, score = top_k(np.ones((3, 2)), np.empty((0, 2)), 2)
    assert index.shape == score.shape == (0, 2)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"k must be in \[1, 3\]"):
        top_k(np.ones((3, 2)), np.ones((1, 2)), 4)
    with pytest.raises(ValueError, match="block_rows must be at least 1"):
        top_k(np.ones((3, 2)), np.ones((1, 2)), 1, block_rows=0)
    with pytest.raises(ValueError, match="must be finite"):
        top_k(np.full((3, 2), np.nan), np.ones((1, 2)), 1)
