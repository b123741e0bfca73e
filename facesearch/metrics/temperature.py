"""Probabilities of classes that mean what they say: one temperature, fitted on other faces.

Shapes: N faces, P classes, B bins.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

# Sharper, or flatter, than any network that has learnt something.
_LOG_ENDS = (float(np.log(0.02)), float(np.log(50.0)))


def fit_temperature(log_chances_NP: np.ndarray, labels_N: np.ndarray) -> float:
    """Return what to divide the log probabilities by, so that the labels are likeliest.

    Args:
        log_chances_NP: Log probabilities, or logits.
        labels_N: Class of each face, in [0, P).

    Raises:
        ValueError: If there are no faces, or fewer than two classes.

    Source:
        Guo et al. 2017, On calibration of modern neural networks, section 4.2: temperature scaling,
        which leaves the order of the classes as it is. That the search is over the logarithm, from
        0.02 to 50, is ours.

    """
    count, classes = log_chances_NP.shape
    if not count or classes < 2:
        raise ValueError(f"a temperature needs faces of two classes, but got {count} x {classes}")
    scores = np.asarray(log_chances_NP, dtype=np.float64)
    of_label = scores[np.arange(count), labels_N]

    def loss(log_temperature: float) -> float:
        sharpness = np.exp(-log_temperature)
        return float(np.mean(logsumexp(sharpness * scores, axis=1) - sharpness * of_label))

    found = minimize_scalar(loss, bounds=_LOG_ENDS, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def best_class(log_chances_NP: np.ndarray, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the likeliest class of each face, int64 [N], and its probability, float64 [N]."""
    scores = np.asarray(log_chances_NP, dtype=np.float64) / temperature
    best = scores.argmax(axis=1)
    chance: np.ndarray = np.exp(scores[np.arange(len(best)), best] - logsumexp(scores, axis=1))
    return best, chance


def class_calibration_error(
    chance_N: np.ndarray, is_right_N: np.ndarray, num_bins: int = 15
) -> float:
    """Return how far the stated chance is from the fraction that came true, in the mean.

    Args:
        chance_N: Stated chance of the likeliest class of each face.
        is_right_N: Whether it is the right one.
        num_bins: Equal bins of [0, 1], a count.

    Returns:
        The expected calibration error, in [0, 1]; NaN without faces.

    Source:
        Guo et al. 2017, On calibration of modern neural networks, eq. 3.

    """
    if not len(chance_N):
        return float("nan")
    bins = np.minimum((np.asarray(chance_N) * num_bins).astype(np.int64), num_bins - 1)
    gap = np.asarray(chance_N, np.float64) - np.asarray(is_right_N, np.float64)
    gap_B = np.bincount(bins, weights=gap, minlength=num_bins)
    return float(np.abs(gap_B).sum() / len(gap))
