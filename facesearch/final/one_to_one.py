"""1:1: whether two pictures show one person.

Shapes: N faces, P pairs, D embedding, F folds.
"""

import math
import re
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facesearch.final.figures import Figure, Report
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.targets import PairSet
from facesearch.metrics.all_pairs import PairRanks, rank_cross_pairs
from facesearch.metrics.evidence import of_mean
from facesearch.metrics.exact import grid_rows, row_scores
from facesearch.metrics.identification import score_tiles
from facesearch.metrics.intervals import Draws, bootstrap_pairs, far_name
from facesearch.metrics.thresholds import cross_fitted_pairs, fold_means

FARS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
# Impostor pairs that are kept for intervals and for fitting; all of them are in the figures.
_MOST_PAIRS = 2_000_000
_LEAST_ACCEPTED = 20
_DRAWS = Draws(max_pairs=500_000)


@dataclass(frozen=True)
class Pairs:
    """Scores of pairs, whether both are one person's, and whose faces they are of."""

    scores_P: np.ndarray
    is_same_P: np.ndarray
    first_P: np.ndarray
    second_P: np.ndarray

    @property
    def genuine(self) -> np.ndarray:
        """Scores of the pairs of one person."""
        chosen: np.ndarray = self.scores_P[self.is_same_P]
        return chosen

    @property
    def impostor(self) -> np.ndarray:
        """Scores of the pairs of two persons."""
        chosen: np.ndarray = self.scores_P[~self.is_same_P]
        return chosen


def cross_pairs(
    gallery_ND: np.ndarray, gallery_ids: np.ndarray, probes_ND: np.ndarray, probe_ids: np.ndarray
) -> Pairs:
    """Return all pairs of a probe and a gallery face, of many impostors an even sample.

    Strangers (id -1) are impostors of everybody; each is a person of their own. Without a gallery
    or without probes there are no pairs. The working memory is that of a tile, and the pairs.
    """
    gallery, probes = grid_rows(gallery_ND), grid_rows(probes_ND)
    first_free = max(gallery_ids.max(initial=-1), probe_ids.max(initial=-1)) + 1
    own = np.where(probe_ids >= 0, probe_ids, first_free + np.arange(len(probe_ids)))
    step = max(1, -(-len(gallery) * len(probes) // _MOST_PAIRS))
    nothing = np.empty(0, dtype=np.int64)
    parts: list[tuple[np.ndarray, ...]] = [
        (np.empty(0, dtype=np.float32), np.empty(0, dtype=bool), nothing, nothing)
    ]
    for rows, columns, tile in score_tiles(gallery, probes):
        whose, gallery_whose = own[rows], gallery_ids[columns]
        is_same = whose[:, None] == gallery_whose[None]
        # a row and a column count on together, so no face of the gallery is always left out
        offset = rows.start + columns.start + np.arange(len(whose))
        is_kept = is_same | (np.add.outer(offset, np.arange(len(gallery_whose))) % step == 0)
        row, column = np.nonzero(is_kept)
        parts.append((
            tile[row, column], is_same[row, column], whose[row], gallery_whose[column],
        ))  # fmt: skip
    return Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def report_pairs(name: str, ranks: PairRanks, pairs: Pairs, report: Report) -> None:
    """Add TAR at each FAR that can be measured, EER and AUC, with intervals of whole identities."""
    fars = [far for far in FARS if ranks.is_measurable(far)]
    values = {f"tar_at_far_{far_name(far)}": ranks.tar_at_far(far) for far in fars}
    values |= {"eer": ranks.eer(), "auc": ranks.auc()}
    # where only an even sample of the impostors is kept, the smallest rates rest on none of it
    is_whole = len(pairs.impostor) == ranks.num_impostors
    with_interval = [f for f in fars if is_whole or f * len(pairs.impostor) >= _LEAST_ACCEPTED]
    intervals = bootstrap_pairs(
        pairs.scores_P, pairs.is_same_P, pairs.first_P, pairs.second_P, with_interval,
        draws=_DRAWS,
    )  # fmt: skip
    for measure, value in values.items():
        low, high = intervals.get(measure, (math.nan, math.nan))
        # the figure is of all pairs, the interval may be of a sample
        low, high = min(low, value), max(high, value)
        report.figures[f"{name}/{measure}"] = Figure(value, low, high, len(ranks.genuine_G))
    withheld = [f for f in with_interval if np.isnan(intervals[f"tar_at_far_{far_name(f)}"][0])]
    if withheld and len(ranks.genuine_G):
        report.notes.append(
            f"{name}: TAR at a FAR of {far_name(withheld[0])} and less has no interval: it needs "
            f"{round(1 / withheld[0]):,} different pairs of identities."
        )
    if len(fars) < len(FARS):
        least = far_name(FARS[len(fars)])
        report.notes.append(
            f"{name}: TAR at a FAR of {least} and less is not given: with "
            f"{ranks.num_impostors:,} impostor pairs it cannot be measured."
        )
    if not is_whole:
        report.notes.append(
            f"{name}: intervals rest on an even sample of {len(pairs.impostor):,} of "
            f"{ranks.num_impostors:,} impostor pairs; the figures on all."
        )


def rank_embeddings(
    gallery_ND: np.ndarray, gallery_ids: np.ndarray, probes_ND: np.ndarray, probe_ids: np.ndarray
) -> PairRanks:
    """Return the exact ranks of all pairs of a probe and a gallery face."""
    return rank_cross_pairs(gallery_ND, gallery_ids, probes_ND, probe_ids)


def score_list(model: FaceModel, pairs: PairSet) -> np.ndarray:
    """Return the score of each pair of a list, float32 [P]."""
    rows = grid_rows(model.embed(SetImages(pairs.faces)))
    return row_scores(rows[pairs.first_P], rows[pairs.second_P])


def people_of(pairs: PairSet) -> np.ndarray:
    """Return a number for the person on each picture of a list, int64 [N].

    Pictures are of one person if their labels say so, or a pair of one person joins them; any other
    picture counts as a person of its own.
    """
    labels, count = pairs.faces.labels_M, len(pairs.faces)
    named = np.flatnonzero(labels >= 0)
    _, first, number = np.unique(labels[named], return_index=True, return_inverse=True)
    one = np.concatenate([pairs.first_P[pairs.is_same_P], named])
    other = np.concatenate([pairs.second_P[pairs.is_same_P], named[first][number]])
    joined = coo_array((np.ones(len(one)), (one, other)), shape=(count, count))
    people: np.ndarray = connected_components(joined, directed=False)[1].astype(np.int64)
    return people


def report_list(pairs: PairSet, scores_P: np.ndarray, report: Report) -> None:
    """Add the accuracy of each list of pairs: mean over its folds, as LFW's protocol has it.

    Args:
        pairs: Of one list (``pairs/accuracy``) or of several (``pairs/<list>/accuracy``).
        scores_P: Cosines.
        report: Where the figures are added.

    Source:
        Huang et al. 2007, Labeled Faces in the Wild: the threshold of a fold is the best of the
        others. The interval is of the folds' mean, over both identities of each pair.

    """
    names = sorted(set(pairs.lists))
    if len(names) < 2:
        _report_folds("pairs", pairs, scores_P, report)
        return
    for name in names:
        here = np.array(pairs.lists) == name
        columns = ("first_P", "second_P", "is_same_P", "folds_P")
        part = replace(pairs, **{column: getattr(pairs, column)[here] for column in columns})
        # the name of a figure must be one that a tracker takes
        _report_folds(f"pairs/{re.sub(r'[^0-9A-Za-z_-]', '_', name)}", part, scores_P[here], report)
    report.notes.append(
        f"pairs: accuracy is of each list; TAR, EER, AUC and the threshold are of all {len(names)} "
        "lists together."
    )


def _report_folds(name: str, pairs: PairSet, scores_P: np.ndarray, report: Report) -> None:
    is_same, num_folds = pairs.is_same_P, len(np.unique(pairs.folds_P))
    if is_same.all() or not is_same.any():
        report.notes.append(f"{name}: one kind of pairs only, so nothing of it can be measured.")
        return
    if num_folds < 2:
        report.notes.append(f"{name}: one fold only, so no accuracy by folds; see AUC and EER.")
        return
    found = cross_fitted_pairs(scores_P, is_same, pairs.folds_P)
    mean = float(fold_means(found.is_right_P, pairs.folds_P).mean())
    # a fold weighs as much as any other, however many pairs it has
    _, fold_P, size_F = np.unique(pairs.folds_P, return_inverse=True, return_counts=True)
    people = people_of(pairs)
    evidence = of_mean(
        found.is_right_P, people[pairs.first_P], people[pairs.second_P],
        1 / (num_folds * size_F[fold_P]),
    )  # fmt: skip
    variance = evidence.variance + found.threshold_variance
    low, high = replace(evidence, variance=variance).interval(mean)
    report.figures[f"{name}/accuracy"] = Figure(mean, low, high, len(is_same))
