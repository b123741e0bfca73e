"""Intervals: how far a figure may be off."""

import math
from statistics import NormalDist


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
