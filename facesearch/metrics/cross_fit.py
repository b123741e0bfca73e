"""Decisions by thresholds that were fitted on other folds.

Shapes: P pairs or probes, F folds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CrossFitted:
    """Decisions, each by a threshold that has not seen its fold.

    Attributes:
        is_right_P: Whether each is right.
        threshold_variance: What the choice of the threshold adds to the variance of the mean.

    """

    is_right_P: np.ndarray
    threshold_variance: float


def cross_fit(
    folds_P: np.ndarray,
    fit: Callable[[np.ndarray], float],
    judge: Callable[[float], np.ndarray],
) -> CrossFitted:
    """Judge each fold by a threshold fitted on the others.

    Args:
        folds_P: Fold of each, any numbers, of at least two kinds.
        fit: Gives the threshold of those that are used, bool [P].
        judge: Whether each is right by a threshold, bool [P].

    Source:
        The variance is the jackknife's over folds, of the accuracy of all by the threshold without
        a fold: Efron 1982, The jackknife, the bootstrap and other resampling plans, ch. 3.

    """
    is_right, accuracies = np.zeros(len(folds_P), dtype=bool), []
    for fold in np.unique(folds_P):
        here = folds_P == fold
        is_right_by_others = judge(fit(~here))
        is_right[here] = is_right_by_others[here]
        accuracies.append(float(np.mean(is_right_by_others)))
    num_folds = len(accuracies)
    return CrossFitted(is_right, float(np.var(accuracies)) * (num_folds - 1))
