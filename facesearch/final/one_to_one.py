"""1:1: whether two pictures show one person.

Shapes: N faces, P pairs, D embedding.
"""

from dataclasses import dataclass

import numpy as np

from facesearch.final.figures import Figure, Report
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.targets import PairSet
from facesearch.metrics.all_pairs import PairRanks, rank_cross_pairs
from facesearch.metrics.exact import grid_rows, row_scores, scores
from facesearch.metrics.intervals import Draws, bootstrap_pairs, far_name
from facesearch.metrics.thresholds import ten_fold_accuracy

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

    Strangers (id -1) are impostors of everybody; each is a person of their own.
    """
    gallery, probes = grid_rows(gallery_ND), grid_rows(probes_ND)
    first_free = max(gallery_ids.max(), probe_ids.max()) + 1
    own = np.where(probe_ids >= 0, probe_ids, first_free + np.arange(len(probe_ids)))
    step = max(1, -(-len(gallery) * len(probes) // _MOST_PAIRS))
    parts: list[tuple[np.ndarray, ...]] = []
    for start in range(0, len(probes), 256):
        rows = slice(start, start + 256)
        tile = scores(probes[rows], gallery)
        is_same = own[rows][:, None] == gallery_ids[None]
        # a row and a column count on together, so no face of the gallery is always left out
        place = np.add.outer(np.arange(len(tile)) + start, np.arange(len(gallery)))
        row, column = np.nonzero(is_same | (place % step == 0))
        parts.append((tile[row, column], is_same[row, column], own[rows][row], gallery_ids[column]))
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
        low, high = intervals.get(measure, (float("nan"), float("nan")))
        report.figures[f"{name}/{measure}"] = Figure(value, low, high, len(ranks.genuine_G))
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


def report_list(pairs: PairSet, scores_P: np.ndarray, report: Report) -> None:
    """Add the accuracy of a list of pairs: mean over its folds, as LFW's protocol has it.

    Source:
        Huang et al. 2007, Labeled Faces in the Wild: the threshold of a fold is the best of the
        others; the interval is 1.96 standard errors of the folds' mean.

    """
    folds = np.unique(pairs.folds_P)
    if len(folds) < 2:
        report.notes.append("pairs: one fold only, so no accuracy by folds; see AUC and EER.")
        return
    accuracy_F = ten_fold_accuracy(scores_P, pairs.is_same_P, pairs.folds_P)
    mean = float(accuracy_F.mean())
    error = 1.96 * float(accuracy_F.std(ddof=1)) / len(accuracy_F) ** 0.5
    report.figures["pairs/accuracy"] = Figure(
        mean, max(0.0, mean - error), min(1.0, mean + error), len(pairs.is_same_P)
    )
