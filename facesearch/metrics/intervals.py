"""Intervals: how far a figure may be off.

Shapes: N faces.
"""

import math
from statistics import NormalDist

import numpy as np


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a fraction.

    Source:
        Wilson 1927 (doi:10.1080/01621459.1927.10502953). It stays inside [0, 1] and holds its level
        for small counts, which the normal interval does not.
    """
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, zz = successes / trials, z * z / trials
    centre, spread = p + zz / 2, z * math.sqrt(p * (1 - p) / trials + zz / trials / 4)
    # at the ends the formula is exactly 0 and 1, but its rounding is not
    low = 0.0 if successes == 0 else (centre - spread) / (1 + zz)
    high = 1.0 if successes == trials else (centre + spread) / (1 + zz)
    return low, high


def bootstrap_by_identity(
    values_N: np.ndarray, identities_N: np.ndarray, *, num_resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of the mean of ``values_N``, drawing whole identities.

    Faces of one identity succeed and fail together; drawing single faces gives too narrow an
    interval.

    Args:
        values_N: One figure a face, for example 1 for a hit and 0 for a miss.
        identities_N: Integer identity of each face.
        num_resamples: Draws, a count, at least 1.
        seed: Seed of the draws.

    Returns:
        The 2.5 and 97.5 percentiles, in the unit of ``values_N``; NaN if there are no faces.

    Raises:
        ValueError: If the lengths differ or ``num_resamples`` is below 1.

    Source:
        Percentile cluster bootstrap, Davison and Hinkley 1997, sec. 3.8. Each draw is the mean of
        its faces, so an identity with more faces weighs more, as it does in the mean itself.

    """
    values = np.asarray(values_N, dtype=np.float64)
    if len(values) != len(identities_N):
        raise ValueError(f"{len(values)} values, but {len(identities_N)} identities")
    if num_resamples < 1:
        raise ValueError(f"num_resamples must be at least 1, but got {num_resamples}")
    if not len(values):
        return float("nan"), float("nan")
    _, number, faces = np.unique(identities_N, return_inverse=True, return_counts=True)
    totals, rng = np.bincount(number, weights=values), np.random.default_rng(seed)
    # how often each identity is drawn, [num_resamples, identities]
    drawn = rng.multinomial(len(faces), np.full(len(faces), 1 / len(faces)), size=num_resamples)
    low, high = np.percentile((drawn @ totals) / (drawn @ faces), [2.5, 97.5])
    return float(low), float(high)
