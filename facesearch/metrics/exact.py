"""The score of two faces, the same to the last bit wherever and however often it is computed.

A float32 matrix product may give one pair two scores: the order of its additions depends on the
shape, the threads and the processor. Equal faces then differ by a hair, ties are broken by chance,
and a count over blocks depends on the block. Here every sum is exact, so its order cannot matter.

Shapes: N and M faces, D embedding, P pairs.
"""

import numpy as np

# Coordinates are multiples of 2^-24, products of 2^-48. All partial sums are below 2, as rows have
# length 1 (Cauchy-Schwarz), so they need at most 49 of the 53 bits of a float64: none is rounded.
_COORDINATES_PER_UNIT = 2.0**24
# Scores are multiples of 2^-22 = 2.4e-7, about the rounding error of a float32 product of 256
# coordinates. So few levels can all be counted, and float32 holds each of them exactly.
LEVELS_PER_UNIT = 2**22
NUM_LEVELS = 2 * LEVELS_PER_UNIT + 1
_ROWS_AT_A_TIME = 16384


def grid_rows(vectors_ND: np.ndarray) -> np.ndarray:
    """Return float32 rows of length 1, coordinates rounded to multiples of 2^-24.

    A zero row stays zero. Each row depends on itself only, never on its neighbours.

    Raises:
        ValueError: If the array has not two axes, or a coordinate is not finite.

    """
    vectors = np.asarray(vectors_ND)
    if vectors.ndim != 2:
        raise ValueError(f"embeddings must be a matrix [N, D], but their shape is {vectors.shape}")
    rows = np.empty(vectors.shape, dtype=np.float32)
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        # float32 first, as elsewhere: squares of any float32 are finite in float64
        wide = np.asarray(vectors[part], dtype=np.float32).astype(np.float64)
        length = np.sqrt((wide * wide).sum(axis=1))
        if not np.isfinite(length).all():
            bad = start + int(np.flatnonzero(~np.isfinite(length))[0])
            raise ValueError(f"embeddings must be finite, but row {bad} is not")
        wide *= (_COORDINATES_PER_UNIT / np.maximum(length, 1e-12))[:, None]
        np.rint(wide, out=wide)
        wide /= _COORDINATES_PER_UNIT
        rows[part] = wide
    return rows


def score_levels(rows_ND: np.ndarray, others_MD: np.ndarray) -> np.ndarray:
    """Return the scores of all N x M pairs as integers: 0 for cosine -1, ``NUM_LEVELS`` - 1 for 1.

    Args:
        rows_ND: Rows of ``grid_rows``.
        others_MD: Rows of ``grid_rows``.

    Returns:
        int64 [N, M]. The working memory is twice that.

    """
    # a power of two scales without rounding
    levels = (rows_ND.astype(np.float64) * LEVELS_PER_UNIT) @ others_MD.astype(np.float64).T
    return _whole_levels(levels)


def scores(rows_ND: np.ndarray, others_MD: np.ndarray) -> np.ndarray:
    """Return the scores of all N x M pairs of ``grid_rows``, float32 [N, M], multiples of 2^-22."""
    return level_scores(score_levels(rows_ND, others_MD))


def row_scores(rows_PD: np.ndarray, others_PD: np.ndarray) -> np.ndarray:
    """Return the score of each row with the one beside it, float32 [P]; rows of ``grid_rows``."""
    wide = rows_PD.astype(np.float64) * LEVELS_PER_UNIT
    return level_scores(_whole_levels(np.einsum("pd,pd->p", wide, others_PD.astype(np.float64))))


def level_scores(levels: np.ndarray) -> np.ndarray:
    """Return the float32 scores of the integers of ``score_levels``, without rounding."""
    centred = (levels - LEVELS_PER_UNIT).astype(np.float32)
    result: np.ndarray = centred / np.float32(LEVELS_PER_UNIT)
    return result


def product_rounding(dimension: int) -> float:
    """Return by how much a float32 product of unit rows may differ from the exact score.

    Source:
        Higham 2002, Accuracy and Stability of Numerical Algorithms, eq. 3.5: D u / (1 - D u) times
        the product of the lengths, in any order of the sum; and half a level of the score itself.

    """
    error = dimension * 2.0**-24
    return 1.01 * error / (1 - error) + 1 / LEVELS_PER_UNIT


def _whole_levels(levels: np.ndarray) -> np.ndarray:
    np.rint(levels, out=levels)
    # a row may be longer than 1 by the rounding of its coordinates
    np.clip(levels, -LEVELS_PER_UNIT, LEVELS_PER_UNIT, out=levels)
    levels += LEVELS_PER_UNIT
    return levels.astype(np.int64)
