"""What a ROC needs of a set of pairs: for each genuine score, how many impostors stand before it.

That is far smaller than the impostor scores themselves, and yet exact. Not here: how the pairs of
many faces are counted in bounded memory (``all_pairs``).

Shapes: G genuine pairs, L distinct impostor scores, B bins of a grid over [-1, 1], R points of a
curve.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

NUM_BINS = 2**20
_BINS_PER_UNIT = NUM_BINS // 2
# the epsilon undoes float rounding, as in verification: 0.001 * 3000 is 3, not 2.9999...
_EPSILON = 1e-9


@dataclass(frozen=True)
class PairRanks:
    """Genuine scores, and the exact number of impostors below and at each.

    A pair is accepted when its score is **above** the threshold; ties never flatter.

    Attributes:
        genuine_G: Genuine scores, float32, rising; cosines.
        num_impostors: Impostor pairs, a count.
        impostors_below_G: Impostor pairs with a lower score than this genuine pair, int64.
        impostors_equal_G: Impostor pairs with exactly its score, int64.
        impostor_counts_B: Impostor pairs by bin; bin b holds edge b < score <= edge b + 1, edge b
            being -1 + b / 2^19, and the first one -1 as well. int64. So a threshold at an edge
            accepts whole bins.
        genuine_counts_B: Genuine pairs by the same bins, int64.
        equal_error: Error rate where false accepts and false rejects are closest, a fraction.
        equal_error_threshold: The threshold of that rate, a cosine.

    """

    genuine_G: np.ndarray
    num_impostors: int
    impostors_below_G: np.ndarray
    impostors_equal_G: np.ndarray
    impostor_counts_B: np.ndarray
    genuine_counts_B: np.ndarray
    equal_error: float
    equal_error_threshold: float

    @property
    def num_genuine(self) -> int:
        """Genuine pairs, a count."""
        return len(self.genuine_G)

    def is_measurable(self, far: float) -> bool:
        """Return whether there are enough impostors for one false accept at this rate."""
        return self.num_impostors * far >= 1 - _EPSILON

    def tar_at_far(self, far: float) -> float:
        """Return the true accept rate at a false accept rate of at most ``far``; exact.

        A genuine pair is accepted if the impostors with its score or a higher one are within
        ``far``: the rule of ``verification.tar_at_far``. NaN if either kind of pair is missing.
        """
        if self._is_one_sided():
            return float("nan")
        return (self.num_genuine - self._first_accepted(far)) / self.num_genuine

    def threshold_at_far(self, far: float) -> float:
        """Return a threshold with a false accept rate of at most ``far``.

        It accepts exactly the genuine pairs of ``tar_at_far``, and stands at most one bin (1.9e-6)
        above the smallest such threshold. It is a float32 number. NaN as ``tar_at_far``.
        """
        if self._is_one_sided():
            return float("nan")
        allowed, first = self._allowed(far), self._first_accepted(far)
        # impostors above each edge
        from_bin = self.num_impostors - np.append(0, np.cumsum(self.impostor_counts_B))
        edge = -1 + int(np.argmax(from_bin <= allowed)) / _BINS_PER_UNIT
        lowest = float(self.genuine_G[first]) if first < self.num_genuine else np.inf
        return min(edge, below(lowest)) if edge > -1 else below(min(-1.0, lowest))

    def frr_far_at(self, threshold: float) -> tuple[float, float]:
        """Return the false reject rate, exact, and an upper bound of the false accept rate.

        The bound exceeds the rate by at most the impostors of one bin. NaN as ``tar_at_far``.
        """
        if self._is_one_sided():
            return float("nan"), float("nan")
        rejected = int(np.searchsorted(self.genuine_G.astype(np.float64), threshold, side="right"))
        # the first bin that is not wholly at or below the threshold
        start = int(np.floor(np.clip(threshold, -1, 1) * _BINS_PER_UNIT)) + _BINS_PER_UNIT
        accepted = int(self.impostor_counts_B[start:].sum())
        if rejected:  # whoever is above the threshold is above the genuine score at or below it
            last = self.impostors_below_G[rejected - 1] + self.impostors_equal_G[rejected - 1]
            accepted = min(accepted, self.num_impostors - int(last))
        return rejected / self.num_genuine, accepted / self.num_impostors

    def auc(self) -> float:
        """Return the chance that a genuine pair scores above an impostor pair, ties half."""
        if self._is_one_sided():
            return float("nan")
        wins = self.impostors_below_G + self.impostors_equal_G / 2
        return float(np.mean(wins) / self.num_impostors)

    def eer(self) -> float:
        """Return the equal error rate, exact, as ``verification.equal_error_rate`` defines it."""
        return self.equal_error

    def eer_threshold(self) -> float:
        """Return the threshold of ``eer``, a cosine; NaN if either kind of pair is missing."""
        return self.equal_error_threshold

    def roc(self, num_points: int = 200) -> tuple[np.ndarray, np.ndarray]:
        """Return rates for a plot: far_R from one impostor up to 1, in equal ratios, and tar_R.

        Each point is exact. Both are empty if either kind of pair is missing.
        """
        if self._is_one_sided():
            return np.empty(0), np.empty(0)
        far_R = np.geomspace(1 / self.num_impostors, 1, num_points)
        return far_R, np.array([self.tar_at_far(far) for far in far_R])

    def _is_one_sided(self) -> bool:
        return not self.num_genuine or not self.num_impostors

    def _allowed(self, far: float) -> int:
        return min(int(np.floor(far * self.num_impostors + _EPSILON)), self.num_impostors)

    def _first_accepted(self, far: float) -> int:
        # impostors at or above a genuine score fall as it rises, so the accepted ones are the last
        fewest_below = self.num_impostors - self._allowed(far)
        return int(np.searchsorted(self.impostors_below_G, fewest_below, side="left"))


def rank_scores(genuine_P: np.ndarray, impostor_P: np.ndarray) -> PairRanks:
    """Return the ranks of given scores, rounded to float32 first, and to 1 what is above by a hair.

    Raises:
        ValueError: If a score is not a cosine: not finite, or outside [-1, 1] by more than 1e-3.

    """
    genuine, impostor = _cosines(genuine_P, "genuine"), _cosines(impostor_P, "impostor")
    return rank_counts(genuine, *np.unique(impostor, return_counts=True))


def rank_counts(genuine_G: np.ndarray, values_L: np.ndarray, counts_L: np.ndarray) -> PairRanks:
    """Return the ranks of genuine scores in any order among counted impostor scores.

    Args:
        genuine_G: Genuine scores, float32.
        values_L: Distinct impostor scores, float32, rising.
        counts_L: Impostor pairs with each of these scores, int64, at least 1.

    """
    genuine = np.sort(genuine_G)
    up_to = np.append(0, np.cumsum(counts_L, dtype=np.int64))
    below_G = up_to[np.searchsorted(values_L, genuine, side="left")]
    equal_G = up_to[np.searchsorted(values_L, genuine, side="right")] - below_G
    impostor_counts = np.zeros(NUM_BINS, dtype=np.int64)
    # in integers: bincount with weights would count in float64
    np.add.at(impostor_counts, bin_index(values_L), counts_L)
    error, threshold = _equal_error(genuine, values_L, up_to)
    return PairRanks(
        genuine_G=genuine,
        num_impostors=int(up_to[-1]),
        impostors_below_G=below_G,
        impostors_equal_G=equal_G,
        impostor_counts_B=impostor_counts,
        genuine_counts_B=np.bincount(bin_index(genuine), minlength=NUM_BINS),
        equal_error=error,
        equal_error_threshold=threshold,
    )


def bin_index(scores: np.ndarray) -> np.ndarray:
    """Return the bin of each score, int64 in [0, ``NUM_BINS``); the ends take what is outside."""
    # a power of two scales without rounding, so edges are met exactly
    edge = np.ceil(np.asarray(scores, dtype=np.float64) * _BINS_PER_UNIT).astype(np.int64)
    return np.clip(edge + _BINS_PER_UNIT - 1, 0, NUM_BINS - 1)


def below(score: float) -> float:
    """Return the next float32 below ``score``: as a threshold it accepts exactly what is >= it."""
    return float(np.nextafter(np.float32(score), np.float32(-np.inf)))


def _cosines(scores_P: np.ndarray, kind: str) -> np.ndarray:
    scores = np.asarray(scores_P, dtype=np.float32)
    # written so that NaN fails as well
    if not (np.abs(scores) <= 1.001).all():
        raise ValueError(f"{kind} scores must be cosines in [-1, 1], but some are outside or NaN")
    clipped: np.ndarray = np.clip(scores, -1, 1)
    return clipped


def _equal_error(
    genuine_G: np.ndarray, values_L: np.ndarray, up_to: np.ndarray
) -> tuple[float, float]:
    """Return the equal error rate and its threshold; genuine_G and values_L rise.

    False rejects minus false accepts rises with the threshold, so the closest point is one of two:
    the first score where it is positive, or the last score before.
    """
    num_genuine, num_impostors = len(genuine_G), int(up_to[-1])
    if not num_genuine or not num_impostors:
        return float("nan"), float("nan")

    def counts(threshold: float) -> tuple[int, int]:
        place = np.searchsorted(values_L, np.float32(threshold), side="right")
        rejected = np.searchsorted(genuine_G, np.float32(threshold), side="right")
        return int(rejected), num_impostors - int(up_to[place])

    def excess(threshold: float) -> int:  # in Python's integers: no rounding, no overflow
        rejected, accepted = counts(threshold)
        return rejected * num_impostors - accepted * num_genuine

    def first_positive(ordered: np.ndarray) -> list[float]:
        place = bisect_left(range(len(ordered)), True, key=lambda i: excess(float(ordered[i])) > 0)
        return [float(score) for score in ordered[place : place + 1]]

    high = min(first_positive(genuine_G) + first_positive(values_L))
    lower = [float(o[o < high][-1]) for o in (genuine_G, values_L) if o[0] < high]
    low = max(lower) if lower else below(high)
    best = low if abs(excess(low)) <= abs(excess(high)) else high
    rejected, accepted = counts(best)
    return (rejected / num_genuine + accepted / num_impostors) / 2, best
