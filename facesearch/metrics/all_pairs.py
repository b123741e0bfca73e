"""The exact ROC of all pairs of many faces, in bounded memory.

A hundred thousand faces make five thousand million pairs. Their scores are computed tile by tile
and only counted: there are ``exact.NUM_LEVELS`` distinct scores, so a table of 64 MB holds all of
them without loss. One pass is enough, since nothing is estimated that a second would correct.

Shapes: N faces, G gallery, P probes, D embedding.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from facesearch.metrics.exact import NUM_LEVELS, grid_rows, level_scores, score_levels
from facesearch.metrics.pair_ranks import PairRanks, rank_counts, rank_scores
from facesearch.progress import track

__all__ = [
    "PairRanks", "SortedFaces", "rank_cross_pairs", "rank_pairs", "rank_scores", "sorted_faces",
]  # fmt: skip

_BLOCK = 1024
# a pass over the table costs as much as counting that many scores
_MOST_PENDING = NUM_LEVELS


def rank_pairs(
    embeddings_ND: np.ndarray, identities_N: np.ndarray, *, block: int = _BLOCK
) -> PairRanks:
    """Return the ranks of all pairs i < j of ``embeddings_ND``.

    Args:
        embeddings_ND: Of any length; they are normalised here.
        identities_N: Integer identity of each face. A negative one is a stranger: its pairs with
            known faces are impostor pairs. Pairs of two strangers are left out, for nobody knows
            whether they are one person.
        block: Faces in a tile; a tile is block x block. The result does not depend on it.

    Returns:
        Ranks. The memory is that of the embeddings, a tile, a table of 64 MB, and 4 bytes for each
        genuine pair; the impostor pairs take none.

    Raises:
        ValueError: If the lengths differ, an embedding is not finite, or ``block`` is below 1.

    """
    faces = sorted_faces(embeddings_ND, identities_N)
    return _rank(_tiles(faces, faces, block))


def rank_cross_pairs(
    gallery_GD: np.ndarray,
    gallery_ids_G: np.ndarray,
    probes_PD: np.ndarray,
    probe_ids_P: np.ndarray,
    *,
    block: int = _BLOCK,
) -> PairRanks:
    """Return the ranks of all G x P pairs of a gallery face and a probe.

    As ``rank_pairs``, errors included. A face that is in both makes a pair with itself; leave it
    out of one of them.
    """
    gallery = sorted_faces(gallery_GD, gallery_ids_G)
    return _rank(_tiles(gallery, sorted_faces(probes_PD, probe_ids_P), block))


@dataclass(frozen=True)
class SortedFaces:
    """Unit rows in the order of their identities, strangers (-1) first."""

    rows_ND: np.ndarray
    identities_N: np.ndarray


def sorted_faces(embeddings_ND: np.ndarray, identities_N: np.ndarray) -> SortedFaces:
    """Return faces in the order of their identities; embeddings of any length.

    Raises:
        ValueError: If the lengths differ, or an embedding is not finite.

    """
    if len(embeddings_ND) != len(identities_N):
        raise ValueError(f"{len(embeddings_ND)} embeddings, but {len(identities_N)} identities")
    identities = np.maximum(np.asarray(identities_N, dtype=np.int64), -1)
    order = np.argsort(identities, kind="stable")
    return SortedFaces(grid_rows(np.asarray(embeddings_ND)[order]), identities[order])


def _tiles(
    first: SortedFaces, second: SortedFaces, block: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the levels of the genuine and of the impostor pairs of each tile, both flat."""
    if block < 1:
        raise ValueError(f"block must be at least 1, but got {block}")
    is_same_set = first is second
    for i in track(range(0, len(first.rows_ND), block), "counting pairs"):
        for j in range(i if is_same_set else 0, len(second.rows_ND), block):
            one, two = slice(i, i + block), slice(j, j + block)
            ids, other_ids = first.identities_N[one], second.identities_N[two]
            if ids[-1] < 0 and other_ids[-1] < 0:  # strangers only
                continue
            levels = score_levels(first.rows_ND[one], second.rows_ND[two])
            # faces are sorted, so most tiles hold no identity twice and need no masks
            is_diagonal = is_same_set and i == j
            if not is_diagonal and (ids[-1] < other_ids[0] or other_ids[-1] < ids[0]):
                yield levels[:0, 0], levels.ravel()
            else:
                yield _split(levels, ids, other_ids, is_diagonal)


def _split(
    levels: np.ndarray, ids: np.ndarray, other_ids: np.ndarray, is_diagonal: bool
) -> tuple[np.ndarray, np.ndarray]:
    is_pair = np.triu(np.ones(levels.shape, dtype=bool), 1) if is_diagonal else np.bool_(True)
    is_same = ids[:, None] == other_ids[None]
    is_genuine = is_pair & is_same & (ids >= 0)[:, None]
    return levels[is_genuine], levels[is_pair & ~is_same]


def _rank(tiles: Iterator[tuple[np.ndarray, np.ndarray]]) -> PairRanks:
    counter, genuine = _LevelCounter(), [np.empty(0, np.float32)]
    for genuine_levels, impostor_levels in tiles:
        genuine.append(level_scores(genuine_levels))
        counter.add(impostor_levels)
    levels, counts = counter.counts()
    return rank_counts(np.concatenate(genuine), level_scores(levels), counts)


@dataclass
class _LevelCounter:
    """Counts levels; few of them are kept and sorted, many go into a table of all levels."""

    pending: list[np.ndarray] = field(default_factory=lambda: [np.empty(0, np.int64)])
    num_pending: int = 0
    table: np.ndarray | None = None

    def add(self, levels: np.ndarray) -> None:
        """Count these levels, a flat array."""
        self.pending.append(levels)
        self.num_pending += len(levels)
        if self.num_pending >= _MOST_PENDING:
            self._flush()

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the levels seen, rising, and how often each was, int64."""
        if self.table is None:
            return np.unique(np.concatenate(self.pending), return_counts=True)
        self._flush()
        levels = np.flatnonzero(self.table)
        return levels, self.table[levels]

    def _flush(self) -> None:
        counted = np.bincount(np.concatenate(self.pending), minlength=NUM_LEVELS)
        if self.table is None:
            self.table = counted
        else:
            self.table += counted
        self.pending, self.num_pending = [np.empty(0, np.int64)], 0
