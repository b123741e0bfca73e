"""Whether a learning curve has flattened by its last epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

# A straight line through fewer epochs fits too well by chance.
_LEAST_EPOCHS = 4


@dataclass(frozen=True)
class Rise:
    """The course of the end of a curve: a straight line through its last third.

    Args:
        slope: Score an epoch.
        low: Low end of its 95 % interval.
        num_epochs: The epochs that it was fitted to, a count.

    """

    slope: float
    low: float
    num_epochs: int

    @property
    def is_rising(self) -> bool:
        """Whether the curve still rises: the whole interval of the slope is above zero."""
        return self.low > 0


def rise_at_end(scores: Sequence[float]) -> Rise | None:
    """Return the course of the last third of a curve; None if that is fewer than four epochs.

    The last score above the one before it says nothing: scores stray from epoch to epoch.

    Source:
        Least squares and Student's interval of the slope, as in any textbook.

    """
    count = len(scores) // 3
    if count < _LEAST_EPOCHS:
        return None
    values = np.asarray(scores[-count:], dtype=np.float64)
    epochs = np.arange(count) - (count - 1) / 2
    spread = float((epochs**2).sum())
    slope = float(epochs @ values) / spread
    strayed = values - values.mean() - slope * epochs
    error = math.sqrt(float((strayed**2).sum()) / (count - 2) / spread)
    return Rise(slope, slope - float(student.ppf(0.975, count - 2)) * error, count)
