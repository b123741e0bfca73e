import numpy as np
import pytest

from facesearch.metrics import exact
from facesearch.metrics.exact import grid_rows, level_scores, row_scores, score_levels, scores


def faces(count: int, seed: int = 0, dimension: int = 37) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimension))


def test_scores_are_cosines_to_half_a_level() -> None:
    one, two = faces(40), faces(30, seed=1)
    cosines = (one / np.linalg.norm(one, axis=1)[:, None]) @ (
        two / np.linalg.norm(two, axis=1)[:, None]
    ).T
    found = scores(grid_rows(one), grid_rows(two))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, cosines, atol=2.0**-23 + 1e-7)


def test_a_pair_has_one_score_in_any_shape_and_order() -> None:
    rows = grid_rows(faces(50, dimension=512))
    whole = scores(rows, rows)
    assert np.array_equal(whole, whole.T)
    for size in (1, 3, 16, 17):
        assert np.array_equal(scores(rows[:size], rows), whole[:size])
    assert np.array_equal(row_scores(rows, rows[::-1]), np.diagonal(whole[:, ::-1]))
    shuffled = np.random.default_rng(0).permutation(512)
    assert np.array_equal(scores(rows[:, shuffled], rows[:, shuffled]), whole)


def test_equal_faces_score_one_wherever_they_stand() -> None:
    rows = grid_rows(np.tile(faces(1, dimension=300), (23, 1)))
    assert np.ptp(scores(rows, rows)) == 0 and scores(rows, rows)[0, 0] == 1


def test_levels_reach_from_minus_one_to_one_and_give_back_the_scores() -> None:
    rows = grid_rows(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0]]))
    levels = score_levels(rows, rows[:1]).ravel()
    assert levels.tolist() == [exact.NUM_LEVELS - 1, 0, exact.LEVELS_PER_UNIT]
    assert level_scores(levels).tolist() == [1.0, -1.0, 0.0]


def test_rows_of_any_length_are_unit_rows_and_do_not_depend_on_their_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = np.concatenate([faces(9, dimension=3), [[3e38, -4e37, 0], [0, 0, 0], [3, 4, 0]]])
    rows = grid_rows(vectors)
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, [*[1] * 10, 0, 1], atol=1e-6)
    assert np.array_equal(rows * 2.0**24, np.rint(rows * 2.0**24))
    monkeypatch.setattr(exact, "_ROWS_AT_A_TIME", 5)
    assert np.array_equal(grid_rows(vectors), rows)


def test_what_is_no_finite_matrix_is_refused() -> None:
    vectors = faces(4)
    vectors[2, 1] = np.nan
    with pytest.raises(ValueError, match="row 2 is not"):
        grid_rows(vectors)
    with pytest.raises(ValueError, match=r"\[N, D\]"):
        grid_rows(np.ones(3))
