"""Intervals: how far a figure may be off.

An identity is drawn with all its faces; faces of one person succeed and fail together. A negative
identity is a stranger, a person of its own.

Shapes: N faces, P pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from facesearch.metrics.resampling import draw_weights, percentiles, unit_numbers
from facesearch.metrics.weighted_pairs import WeightedPairs
from facesearch.progress import track

# Numbers of draws times identities that are in memory together: 32 MiB, and as much in the product.
_DRAWN_AT_A_TIME = 2**22


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
        identities_N: Integer identity of each face; each negative one is a person of its own.
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
    number, _ = unit_numbers(identities_N)
    faces = np.bincount(number)
    totals, rng = np.bincount(number, weights=values), np.random.default_rng(seed)
    shares, means = np.full(len(faces), 1 / len(faces)), []
    at_once = max(1, _DRAWN_AT_A_TIME // len(faces))
    for done in range(0, num_resamples, at_once):
        count = min(at_once, num_resamples - done)
        # how often each identity is drawn, [count, identities]; the same draws whatever the count
        drawn = rng.multinomial(len(faces), shares, size=count)
        means.append((drawn @ totals) / (drawn @ faces))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class PairedDifference:
    """A mean difference A - B on the same faces, its 95 % interval, and the chance of so much.

    ``p_value``: how often a difference of this size or a greater one, of either sign, comes about
    if A and B are alike.
    """

    difference: float
    low: float
    high: float
    p_value: float


def paired_difference(
    values_a_N: np.ndarray,
    values_b_N: np.ndarray,
    identities_N: np.ndarray,
    *,
    num_resamples: int = 1000,
    seed: int = 0,
) -> PairedDifference:
    """Compare two models by their figures on the same faces.

    Args:
        values_a_N: Figure of each face under A, for example 1 for a hit and 0 for a miss.
        values_b_N: The same under B.
        identities_N: Integer identity of each face; each negative one is a person of its own.
        num_resamples: Draws for the interval, and sign flips for the p-value, at least 1.
        seed: Seed of both.

    Returns:
        All NaN if there are no faces.

    Raises:
        ValueError: If the lengths differ or ``num_resamples`` is below 1.

    Source:
        Interval as ``bootstrap_by_identity``. Sign-flip permutation test over identities, Good
        2005; (1 + as extreme) / (1 + flips) as Phipson and Smyth 2010
        (doi:10.2202/1544-6115.1585), so it is never 0.

    """
    if len(values_a_N) != len(values_b_N):
        raise ValueError(f"{len(values_a_N)} values of A, but {len(values_b_N)} of B")
    change = np.asarray(values_a_N, dtype=np.float64) - np.asarray(values_b_N, dtype=np.float64)
    low, high = bootstrap_by_identity(change, identities_N, num_resamples=num_resamples, seed=seed)
    if not len(change):
        return PairedDifference(*[float("nan")] * 4)
    totals = np.bincount(unit_numbers(identities_N)[0], weights=change)
    # an identity without a difference is the same whichever its sign
    totals, rng = totals[totals != 0], np.random.default_rng(seed)
    # differences of a rounding error are as extreme as the found one
    least, extreme = abs(totals.sum()) - 1e-9, 0
    for _ in track(range(num_resamples), "flipping signs for the p-value"):
        extreme += abs(totals @ rng.choice([-1.0, 1.0], len(totals))) >= least
    p_value = (1 + int(extreme)) / (1 + num_resamples)
    return PairedDifference(float(change.mean()), low, high, p_value)


@dataclass(frozen=True)
class Draws:
    """How often pairs are drawn, and how many are kept for it.

    Attributes:
        num_resamples: Draws, a count, at least 1.
        seed: Seed of all draws.
        max_pairs: From this on impostor pairs are thinned out, at most to half of it: the highest
            scores are all kept, as small rates depend on them; of the others a random part stands
            for all, with their total weight. Genuine pairs are always kept.

    """

    num_resamples: int = 1000
    seed: int = 0
    max_pairs: int = 2_000_000


_DRAWS = Draws()


def bootstrap_pairs(
    scores_P: np.ndarray,
    is_same_P: np.ndarray,
    first_ids_P: np.ndarray,
    second_ids_P: np.ndarray,
    fars: Sequence[float],
    *,
    draws: Draws = _DRAWS,
) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals of TAR at each FAR, EER and AUC, drawing whole identities.

    An identity drawn w times gives its genuine pairs the weight w; an impostor pair has the product
    of the weights of its two identities.

    Args:
        scores_P: Cosines.
        is_same_P: Whether the pair is of one person.
        first_ids_P: Integer identity of one face; a stranger needs a number of its own.
        second_ids_P: Of the other face.
        fars: False accept rates, fractions.
        draws: How often is drawn, and how many pairs are kept for it.

    Returns:
        The 2.5 and 97.5 percentiles by name: ``tar_at_far_1e-3`` and so on, ``eer``, ``auc``. NaN
        if a kind of pair is missing.

    Raises:
        ValueError: If an identity is negative, a genuine pair has two, or
            ``draws.num_resamples`` is below 1.

    Source:
        Bolle, Ratha, Pankanti 2004, Error analysis of pattern recognition systems: the subsets
        bootstrap, CVIU 93. Weights of both sides of an impostor pair: Owen 2007, The pigeonhole
        bootstrap, Annals of Applied Statistics 1.

    """
    pairs = WeightedPairs.prepare(
        np.asarray(scores_P), np.asarray(is_same_P, dtype=bool), first_ids_P, second_ids_P
    ).thinned(draws.max_pairs, draws.seed)
    measure = pairs.measure()
    figures = [
        measure.figures(weights, fars)
        for weights in draw_weights(pairs.num_units, draws.num_resamples, draws.seed)
    ]
    names = [*(f"tar_at_far_{far_name(far)}" for far in fars), "eer", "auc"]
    return dict(zip(names, percentiles(np.array(figures)), strict=True))


def far_name(far: float) -> str:
    """Return ``1e-3`` for 0.001, ``2.5e-2`` for 0.025."""
    digits, _, exponent = f"{far:.12e}".partition("e")
    return f"{float(digits):g}e{int(exponent)}"
