"""1:1 verification: whether two faces are one person's. Scores are cosines; high is alike.

Shapes: N faces, D embedding, P pairs.
"""

import numpy as np


def unit_rows(vectors_ND: np.ndarray) -> np.ndarray:
    """Return float32 rows of length 1; a zero row stays zero."""
    vectors = np.asarray(vectors_ND, dtype=np.float32)
    # squares of float32 numbers above 1.8e19 are infinite, and an untrained network may give some
    squares_N = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    unit: np.ndarray = vectors / np.maximum(np.sqrt(squares_N), 1e-12)[:, None]
    return unit.astype(np.float32)


def tar_at_far(genuine_P: np.ndarray, impostor_P: np.ndarray, far: float) -> float:
    """Return the true accept rate at a false accept rate of at most ``far``.

    A pair is accepted when its score is **above** the threshold; the threshold is the smallest
    impostor score that keeps the false accepts within ``far``, so ties never flatter. NaN if there
    are no genuine or no impostor pairs.
    """
    if not len(genuine_P) or not len(impostor_P):
        return float("nan")
    # the epsilon undoes float rounding: 0.001 * 3000 is 3, not 2.9999...
    allowed = min(int(np.floor(far * len(impostor_P) + 1e-9)), len(impostor_P))
    if allowed == len(impostor_P):
        return 1.0
    position = len(impostor_P) - 1 - allowed
    threshold = np.partition(impostor_P, position)[position]
    return float(np.mean(genuine_P > threshold))


def auc(genuine_P: np.ndarray, impostor_P: np.ndarray) -> float:
    """Return the chance that a genuine pair scores above an impostor pair, ties counting half."""
    if not len(genuine_P) or not len(impostor_P):
        return float("nan")
    ordered = np.sort(impostor_P)
    below = np.searchsorted(ordered, genuine_P, side="left").astype(np.float64)
    up_to = np.searchsorted(ordered, genuine_P, side="right")
    return float(np.mean((below + up_to) / 2) / len(impostor_P))


def equal_error_rate(genuine_P: np.ndarray, impostor_P: np.ndarray) -> float:
    """Return the error rate at the threshold where false accepts and false rejects are closest.

    Of the two rates there the mean is returned. NaN if either kind of pair is missing.
    """
    if not len(genuine_P) or not len(impostor_P):
        return float("nan")
    thresholds = np.unique(np.concatenate([genuine_P, impostor_P]))
    rejected = np.searchsorted(np.sort(genuine_P), thresholds, side="right") / len(genuine_P)
    accepted = 1 - np.searchsorted(np.sort(impostor_P), thresholds, side="right") / len(impostor_P)
    rejected, accepted = np.append(0.0, rejected), np.append(1.0, accepted)
    best = int(np.argmin(np.abs(rejected - accepted)))
    return float((rejected[best] + accepted[best]) / 2)
