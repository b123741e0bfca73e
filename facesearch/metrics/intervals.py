"""Intervals: how far a figure may be off.

Faces of one identity succeed and fail together, so an interval is of whole identities. A negative
identity is an identity of its own. How a variance becomes an interval is told in ``evidence``.

Shapes: N faces, P pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

from facesearch.metrics.evidence import UNSEEN, Evidence, of_mean
from facesearch.metrics.resampling import draw_weights, unit_numbers, variances
from facesearch.metrics.weighted_pairs import WeightedPairs
from facesearch.progress import track


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


def mean_interval(
    values_N: np.ndarray, identities_N: np.ndarray, *, more_variance: float = 0.0
) -> tuple[float, float]:
    """Return the 95 % interval of the mean of ``values_N``, over whole identities.

    Args:
        values_N: One figure a face in [0, 1], for example 1 for a hit and 0 for a miss.
        identities_N: Integer identity of each face; each negative one is an identity of its own.
        more_variance: Of what the identities do not show, such as of a threshold that was fitted.

    Returns:
        Both ends, in [0, 1]; NaN if there are no faces.

    Raises:
        ValueError: If the lengths differ, or a value is outside [0, 1].

    """
    found = of_mean(values_N, identities_N)
    mean = float(np.mean(values_N)) if len(values_N) else float("nan")
    return replace(found, variance=found.variance + more_variance).interval(mean)


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
        values_a_N: Figure in [0, 1] of each face under A, for example 1 for a hit, 0 for a miss.
        values_b_N: The same under B.
        identities_N: Integer identity of each face; each negative one is an identity of its own.
        num_resamples: Sign flips for the p-value, at least 1.
        seed: Seed of the flips.

    Returns:
        The interval lies in [-1, 1]. All NaN if there are no faces.

    Raises:
        ValueError: If the lengths differ or ``num_resamples`` is below 1.

    Source:
        Interval: Bonett and Price 2012, Adjusted Wald confidence interval for a difference of
        binomial proportions based on paired data, J. Educational and Behavioral Statistics 37: one
        more identity that changes each way; here of the size of the changes seen, with the
        ``UNSEEN`` ones of ``evidence``, and Student's t. Sign-flip permutation test over
        identities, Good 2005; (1 + as extreme) / (1 + flips) as Phipson and Smyth 2010
        (doi:10.2202/1544-6115.1585), so it is never 0.

    """
    if len(values_a_N) != len(values_b_N):
        raise ValueError(f"{len(values_a_N)} values of A, but {len(values_b_N)} of B")
    if num_resamples < 1:
        raise ValueError(f"num_resamples must be at least 1, but got {num_resamples}")
    change = np.asarray(values_a_N, dtype=np.float64) - np.asarray(values_b_N, dtype=np.float64)
    if len(change) != len(identities_N):
        raise ValueError(f"{len(change)} values, but {len(identities_N)} identities")
    if not len(change):
        return PairedDifference(*[float("nan")] * 4)
    unit_N, _ = unit_numbers(identities_N)
    totals_U = np.bincount(unit_N, weights=change)
    low, high = _difference_interval(totals_U / len(change), np.bincount(unit_N) / len(change))
    p_value = _flipped(totals_U, num_resamples, seed)
    return PairedDifference(float(change.mean()), low, high, p_value)


def _difference_interval(changes_U: np.ndarray, shares_U: np.ndarray) -> tuple[float, float]:
    """Return the interval of a sum of changes, each at most as great as its identity's share."""
    difference, num_units = float(changes_U.sum()), len(changes_U)
    identities = 1 / float(shares_U @ shares_U)
    if identities < 2:
        return -1.0, 1.0
    residuals = changes_U - difference * shares_U
    variance = float(residuals @ residuals) * num_units / (num_units - 1)
    square = float(changes_U @ changes_U)
    seen = float(np.abs(changes_U).sum()) ** 2 / square if square > 0 else 0.0
    # mean square of a change, in shares of the whole
    size = (square + UNSEEN / identities**2) / (seen + UNSEEN)
    shrunk = identities / (identities + 2)
    student = float(stdtrit(identities - 1, 0.975))
    reach = student * math.sqrt(variance + 2 * size) * shrunk
    low, high = difference * shrunk - reach, difference * shrunk + reach
    return max(-1.0, min(low, difference)), min(1.0, max(high, difference))


def _flipped(totals_U: np.ndarray, num_flips: int, seed: int) -> float:
    # an identity without a difference is the same whichever its sign
    totals, rng = totals_U[totals_U != 0], np.random.default_rng(seed)
    # differences of a rounding error are as extreme as the found one
    least, extreme = abs(totals.sum()) - 1e-9, 0
    for _ in track(range(num_flips), "flipping signs for the p-value"):
        extreme += abs(totals @ rng.choice([-1.0, 1.0], len(totals))) >= least
    return (1 + int(extreme)) / (1 + num_flips)


@dataclass(frozen=True)
class Draws:
    """How often pairs are drawn, and how many are kept for it.

    Attributes:
        num_resamples: Draws, a count, at least 1. Only their variance is used, so a few hundred do:
            with 300 an end of the interval is known to 4 % of its reach.
        seed: Seed of all draws.
        max_pairs: From this on impostor pairs are thinned out, at most to half of it: the highest
            scores are all kept, as small rates depend on them; of the others a random part stands
            for all, with their total weight. Genuine pairs are always kept.

    """

    num_resamples: int = 300
    seed: int = 0
    max_pairs: int = 2_000_000


_DRAWS = Draws()
# An identity that is as alike to itself as to others has an AUC of a half.
_AUC_EVENT = 0.5


def bootstrap_pairs(
    scores_P: np.ndarray,
    is_same_P: np.ndarray,
    first_ids_P: np.ndarray,
    second_ids_P: np.ndarray,
    fars: Sequence[float],
    *,
    draws: Draws = _DRAWS,
) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals of TAR at each FAR, EER and AUC, over whole identities.

    The variance is that of draws: an identity drawn w times gives its genuine pairs the weight w;
    an impostor pair has the product of the weights of its two identities.

    Args:
        scores_P: Cosines.
        is_same_P: Whether the pair is of one identity.
        first_ids_P: Integer identity of one face; one without a name needs a number of its own.
        second_ids_P: Of the other face.
        fars: False accept rates, fractions.
        draws: How often is drawn, and how many pairs are kept for it.

    Returns:
        Both ends by name: ``tar_at_far_1e-3`` and so on, ``eer``, ``auc``. They hold the figure of
        these pairs. NaN if a kind of pair is missing; and for a FAR of which there is less than one
        pair of different identities: its threshold is chance, however many images they have.

    Raises:
        ValueError: If an identity is negative, a genuine pair has two, or
            ``draws.num_resamples`` is below 1.

    Source:
        Bolle, Ratha, Pankanti 2004, Error analysis of pattern recognition systems: the subsets
        bootstrap, CVIU 93. Weights of both sides of an impostor pair: Owen 2007, The pigeonhole
        bootstrap, Annals of Applied Statistics 1.

    """
    whole = WeightedPairs.prepare(
        np.asarray(scores_P), np.asarray(is_same_P, dtype=bool), first_ids_P, second_ids_P
    )
    pairs = whole.thinned(draws.max_pairs, draws.seed)
    measure = pairs.measure()
    spread = variances(np.array([
        measure.figures(weights, fars)
        for weights in draw_weights(pairs.num_units, draws.num_resamples, draws.seed)
    ]))  # fmt: skip
    names = [*(f"tar_at_far_{far_name(far)}" for far in fars), "eer", "auc"]
    values = whole.measure().figures(np.ones(whole.num_units), fars)
    identities = whole.effective_identities()
    found = {
        name: Evidence(variance, identities, _AUC_EVENT if name == "auc" else 1.0).interval(value)
        for name, value, variance in zip(names, values, spread, strict=True)
    }
    known = whole.num_identity_pairs()
    withheld = [f"tar_at_far_{far_name(far)}" for far in fars if known * far < 1 - 1e-9]
    return found | dict.fromkeys(withheld, (math.nan, math.nan))


def far_name(far: float) -> str:
    """Return ``1e-3`` for 0.001, ``2.5e-2`` for 0.025."""
    digits, _, exponent = f"{far:.12e}".partition("e")
    return f"{float(digits):g}e{int(exponent)}"
