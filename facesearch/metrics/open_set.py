"""1:N with strangers: whose face it is, and whether it is anybody's of the gallery.

A search is accepted when its best score is **above** the threshold; ties never flatter.

Shapes: G gallery, P probes, D embedding, M searches with a mate, S without.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facesearch.metrics.cross_fit import CrossFitted, cross_fit
from facesearch.metrics.evidence import Evidence, effective_count
from facesearch.metrics.exact import grid_rows
from facesearch.metrics.identification import mate_scores, score_tiles
from facesearch.metrics.resampling import (
    draw_weights,
    tar_of_weights,
    unit_numbers,
    variances,
)
from facesearch.metrics.thresholds import best_threshold, smallest_threshold


@dataclass(frozen=True)
class OpenSet:
    """What a search of each probe in the gallery found.

    Attributes:
        score_P: Score of the most alike face, a cosine, float32.
        is_right_P: Whether that face is the probe's mate; at a tie with another it is not.
        is_mated_P: Whether the gallery has a mate at all.
        nonmate_score_P: Best score of the faces of others, float32: what the search would find if
            the probe were a stranger. -inf if the gallery has only mates. A stranger's is
            ``score_P``.
        identities_P: Integer identity of each probe; negative is a stranger, a person of its own.

    """

    score_P: np.ndarray
    is_right_P: np.ndarray
    is_mated_P: np.ndarray
    nonmate_score_P: np.ndarray
    identities_P: np.ndarray


def search_open_set(
    gallery_GD: np.ndarray,
    gallery_ids_G: np.ndarray,
    probes_PD: np.ndarray,
    probe_ids_P: np.ndarray,
) -> OpenSet:
    """Search each probe among all faces of the gallery.

    Args:
        gallery_GD: Of any length; they are normalised here.
        gallery_ids_G: Integer identity of each; a negative one is nobody's mate.
        probes_PD: Of any length.
        probe_ids_P: Integer identity of each; negative, or absent in the gallery: a stranger.

    Raises:
        ValueError: If the gallery is empty, lengths differ, or an embedding is not finite.

    """
    if not len(gallery_GD):
        raise ValueError("the gallery is empty, so there is nothing to search")
    gallery_ids, probe_ids = np.asarray(gallery_ids_G), np.asarray(probe_ids_P)
    gallery, probes = grid_rows(gallery_GD), grid_rows(probes_PD)
    mate = mate_scores(gallery, gallery_ids, probes, probe_ids)
    other = np.full(len(probes), -np.inf, dtype=np.float32)
    for part, columns, tile in score_tiles(gallery, probes):
        ids = probe_ids[part]
        is_mate = (ids[:, None] == gallery_ids[columns][None]) & (ids >= 0)[:, None]
        tile[is_mate] = -np.inf
        other[part] = np.maximum(other[part], tile.max(axis=1))
    return OpenSet(np.maximum(mate, other), mate > other, np.isfinite(mate), other, probe_ids)


def with_mates_left_out(open_set: OpenSet) -> OpenSet:
    """Return each search twice: as it is, and, without a mate, as if its mates were not there."""
    nobody = np.zeros(len(open_set.score_P), dtype=bool)
    other = open_set.nonmate_score_P
    return OpenSet(
        np.concatenate([open_set.score_P, other]),
        np.concatenate([open_set.is_right_P, nobody]),
        np.concatenate([open_set.is_mated_P, nobody]),
        np.concatenate([other, other]),
        np.concatenate([open_set.identities_P, open_set.identities_P]),
    )


def is_measurable(num_nonmated: int, fpir: float) -> bool:
    """Return whether there are enough searches without a mate for one alarm at this rate."""
    return num_nonmated * fpir >= 1 - 1e-9


def dir_at_fpir(
    score_M: np.ndarray, is_right_M: np.ndarray, nonmated_S: np.ndarray, fpir: float
) -> tuple[float, float]:
    """Return the detection and identification rate at rank 1, and its threshold.

    Args:
        score_M: Best score of each search with a mate, a cosine.
        is_right_M: Whether it is the mate's.
        nonmated_S: Best score of each search without a mate.
        fpir: False positive identification rate: the fraction of ``nonmated_S`` above the
            threshold that is allowed.

    Returns:
        The fraction of searches with a mate that are right and above the threshold, which is the
        smallest score of ``nonmated_S`` that keeps to ``fpir`` (-inf if all may be above). Both are
        NaN if there are no searches without a mate, the rate if there are none with one.

    Source:
        Phillips, Grother, Micheals 2011, Handbook of Face Recognition, ch. 21 (DIR at rank 1, there
        with >=); Grother, Ngan, Hanaoka 2019, NISTIR 8271 (FPIR, and 1 - FNIR for DIR).

    """
    threshold = smallest_threshold(np.asarray(nonmated_S), fpir)
    if not len(score_M) or np.isnan(threshold):
        return float("nan"), threshold
    return float(np.mean(np.asarray(is_right_M) & (np.asarray(score_M) > threshold))), threshold


def is_right_with_rejection(open_set: OpenSet, threshold: float) -> np.ndarray:
    """Return for each probe, bool [P]: the mate found and accepted, or a stranger rejected."""
    is_accepted = open_set.score_P.astype(np.float64) > threshold
    return np.where(open_set.is_mated_P, open_set.is_right_P & is_accepted, ~is_accepted)


def rejection_accuracy(open_set: OpenSet, threshold: float) -> float:
    """Return the fraction of all probes that ``is_right_with_rejection``; NaN without probes."""
    if not len(open_set.score_P):
        return float("nan")
    return float(np.mean(is_right_with_rejection(open_set, threshold)))


def fit_rejection_threshold(open_set: OpenSet) -> float:
    """Return the threshold with the highest ``rejection_accuracy``.

    Of equally good ones ``best_threshold`` chooses. A probe whose best face is another's is wrong
    either way, so it has no say.
    """
    return _fit(open_set, np.ones(len(open_set.score_P), dtype=bool))


def cross_fitted_accuracy(open_set: OpenSet, num_folds: int, seed: int) -> CrossFitted:
    """Return ``is_right_with_rejection``, each probe judged by a threshold of the other folds.

    Args:
        open_set: The searches.
        num_folds: Folds of whole identities, a count; strangers and others are dealt evenly.
        seed: Seed of the deal.

    Returns:
        The mean of its ``is_right_P`` is the accuracy, and it can be given an interval.

    Raises:
        ValueError: If there are fewer than 2 folds, or fewer identities than folds.

    """
    fold_P = identity_folds(open_set, num_folds, seed)
    return cross_fit(
        fold_P,
        lambda is_used_P: _fit(open_set, is_used_P),
        lambda threshold: is_right_with_rejection(open_set, threshold),
    )


def identity_folds(open_set: OpenSet, num_folds: int, seed: int) -> np.ndarray:
    """Return the fold of each probe, int64 [P]; all probes of an identity share one.

    Raises:
        ValueError: As ``cross_fitted_accuracy``.

    """
    unit_P, num_units = unit_numbers(open_set.identities_P)
    if not 2 <= num_folds <= num_units:
        raise ValueError(f"num_folds must be in [2, {num_units}], the people, but got {num_folds}")
    is_mated_U = np.zeros(num_units, dtype=bool)
    is_mated_U[unit_P] = open_set.is_mated_P
    shuffled = np.random.default_rng(seed).permutation(num_units)
    # strangers after the others, so that each fold gets its share of both
    dealt = np.concatenate([shuffled[is_mated_U[shuffled]], shuffled[~is_mated_U[shuffled]]])
    fold_U = np.empty(num_units, dtype=np.int64)
    fold_U[dealt] = np.arange(num_units) % num_folds
    folds: np.ndarray = fold_U[unit_P]
    return folds


def bootstrap_open_set(
    open_set: OpenSet,
    fpirs: Sequence[float],
    nonmated: str = "strangers",
    *,
    num_resamples: int = 300,
    seed: int = 0,
) -> dict[float, tuple[float, float]]:
    """Return the 95 % interval of ``dir_at_fpir`` at each FPIR, over whole identities.

    Args:
        open_set: The searches.
        fpirs: False positive identification rates, fractions.
        nonmated: Which searches have no mate: ``strangers``, or ``mates_left_out``: every probe
            with ``nonmate_score_P``. Then one draw of an identity serves both rates.
        num_resamples: Draws for the variance, a count, at least 1.
        seed: Seed of the draws.

    Returns:
        Both ends by FPIR; they hold the figure. NaN if a kind of search is missing, and at an FPIR
        of which there is less than one identity without a mate: its threshold is chance, however
        many probes they have.

    Raises:
        ValueError: If ``nonmated`` is unknown or ``num_resamples`` below 1.

    """
    if nonmated not in ("strangers", "mates_left_out"):
        raise ValueError(f"nonmated must be strangers or mates_left_out, but got {nonmated!r}")
    unit_P, _ = unit_numbers(open_set.identities_P)
    mated = open_set.is_mated_P
    is_alarm = ~mated if nonmated == "strangers" else np.ones(len(mated), dtype=bool)
    alarms = (open_set.score_P if nonmated == "strangers" else open_set.nonmate_score_P)[is_alarm]
    rates = _drawn_rates(open_set, (alarms, unit_P[is_alarm]), fpirs, num_resamples, seed)
    known = len(np.unique(unit_P[is_alarm]))
    identities = min(effective_count(unit_P[mated]), effective_count(unit_P[is_alarm]))
    found = {}
    for fpir, variance in zip(fpirs, variances(rates), strict=True):
        sides = open_set.score_P[mated], open_set.is_right_P[mated], alarms
        value = dir_at_fpir(*sides, fpir)[0] if is_measurable(known, fpir) else float("nan")
        found[fpir] = Evidence(variance, identities).interval(value)
    return found


def _drawn_rates(
    open_set: OpenSet,
    alarms: tuple[np.ndarray, np.ndarray],
    fpirs: Sequence[float],
    num_resamples: int,
    seed: int,
) -> np.ndarray:
    """Return DIR at each FPIR of each draw; ``alarms`` are scores and numbers of identities."""
    unit_P, num_units = unit_numbers(open_set.identities_P)
    is_mated = open_set.is_mated_P
    # a wrong identity is missed at every threshold, so it counts in the total only
    is_hit = is_mated & open_set.is_right_P
    hit_order, alarm_order = np.argsort(open_set.score_P[is_hit]), np.argsort(alarms[0])
    hit_units, alarm_units = unit_P[is_hit][hit_order], alarms[1][alarm_order]
    hits = open_set.score_P[is_hit][hit_order]
    below = np.searchsorted(alarms[0][alarm_order], hits, side="left")
    rates = []
    for weights in draw_weights(num_units, num_resamples, seed):
        alarms_up_to = np.append(0.0, np.cumsum(weights[alarm_units]))
        total = float(weights[unit_P[is_mated]].sum())
        rates.append(tar_of_weights(weights[hit_units], total, alarms_up_to, below, fpirs))
    return np.array(rates)


def _fit(open_set: OpenSet, is_used_P: np.ndarray) -> float:
    accept = open_set.score_P[is_used_P & open_set.is_mated_P & open_set.is_right_P]
    return best_threshold(accept, open_set.score_P[is_used_P & ~open_set.is_mated_P])
