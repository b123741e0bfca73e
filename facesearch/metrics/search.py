"""The most alike faces of a gallery that may be larger than memory. Exact, no index.

Shapes: G gallery, P probes, D embedding, K results, B faces of a block, C candidates.
"""

import numpy as np

from facesearch.metrics.exact import grid_rows, product_rounding, row_scores, scores

_PROBES_AT_A_TIME = 1024
_PAIRS_AT_A_TIME = 2**16
# from this share of a tile on a whole product is cheaper than the scores of single pairs
_MANY = 1 / 32


def top_k(
    gallery_GD: np.ndarray, probes_PD: np.ndarray, k: int, *, block_rows: int = 16384
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each probe the ``k`` most alike gallery faces, best first.

    A float32 product sorts out who cannot be among the best, its rounding allowed for; the few
    others get the exact score. So equal faces have equal scores, and of those the first in the
    gallery wins.

    Args:
        gallery_GD: Of any length; may be a memory map. It is normalised block by block.
        probes_PD: Of any length.
        k: Results for each probe, a count in [1, G].
        block_rows: Gallery faces compared at a time. The result does not depend on it.

    Returns:
        index_PK: Rows of the gallery, int64.
        score_PK: Their cosines as ``exact.scores`` gives them, float32, falling.

    Raises:
        ValueError: If ``k`` or ``block_rows`` is out of range, or an embedding is not finite.

    """
    if not 1 <= k <= len(gallery_GD):
        raise ValueError(f"k must be in [1, {len(gallery_GD)}], the gallery's size, but got {k}")
    if block_rows < 1:
        raise ValueError(f"block_rows must be at least 1, but got {block_rows}")
    probes = grid_rows(probes_PD)
    index = np.full((len(probes), k), -1, dtype=np.int64)
    score = np.full((len(probes), k), -np.inf, dtype=np.float32)
    for start in range(0, len(gallery_GD), block_rows):
        gallery = grid_rows(gallery_GD[start : start + block_rows])
        for first in range(0, len(probes), _PROBES_AT_A_TIME):
            part = slice(first, first + _PROBES_AT_A_TIME)
            found = _candidates(gallery, probes[part], score[part, -1], k)
            _merge(index[part], score[part], found, start)
    return index, score


def _candidates(
    gallery_BD: np.ndarray, probes_PD: np.ndarray, worst_P: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probe, gallery row and exact score of all that may beat ``worst_P``, the k-th best."""
    rough = probes_PD @ gallery_BD.T
    margin = product_rounding(gallery_BD.shape[1])
    bar = worst_P.astype(np.float64) - margin
    if np.isinf(worst_P).any() and len(gallery_BD) > k:
        # nobody known yet: k faces of this block are at least as good as its rough k-th best
        kth = np.partition(rough, -k, axis=1)[:, -k]
        bar = np.maximum(bar, kth.astype(np.float64) - 2 * margin)
    probe, row = np.nonzero(rough >= np.nextafter(bar.astype(np.float32), -np.inf)[:, None])
    if len(probe) > _MANY * rough.size:
        return probe, row, scores(probes_PD, gallery_BD)[probe, row]
    exact = [np.empty(0, np.float32)]
    for start in range(0, len(probe), _PAIRS_AT_A_TIME):
        part = slice(start, start + _PAIRS_AT_A_TIME)
        exact.append(row_scores(probes_PD[probe[part]], gallery_BD[row[part]]))
    return probe, row, np.concatenate(exact)


def _merge(
    index_PK: np.ndarray,
    score_PK: np.ndarray,
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
    start: int,
) -> None:
    """Put the candidates that are better than the k-th best into both arrays, in place."""
    probe, row, score = found
    # later rows lose a tie, so an equal score changes nothing
    is_better = score > score_PK[probe, -1]
    probe, row, score = probe[is_better], row[is_better], score[is_better]
    changed, k = np.unique(probe), index_PK.shape[1]
    all_probes = np.concatenate([np.repeat(changed, k), probe])
    all_rows = np.concatenate([index_PK[changed].ravel(), row + start])
    all_scores = np.concatenate([score_PK[changed].ravel(), score])
    order = np.lexsort((all_rows, -all_scores, all_probes))
    firsts = np.searchsorted(all_probes[order], changed)
    best = order[firsts[:, None] + np.arange(k)]
    index_PK[changed], score_PK[changed] = all_rows[best], all_scores[best]
