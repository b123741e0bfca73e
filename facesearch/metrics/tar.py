"""The exact true accept rate of all pairs of many faces at one false accept rate, and fast.

Only the highest impostor scores matter to it, so no table of all scores is needed (`all_pairs` has
one, for the whole ROC). A float32 product sorts out the pairs that cannot be among them, its
rounding allowed for; the others get the exact score.

Shapes: N faces, B and C faces of a tile, D embedding, P pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from facesearch.metrics.all_pairs import sorted_faces
from facesearch.metrics.exact import product_rounding, row_scores, scores

_PAIRS_AT_A_TIME = 2**14
# from this share of a tile on a whole product is cheaper than the scores of single pairs
_MANY = 1 / 32


def tar_of_all_pairs(
    embeddings_ND: np.ndarray, identities_N: np.ndarray, far: float, *, block: int = 1024
) -> float:
    """Return the true accept rate of all pairs i < j at a false accept rate of at most ``far``.

    It is ``all_pairs.rank_pairs(...).tar_at_far(far)`` to the last bit, ties included: a pair is
    accepted when its score is above the smallest impostor score that keeps within ``far``.

    Args:
        embeddings_ND: Of any length; they are normalised here.
        identities_N: Integer identity of each face, at least 0.
        far: In [0, 1].
        block: Faces in a tile; a tile is block x block. The result does not depend on it.

    Returns:
        The rate; NaN without genuine or without impostor pairs. For its memory see
        `tar_bytes`.

    Raises:
        ValueError: If the lengths differ, an embedding is not finite, or ``block`` is below 1.

    """
    if block < 1:
        raise ValueError(f"block must be at least 1, but got {block}")
    faces = sorted_faces(embeddings_ND, identities_N)
    ends_N = np.searchsorted(faces.identities_N, faces.identities_N, side="right")
    num_genuine = int((ends_N - np.arange(len(ends_N)) - 1).sum())
    num_impostors = len(ends_N) * (len(ends_N) - 1) // 2 - num_genuine
    if not num_genuine or not num_impostors:
        return float("nan")
    allowed = _allowed(far, num_impostors)
    if allowed >= num_impostors:
        return 1.0
    highest = _Highest(allowed + 1)
    for one, two in _tiles(0, len(ends_N), block):
        # faces are sorted, so the impostors after a face are those after its identity
        firsts_B = np.maximum(ends_N[one] - two.start, 0)
        _add_impostors(faces.rows_ND[one], faces.rows_ND[two], firsts_B, highest)
    return _count_above(faces.rows_ND, ends_N, highest.least(), block) / num_genuine


def tar_bytes(num_faces: int, embedding_dim: int, far: float, *, block: int = 1024) -> int:
    """Return the bytes that `tar_of_all_pairs` holds at once, at least: beside the embeddings.

    Normalised rows, a tile, and the scores of the impostor pairs that are accepted, of which there
    are far fewer than pairs.
    """
    num_pairs = num_faces * (num_faces - 1) // 2
    tile = min(block, num_faces) ** 2
    return 4 * (num_faces * embedding_dim + tile + _allowed(far, num_pairs))


def _allowed(far: float, num_impostors: int) -> int:
    # the epsilon undoes float rounding: 0.001 * 3000 is 3, not 2.9999...
    return int(np.floor(far * num_impostors + 1e-9))


def _tiles(start: int, end: int, block: int) -> Iterator[tuple[slice, slice]]:
    """Yield the tiles on and above the diagonal."""
    for first in range(start, end, block):
        for second in range(first, end, block):
            yield slice(first, min(first + block, end)), slice(second, min(second + block, end))


@dataclass
class _Highest:
    """The ``count`` highest of all scores that were added, in about twice their memory."""

    count: int
    bar: float = -np.inf
    parts: list[np.ndarray] = field(default_factory=list)
    num_held: int = 0

    def add(self, scores_P: np.ndarray) -> None:
        """Add scores, float32; those up to ``bar`` change nothing, and may have been left out."""
        above_P = scores_P[scores_P > self.bar]
        self.parts.append(above_P)
        self.num_held += len(above_P)
        # an early bar saves most; later each one costs a pass over all that is held
        most = self.count if self.bar == -np.inf else 2 * self.count + _PAIRS_AT_A_TIME
        if self.num_held > most:
            self._forget()

    def least(self) -> float:
        """Return the least of the ``count`` highest; at least so many were added."""
        self._forget()
        return self.bar

    def _forget(self) -> None:
        held = np.concatenate(self.parts)
        place = len(held) - self.count
        held.partition(place)
        self.parts, self.num_held = [held[place:].copy()], self.count
        self.bar = float(held[place])


def _add_impostors(
    rows_BD: np.ndarray, others_CD: np.ndarray, firsts_B: np.ndarray, highest: _Highest
) -> None:
    """Add the scores of a tile that may be among the highest.

    Args:
        rows_BD: Rows of ``exact.grid_rows``.
        others_CD: As well.
        firsts_B: The first impostor of each row, a place in ``others_CD``; all after it are too.
        highest: Gets the exact scores.

    """
    rough_BC = rows_BD @ others_CD.T
    for row in np.flatnonzero(firsts_B):
        rough_BC[row, : firsts_B[row]] = -np.inf
    num_pairs = int(np.maximum(len(others_CD) - firsts_B, 0).sum())
    margin, bar = product_rounding(rows_BD.shape[1]), highest.bar
    if bar == -np.inf and highest.count < num_pairs:
        # so many pairs of this tile are at least as good as its rough count-th best
        rough = np.concatenate([row[first:] for row, first in zip(rough_BC, firsts_B, strict=True)])
        place = len(rough) - highest.count
        bar = float(np.partition(rough, place)[place]) - margin
    # a place without a pair is -inf, and never a candidate
    lowest = np.nextafter(np.float32(max(bar - margin, -2.0)), np.float32(-np.inf))
    found_P = np.flatnonzero(rough_BC >= lowest)
    highest.add(_exact(rows_BD, others_CD, found_P))


def _exact(rows_BD: np.ndarray, others_CD: np.ndarray, found_P: np.ndarray) -> np.ndarray:
    """Return the exact scores of some pairs of a tile by their places in it, float32 [P]."""
    if len(found_P) > _MANY * len(rows_BD) * len(others_CD):
        found: np.ndarray = scores(rows_BD, others_CD).ravel()[found_P]
        return found
    exact = [np.empty(0, np.float32)]
    for start in range(0, len(found_P), _PAIRS_AT_A_TIME):
        first, second = np.divmod(found_P[start : start + _PAIRS_AT_A_TIME], len(others_CD))
        exact.append(row_scores(rows_BD[first], others_CD[second]))
    return np.concatenate(exact)


def _count_above(rows_ND: np.ndarray, ends_N: np.ndarray, threshold: float, block: int) -> int:
    """Return the genuine pairs with a score above ``threshold``, identity by identity."""
    count = 0
    for end in np.unique(ends_N):
        start = int(np.searchsorted(ends_N, end))
        for one, two in _tiles(start, int(end), block):
            is_above = scores(rows_ND[one], rows_ND[two]) > threshold
            # on the diagonal each pair is there twice, and each face with itself
            twice = int(is_above.sum()) - int(is_above.diagonal().sum())
            count += twice // 2 if one == two else int(is_above.sum())
    return count
