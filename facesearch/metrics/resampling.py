"""Draws of whole identities: how often each is drawn, and rates under such weights.

Shapes: N faces, U identities, G genuine and I impostor pairs (or searches), R resamples, S figures.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from facesearch.progress import track


def unit_numbers(identities_N: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a number from 0 for each face's identity, int64 [N], and how many there are.

    Each negative identity is a stranger of its own.
    """
    identities = np.asarray(identities_N)
    numbers = np.empty(len(identities), dtype=np.int64)
    is_known = identities >= 0
    known, numbers[is_known] = np.unique(identities[is_known], return_inverse=True)
    num_strangers = int((~is_known).sum())
    numbers[~is_known] = len(known) + np.arange(num_strangers)
    return numbers, len(known) + num_strangers


def draw_weights(num_units: int, num_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each of the units is drawn if as many are drawn, float64 [U].

    Raises:
        ValueError: If ``num_resamples`` is below 1.

    """
    if num_resamples < 1:
        raise ValueError(f"num_resamples must be at least 1, but got {num_resamples}")
    rng = np.random.default_rng(seed)
    for _ in track(range(num_resamples), "drawing identities for the intervals"):
        drawn = rng.integers(0, max(num_units, 1), num_units)
        yield np.bincount(drawn, minlength=num_units).astype(np.float64)


def variances(figures_RS: np.ndarray) -> list[float]:
    """Return the variance of each column over the draws.

    A draw without a figure is NaN and left out; with fewer than two the variance is NaN.
    """
    found = [column[~np.isnan(column)] for column in figures_RS.T]
    return [float(np.var(column, ddof=1)) if len(column) > 1 else float("nan") for column in found]


def tar_of_weights(
    genuine_G: np.ndarray,
    total_genuine: float,
    impostors_up_to: np.ndarray,
    below_G: np.ndarray,
    fars: Sequence[float],
) -> list[float]:
    """Return the true accept rate at each FAR by the rule of ``verification.tar_at_far``.

    Args:
        genuine_G: Weights of the genuine pairs, in rising order of their scores.
        total_genuine: Weight that counts as 1; more than their sum, if some are never accepted.
        impostors_up_to: Weight of the first i impostors in rising order, [I + 1].
        below_G: Number of impostors below each genuine score.
        fars: False accept rates, fractions.

    """
    total = float(impostors_up_to[-1])
    if total <= 0 or total_genuine <= 0:
        return [float("nan")] * len(fars)
    # falls as the genuine score rises; negative, so that it rises as searchsorted needs
    at_or_above_G = impostors_up_to[below_G] - total
    accepted_from = np.append(np.cumsum(genuine_G[::-1])[::-1], 0.0)
    allowed = np.array([far * total * (1 + 1e-9) + 1e-9 for far in fars])
    first = np.searchsorted(at_or_above_G, -allowed, side="left")
    return [float(weight) / total_genuine for weight in accepted_from[first]]
