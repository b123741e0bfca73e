"""What a figure in [0, 1] rests on, and from it the one interval that every figure gets.

A figure is read as a fraction of as many independent trials as would vary as much as it does from
identities to identities. Near 0 and 1 that variance tells little: who has seen no error cannot know
how large errors come. So half an event of a whole identity is always added to the events seen; with
none seen, each identity is one trial.

Shapes: N faces or pairs, U identities.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, stdtrit

from facesearch.metrics.resampling import unit_numbers

_TAIL = 0.025
_NORMAL = 1.959963984540054
# Events of a whole identity that are added to those seen: a half, as Jeffreys' prior adds half a
# hit and half a miss. Chosen by simulation among 0.1, 0.25, 0.5, 1 and 2, see
# experiments/interval-coverage.
UNSEEN = 0.5
# With fewer, one identity says nothing of others.
_LEAST_IDENTITIES = 2.0


@dataclass(frozen=True)
class Evidence:
    """How sure a figure in [0, 1] is.

    Attributes:
        variance: Of the figure, if other identities were drawn.
        identities: How many equally weighing identities weigh as much: 1 / sum of squared shares.
        event: What an identity that fails wholly takes off its part of the figure, a fraction: 1
            for a rate, 1/2 for an AUC, which is at chance then.

    """

    variance: float
    identities: float
    event: float = 1.0

    def trials(self, value: float) -> float:
        """Return how many independent trials tell as much, not a whole number.

        An event is what turns an identity away from the rest: m^2 / variance of them make up the
        smaller side m of the value. Their size, in identities, and greater by Student's t where
        these are few, is averaged with that of ``UNSEEN`` events of a whole identity.

        Source:
            Effective sample size and the factor of Student's t: Korn and Graubard 1998, Confidence
            intervals for proportions with small expected number of positive counts, Survey
            Methodology 24. An event more than was seen, of the greatest size: Fay and Feuer 1997
            (Statistics in Medicine 16); here averaged in, and half an event.

        """
        smaller, spread = min(value, 1 - value), value * (1 - value)
        seen = min(smaller**2 / max(self.variance, 1e-300), self.identities)
        size = self.variance * self.identities / spread if spread > 0 else 0.0
        # a variance of few identities is not well known; that of none seen is not estimated at all
        size *= (float(stdtrit(self.identities - 1, 1 - _TAIL)) / _NORMAL) ** 2
        return self.identities * (seen + UNSEEN) / (seen * size + UNSEEN * self.event)

    def interval(self, value: float) -> tuple[float, float]:
        """Return the 95 % interval around ``value``; it holds it and lies in [0, 1].

        NaN if the value or the variance is; (0, 1) with fewer than two identities.

        Source:
            Jeffreys' interval with exact ends, at counts that need not be whole: Brown, Cai,
            DasGupta 2001, Interval estimation for a binomial proportion, Statistical Science 16,
            sec. 4.1.

        """
        if np.isnan(value) or np.isnan(self.variance):
            return math.nan, math.nan
        if self.identities < _LEAST_IDENTITIES:
            return 0.0, 1.0
        value = min(max(value, 0.0), 1.0)
        trials = self.trials(value)
        hits, misses = value * trials, (1 - value) * trials
        low = min(1 - _most(misses, trials), _least(hits, trials))
        high = max(_most(hits, trials), 1 - _least(misses, trials))
        return max(0.0, min(low, value)), min(1.0, max(high, value))


def of_mean(
    values_N: np.ndarray,
    identities_N: np.ndarray,
    others_N: np.ndarray | None = None,
    weights_N: np.ndarray | None = None,
) -> Evidence:
    """Return what a mean of faces, or of pairs, rests on.

    Args:
        values_N: In [0, 1], for example 1 for a hit and 0 for a miss.
        identities_N: Integer identity of each face; each negative one is an identity of its own.
        others_N: Of pairs, the identity of the other face; the same number for a pair of one
            identity. Pairs that share an identity succeed and fail together.
        weights_N: Share of each in the mean, adding up to 1; None: all alike.

    Raises:
        ValueError: If lengths differ, or a value is outside [0, 1].

    Source:
        Linearised variance of a ratio over clusters, with U / (U - 1): Cochran 1977, Sampling
        techniques, sec. 9. Over both sides of pairs: Fafchamps and Gubert 2007, The formation of
        risk sharing networks, Journal of Development Economics 83.

    """
    values, others = np.asarray(values_N, dtype=np.float64), others_N
    others = identities_N if others is None else others
    if not len(values) == len(identities_N) == len(others):
        raise ValueError(
            f"{len(values)} values, but {len(identities_N)} and {len(others)} identities"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("values must be in [0, 1], but some are outside or NaN")
    if not len(values):
        return Evidence(math.nan, 0.0)
    weights = np.full(len(values), 1 / len(values)) if weights_N is None else weights_N
    units, num_units = unit_numbers(identities_N)
    other_units = units
    if others_N is not None:
        both, num_units = unit_numbers(np.concatenate([identities_N, others]))
        units, other_units = both[: len(values)], both[len(values) :]
    residuals = weights * (values - weights @ values)
    few = num_units / max(num_units - 1, 1)
    variance = few * _shared_square(residuals, units, other_units)
    return Evidence(variance, 1 / _shared_square(weights, units, other_units))


def effective_count(units: np.ndarray) -> float:
    """Return as how many equally frequent identities these weigh: 1 / sum of squared shares.

    Args:
        units: Number of the identity of each, int64, from 0 and not far apart.

    Source:
        Kish 1965, Survey sampling, sec. 11.7.
    """
    counts = np.bincount(units).astype(np.float64)
    return float(counts.sum() ** 2 / max(counts @ counts, 1.0))


def _shared_square(parts_N: np.ndarray, units_N: np.ndarray, others_N: np.ndarray) -> float:
    """Return the sum of the products of all parts that share an identity, each with itself too."""
    is_two = units_N != others_N
    sums = np.bincount(units_N, weights=parts_N, minlength=int(others_N.max()) + 1)
    sums += np.bincount(others_N[is_two], weights=parts_N[is_two], minlength=len(sums))
    total = float(sums @ sums)
    if is_two.any():
        # what shares both identities was counted twice
        ends = np.sort(np.stack([units_N[is_two], others_N[is_two]]), axis=0)
        _, number = np.unique(ends[0] * len(sums) + ends[1], return_inverse=True)
        twice = np.bincount(number, weights=parts_N[is_two])
        total -= float(twice @ twice)
    # by chance the sum may even be negative; pairs are never surer than if they shared nothing
    return max(total, float(parts_N @ parts_N))


def _most(count: float, trials: float) -> float:
    """Return the greatest rate at which so few are not too rare; exact where there are none."""
    if count >= trials:
        return 1.0
    half = min(count, 1.0) / 2
    return float(betaincinv(count + 1 - half, trials - count + half, 1 - _TAIL))


def _least(count: float, trials: float) -> float:
    """Return the smallest rate at which so many are not too rare; exact up to one."""
    if count <= 0:
        return 0.0
    half = min(max(count - 1, 0.0), 1.0) / 2
    return float(betaincinv(count + half, trials - count + 1 - half, _TAIL))
