"""1:N identification: whose face it is, among those of a gallery.

Shapes: G gallery, P probes, D embedding. Scores are cosines.
"""

import numpy as np

from facesearch.metrics.verification import unit_rows


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


def rank_k(
    gallery_GD: np.ndarray,
    gallery_ids_G: np.ndarray,
    probes_PD: np.ndarray,
    probe_ids_P: np.ndarray,
    k: int = 1,
) -> float:
    """Return the fraction of probes with their own identity among the ``k`` most alike faces.

    Ties count against the model: a stranger with the same score stands before the mate. NaN if
    there are no probes.
    """
    if not len(probes_PD):
        return float("nan")
    gallery, probes = unit_rows(gallery_GD), unit_rows(probes_PD)
    hits = 0
    for start in range(0, len(probes), 1024):
        scores = probes[start : start + 1024] @ gallery.T
        is_mate = probe_ids_P[start : start + 1024][:, None] == gallery_ids_G[None]
        mate = np.where(is_mate, scores, -np.inf).max(axis=1)
        before = ((scores >= mate[:, None]) & ~is_mate).sum(axis=1)
        hits += int(((before < k) & np.isfinite(mate)).sum())
    return hits / len(probes)
