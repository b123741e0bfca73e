"""1:N identification: whose face it is, among those of a gallery.

Shapes: G gallery, P probes, D embedding. Scores are cosines.
"""

from collections.abc import Iterator

import numpy as np

from facesearch.metrics.exact import grid_rows, row_scores, scores
from facesearch.metrics.resampling import unit_numbers
from facesearch.metrics.verification import unit_rows
from facesearch.progress import track

_PROBES_AT_A_TIME = 1024
_GALLERY_AT_A_TIME = 4096
_PAIRS_AT_A_TIME = 2**16
# where a score is held for each gallery face: of a large gallery, fewer probes
_SCORES_AT_A_TIME = 2**22


def gallery_and_probes(identities_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return indices: the first face of each identity, and all the others."""
    _, first = np.unique(identities_N, return_index=True)
    is_probe = np.ones(len(identities_N), dtype=bool)
    is_probe[first] = False
    return first, np.flatnonzero(is_probe)


def nearest(
    gallery_GD: np.ndarray, probes_PD: np.ndarray, *, block: int = 1024
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each probe the index of the most alike gallery face, and its score.

    Of equal scores the first in the gallery wins. ``block`` probes are compared at a time.
    """
    gallery, probes = unit_rows(gallery_GD), unit_rows(probes_PD)
    index = np.empty(len(probes), dtype=np.int64)
    score = np.empty(len(probes), dtype=np.float32)
    for start in range(0, len(probes), block):
        scores = probes[start : start + block] @ gallery.T
        best = scores.argmax(axis=1)
        index[start : start + block] = best
        score[start : start + block] = scores[np.arange(len(best)), best]
    return index, score


def hits_at_rank(
    gallery_GD: np.ndarray,
    gallery_ids_G: np.ndarray,
    probes_PD: np.ndarray,
    probe_ids_P: np.ndarray,
    k: int = 1,
) -> np.ndarray:
    """Return which probes have their own identity among the ``k`` most alike faces, bool [P].

    It counts faces, not people: several pictures of one other person take several places (see
    ``mate_ranks``). Ties count against the model: a stranger with the same score stands before the
    mate.
    """
    gallery, probes = unit_rows(gallery_GD), unit_rows(probes_PD)
    hits = np.zeros(len(probes), dtype=bool)
    num_probes = max(1, min(_PROBES_AT_A_TIME, _SCORES_AT_A_TIME // max(1, len(gallery))))
    for start in range(0, len(probes), num_probes):
        part = slice(start, start + num_probes)
        scores = probes[part] @ gallery.T
        is_mate = probe_ids_P[part][:, None] == gallery_ids_G[None]
        mate = np.where(is_mate, scores, -np.inf).max(axis=1)
        before = ((scores >= mate[:, None]) & ~is_mate).sum(axis=1)
        hits[part] = (before < k) & np.isfinite(mate)
    return hits


def mate_ranks(
    gallery_GD: np.ndarray,
    gallery_ids_G: np.ndarray,
    probes_PD: np.ndarray,
    probe_ids_P: np.ndarray,
) -> np.ndarray:
    """Return the place of each probe's person among the people of the gallery, best first.

    A person is as alike as the best of their faces, so several pictures of one other person take
    one place.

    Args:
        gallery_GD: Of any length; they are normalised here.
        gallery_ids_G: Integer identity of each; a negative one is nobody's mate, and a person of
            its own.
        probes_PD: Of any length.
        probe_ids_P: Integer identity of each; negative is a stranger.

    Returns:
        int64 [P]: 1 + the other people whose best face has the score of the best mate or a higher
        one; 0 if the gallery has no mate.

    Raises:
        ValueError: If lengths differ or an embedding is not finite.

    """
    gallery, probes = grid_rows(gallery_GD), grid_rows(probes_PD)
    mate_P = mate_scores(gallery, gallery_ids_G, probes, probe_ids_P)
    people_G, _ = unit_numbers(gallery_ids_G)
    order = np.argsort(people_G, kind="stable")
    gallery, ids_G, people_G = gallery[order], np.asarray(gallery_ids_G)[order], people_G[order]
    before = np.zeros(len(probes), dtype=np.int64)
    seen = np.zeros(len(probes), dtype=bool)  # counted already: the last person of the tile before
    for part, columns, tile in score_tiles(gallery, probes):
        people = people_G[columns]
        starts = np.flatnonzero(np.append(True, people[1:] != people[:-1]))
        is_alike = np.logical_or.reduceat(tile >= mate_P[part, None], starts, axis=1)
        is_before = is_alike & (probe_ids_P[part][:, None] != ids_G[columns][starts][None])
        goes_on = columns.start > 0 and people[0] == people_G[columns.start - 1]
        if goes_on:
            is_before[:, 0] &= ~seen[part]
        before[part] += is_before.sum(axis=1)
        is_one_person = goes_on and len(starts) == 1
        seen[part] = is_before[:, -1] | (seen[part] & is_one_person)
    return np.where(np.isfinite(mate_P), 1 + before, 0)


def cmc(
    gallery_GD: np.ndarray,
    gallery_ids_G: np.ndarray,
    probes_PD: np.ndarray,
    probe_ids_P: np.ndarray,
    max_rank: int,
) -> np.ndarray:
    """Return the cumulative match characteristic: the part found among the k most alike people.

    Args:
        gallery_GD: Of any length, as all arguments of ``mate_ranks``.
        gallery_ids_G: Integer identity of each.
        probes_PD: Of any length.
        probe_ids_P: Integer identity of each; a probe without a mate is a miss at every rank.
        max_rank: Points of the curve, a count.

    Returns:
        float64 [max_rank]; NaN if there are no probes.

    Raises:
        ValueError: As ``mate_ranks``, and if ``max_rank`` is below 1.

    """
    if max_rank < 1:
        raise ValueError(f"max_rank must be at least 1, but got {max_rank}")
    ranks_P = mate_ranks(gallery_GD, gallery_ids_G, probes_PD, probe_ids_P)
    if not len(ranks_P):
        return np.full(max_rank, np.nan)
    found = np.bincount(ranks_P[(ranks_P > 0) & (ranks_P <= max_rank)], minlength=max_rank + 1)
    return np.cumsum(found[1:]) / len(ranks_P)


def mate_scores(
    gallery_GD: np.ndarray,
    gallery_ids_G: np.ndarray,
    probes_PD: np.ndarray,
    probe_ids_P: np.ndarray,
) -> np.ndarray:
    """Return the score of each probe's best mate, float32 [P]; -inf without one.

    The rows are those of ``exact.grid_rows``. Only pairs of mates are computed.
    """
    for kind, rows, ids in (
        ("gallery faces", gallery_GD, gallery_ids_G),
        ("probes", probes_PD, probe_ids_P),
    ):
        if len(rows) != len(ids):
            raise ValueError(f"{len(rows)} {kind}, but {len(ids)} identities")
    order = np.argsort(gallery_ids_G, kind="stable")
    first = np.searchsorted(gallery_ids_G[order], probe_ids_P, side="left")
    after = np.searchsorted(gallery_ids_G[order], probe_ids_P, side="right")
    num_mates = np.where(probe_ids_P >= 0, after - first, 0)
    ends = np.cumsum(num_mates)
    best = np.full(len(probes_PD), -np.inf, dtype=np.float32)
    # all pairs of a probe and a mate in a row, a part of them at a time
    for start in range(0, int(num_mates.sum()), _PAIRS_AT_A_TIME):
        pair = np.arange(start, min(start + _PAIRS_AT_A_TIME, int(ends[-1])))
        probe = np.searchsorted(ends, pair, side="right")
        mate = order[first[probe] + pair - (ends - num_mates)[probe]]
        np.maximum.at(best, probe, row_scores(probes_PD[probe], gallery_GD[mate]))
    return best


def score_tiles(
    gallery_GD: np.ndarray, probes_PD: np.ndarray
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Yield probes, gallery faces and their scores, tile by tile; rows of ``exact.grid_rows``."""
    for first in track(range(0, len(probes_PD), _PROBES_AT_A_TIME), "comparing faces"):
        for start in range(0, len(gallery_GD), _GALLERY_AT_A_TIME):
            part = slice(first, first + _PROBES_AT_A_TIME)
            columns = slice(start, start + _GALLERY_AT_A_TIME)
            yield part, columns, scores(probes_PD[part], gallery_GD[columns])
