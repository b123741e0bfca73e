"""From scores to decisions: thresholds, and the chance that two faces are one person's.

A pair is accepted when its score is **above** the threshold.

Shapes: P pairs, F folds, B bins.
"""

from dataclasses import dataclass

import numpy as np

from facesearch.metrics.cross_fit import CrossFitted, cross_fit
from facesearch.metrics.pair_ranks import rank_scores

# Below every cosine, rounding included, so that it accepts all. A float32 number.
_ACCEPT_ALL = -1.0 - 2.0**-9


def fit_threshold(genuine_P: np.ndarray, impostor_P: np.ndarray, rule: str) -> float:
    """Return the threshold that a rule chooses on these pairs, a float32 number.

    Args:
        genuine_P: Scores of pairs of one person, cosines.
        impostor_P: Scores of pairs of two persons, cosines.
        rule: ``accuracy``: most right decisions over all pairs as given, so the more numerous kind
            weighs more (lists as LFW's have as many of each). ``eer``: false accepts and false
            rejects closest. ``far:1e-3``: the smallest impostor score with a false accept rate of
            at most 0.001.

    Raises:
        ValueError: If a kind of pair is missing, or the rule is unknown.

    """
    genuine, impostor = np.asarray(genuine_P), np.asarray(impostor_P)
    if not len(genuine) or not len(impostor):
        raise ValueError(
            f"a threshold needs both kinds of pairs, but got {len(genuine)} genuine and "
            f"{len(impostor)} impostor pairs"
        )
    if rule == "accuracy":
        return best_threshold(genuine, impostor)
    if rule == "eer":
        return rank_scores(genuine, impostor).eer_threshold()
    if rule.startswith("far:"):
        return smallest_threshold(impostor, float(rule.removeprefix("far:")))
    raise ValueError(f"unknown rule {rule!r}; known: accuracy, eer, far:RATE (as far:1e-3)")


def smallest_threshold(impostor_P: np.ndarray, far: float) -> float:
    """Return the smallest impostor score with at most a fraction ``far`` above it.

    -inf if all may be above it. NaN if there are no impostors.
    """
    if not len(impostor_P):
        return float("nan")
    # as verification.tar_at_far: the epsilon undoes float rounding
    allowed = int(np.floor(far * len(impostor_P) + 1e-9))
    if allowed >= len(impostor_P):
        return -np.inf
    position = len(impostor_P) - 1 - allowed
    return float(np.partition(impostor_P, position)[position])


def best_threshold(accept_P: np.ndarray, reject_P: np.ndarray) -> float:
    """Return the threshold with the most of ``accept_P`` above it and of ``reject_P`` not above.

    Of all gaps between neighbouring scores that are equally good the widest is taken, of equally
    wide ones the middle one, and of it the middle. Beyond the last scores the gap ends at the end
    of the cosines. A float32 number, so that scores in float32 and in float64 fall alike.
    """
    accept = np.sort(np.asarray(accept_P, dtype=np.float32))
    reject = np.sort(np.asarray(reject_P, dtype=np.float32))
    values = np.unique(np.concatenate([accept, reject]))
    # gap g lies above g of the distinct scores
    rejected = np.append(0, np.searchsorted(reject, values, side="right"))
    missed = np.append(0, np.searchsorted(accept, values, side="right"))
    right = rejected - missed
    lower = np.append(_ACCEPT_ALL, values.astype(np.float64))
    # a cosine may exceed 1 by rounding
    upper = np.append(values.astype(np.float64), max([1.0, *values[-1:].tolist()]))
    width = np.where(right == right.max(), upper - lower, -1.0)
    widest = np.flatnonzero(width == width.max())
    gap = int(widest[len(widest) // 2])
    return _middle(float(lower[gap]), float(upper[gap]))


def cross_fitted_pairs(
    scores_P: np.ndarray, same_P: np.ndarray, folds_P: np.ndarray
) -> CrossFitted:
    """Return whether each pair is judged right by the threshold that is best on all other folds.

    Args:
        scores_P: Cosines.
        same_P: Whether the pair is of one person.
        folds_P: Fold of each pair, any numbers; LFW has ten.

    Raises:
        ValueError: If there are fewer than two folds.

    Source:
        Huang et al. 2007, Labeled Faces in the Wild (UMass 07-49), View 2.

    """
    scores, same = np.asarray(scores_P, dtype=np.float32), np.asarray(same_P, dtype=bool)
    num_folds = len(np.unique(folds_P))
    if num_folds < 2:
        raise ValueError(f"a threshold from the other folds needs two folds, but got {num_folds}")

    def fit(is_used_P: np.ndarray) -> float:
        return best_threshold(scores[is_used_P & same], scores[is_used_P & ~same])

    def judge(threshold: float) -> np.ndarray:
        is_right: np.ndarray = (scores > np.float32(threshold)) == same
        return is_right

    return cross_fit(np.asarray(folds_P), fit, judge)


def fold_means(is_right_P: np.ndarray, folds_P: np.ndarray) -> np.ndarray:
    """Return the part of each fold that is right, float64 [F], in the order of the fold numbers."""
    means = [np.mean(is_right_P[folds_P == fold]) for fold in np.unique(folds_P)]
    return np.array(means, dtype=np.float64)


def ten_fold_accuracy(scores_P: np.ndarray, same_P: np.ndarray, folds_P: np.ndarray) -> np.ndarray:
    """Return the accuracy of each fold, float64 [F], of ``cross_fitted_pairs``, which says more."""
    found = cross_fitted_pairs(scores_P, same_P, folds_P)
    return fold_means(found.is_right_P, np.asarray(folds_P))


def _middle(lower: float, upper: float) -> float:
    """Return the float32 number in the middle, at or above ``lower`` and below ``upper``."""
    middle = np.float32((lower + upper) / 2)
    # between neighbours in float32 there is no middle: the lower one decides alike, as > is strict
    return float(middle) if lower <= middle < upper else lower


@dataclass(frozen=True)
class Calibration:
    """The chance that a pair is of one person, from its score: 1 / (1 + exp(-slope s - offset)).

    Attributes:
        slope: Of the log odds, per unit of cosine; never negative.
        offset: Log odds at a cosine of 0.

    """

    slope: float
    offset: float

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """Return the chance in [0, 1] of each score, float64, of the shape of ``scores``."""
        return _logistic(self.slope * np.asarray(scores, dtype=np.float64) + self.offset)

    def chance(self, score: float) -> float:
        """Return the chance of one score."""
        return float(self.probability(np.array(score)))

    @property
    def is_useful(self) -> bool:
        """Whether a higher score is a higher chance; with a slope of 0 the score says nothing."""
        return self.slope > 0 and bool(np.isfinite([self.slope, self.offset]).all())

    def even_odds(self) -> float:
        """Return the score above which the chance is more than a half; NaN if there is none."""
        if not self.is_useful:
            return float("nan")
        score = -self.offset / self.slope
        # by rounding it may be a hair too high
        return score if self.chance(score) <= 0.5 else float(np.nextafter(score, -np.inf))


def fit_calibration(
    genuine_P: np.ndarray, impostor_P: np.ndarray, prior: float = 0.5
) -> Calibration:
    """Fit the chance to pairs, each kind with the total weight of its prior.

    Args:
        genuine_P: Scores of pairs of one person, cosines.
        impostor_P: Scores of pairs of two persons, cosines.
        prior: Chance of one person before the score is seen, in (0, 1). How many pairs of each kind
            there are does not count.

    Raises:
        ValueError: If a kind is missing or ``prior`` is not in (0, 1).

    Source:
        Platt 1999, Probabilistic outputs for support vector machines: logistic regression with
        targets (G + 1) / (G + 2) and 1 / (I + 2) in place of 1 and 0, so that it stays finite if
        the kinds can be separated. Newton's method with halved steps as Lin, Lin, Weng 2007. The
        weights by prior are ours, and so is a slope of 0 where the best one would fall.

    """
    num_genuine, num_impostors = len(genuine_P), len(impostor_P)
    if not num_genuine or not num_impostors:
        raise ValueError(
            f"need both kinds, but got {num_genuine} genuine, {num_impostors} impostor"
        )
    if not 0 < prior < 1:
        raise ValueError(f"prior must be in (0, 1), but got {prior}")
    scores = np.concatenate([genuine_P, impostor_P]).astype(np.float64)
    is_genuine = np.arange(len(scores)) < num_genuine
    target = np.where(is_genuine, (num_genuine + 1) / (num_genuine + 2), 1 / (num_impostors + 2))
    weight = np.where(is_genuine, prior / num_genuine, (1 - prior) / num_impostors)
    # in units of their own spread, so that both parameters are of one size
    centre = float(weight @ scores)
    spread = float(np.sqrt(weight @ (scores - centre) ** 2)) or 1.0
    slope, offset = _newton((scores - centre) / spread, target, weight)
    if slope <= 0:
        share = float(weight @ target)
        return Calibration(0.0, float(np.log(share / (1 - share))))
    return Calibration(slope / spread, offset - slope * centre / spread)


def expected_calibration_error(
    probability_P: np.ndarray, is_same_P: np.ndarray, *, prior: float = 0.5, num_bins: int = 15
) -> tuple[float, list[dict[str, float]]]:
    """Compare the stated chance with the fraction that came true, in equal bins of [0, 1].

    Args:
        probability_P: Stated chance that each pair is of one person.
        is_same_P: Whether it is.
        prior: Total weight of the pairs of one person, as in ``fit_calibration``; the number of
            pairs of each kind does not count.
        num_bins: Bins, a count.

    Returns:
        The weighted mean distance, NaN if a kind of pair is missing; and a row for each bin that
        has pairs: its ends ``from`` and ``to``, mean ``stated`` chance, fraction that came
        ``true``, and ``pairs``, a count.

    Source:
        Guo et al. 2017, On calibration of modern neural networks, eq. 3.

    """
    chance, is_same = np.asarray(probability_P, dtype=np.float64), np.asarray(is_same_P, dtype=bool)
    num_genuine = int(is_same.sum())
    if not 0 < num_genuine < len(is_same):
        return float("nan"), []
    weights = np.where(is_same, prior / num_genuine, (1 - prior) / (len(is_same) - num_genuine))
    place = np.minimum((chance * num_bins).astype(np.int64), num_bins - 1)
    weight_B = np.bincount(place, weights=weights, minlength=num_bins)
    stated_B = np.bincount(place, weights=weights * chance, minlength=num_bins)
    true_B = np.bincount(place, weights=weights * is_same, minlength=num_bins)
    pairs_B = np.bincount(place, minlength=num_bins)
    rows = [
        {
            "from": b / num_bins,
            "to": (b + 1) / num_bins,
            "stated": float(stated_B[b] / weight_B[b]),
            "true": float(true_B[b] / weight_B[b]),
            "pairs": int(pairs_B[b]),
        }
        for b in np.flatnonzero(weight_B).tolist()
    ]
    return float(np.abs(stated_B - true_B).sum()), rows


def _logistic(log_odds: np.ndarray) -> np.ndarray:
    # exp of a negative number only: it never overflows
    small = np.exp(-np.abs(log_odds))
    result: np.ndarray = np.where(log_odds >= 0, 1.0, small) / (1 + small)
    return result


def _newton(scores: np.ndarray, target: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return slope and offset with the least weighted cross entropy."""
    inputs = np.stack([scores, np.ones_like(scores)], axis=1)

    def loss(parameters: np.ndarray) -> float:
        log_odds = inputs @ parameters
        return float(weight @ (np.logaddexp(0, log_odds) - target * log_odds))

    best, now = np.zeros(2), loss(np.zeros(2))
    for _ in range(100):
        chance = _logistic(inputs @ best)
        gradient = inputs.T @ (weight * (chance - target))
        curvature = (inputs.T * (weight * chance * (1 - chance))) @ inputs
        # equal scores leave the slope open; a hair of curvature closes it at 0
        step = np.linalg.solve(curvature + 1e-12 * np.eye(2), gradient)
        if float(gradient @ step) < 1e-16:
            break
        size = 1.0
        while size > 1e-10 and (new := loss(best - size * step)) > now - 1e-4 * size * float(
            gradient @ step
        ):
            size /= 2
        if size <= 1e-10:
            break
        best, now = best - size * step, new
    return float(best[0]), float(best[1])
