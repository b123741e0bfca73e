"""What a final model is worth: every figure with its interval, on faces it was not chosen by.

Thresholds are fitted on unknown_dev (and on a list of pairs), frozen, and applied to unknown_test
where that has labels.
"""

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.final.closed_set import report_closed_set
from facesearch.final.figures import Report
from facesearch.final.groups import report_groups
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.one_to_one import (
    Pairs,
    cross_pairs,
    rank_embeddings,
    report_list,
    report_pairs,
    score_list,
)
from facesearch.final.open_set import report_open_set, report_rejection, report_search
from facesearch.final.operating_points import (
    OperatingPoints,
    merged,
    of_list,
    of_pairs,
    of_searches,
)
from facesearch.final.outcomes import classify_set
from facesearch.final.targets import Targets
from facesearch.metrics.all_pairs import rank_scores
from facesearch.metrics.open_set import OpenSet, search_open_set
from facesearch.metrics.thresholds import expected_calibration_error


def verify(
    model: FaceModel, targets: Targets, *, is_refitted: bool = True
) -> tuple[FaceModel, Report]:
    """Measure a model on all labelled sets.

    Args:
        model: The model.
        targets: The reporting sets.
        is_refitted: Fit the thresholds on the dev sets; otherwise those of the model are applied.

    Returns:
        The model with its frozen thresholds, and the report.

    """
    report, points = Report(), OperatingPoints({}, None)
    for name in ("dev", "test"):
        faces = targets.labelled(name)
        if faces is not None:
            report_closed_set(name, classify_set(model, faces), model.identities, report)
    if targets.pairs is not None:
        points = merged(points, _pair_list(model, targets, report))
    if targets.known is not None:
        gallery = model.embed(SetImages(targets.known))
        dev = targets.labelled("unknown_dev")
        if dev is not None:
            asked = _Asked("unknown_dev", gallery, targets.known, model.embed(SetImages(dev)), dev)
            points = merged(points, asked.report(report))
            model = points.frozen_into(model) if is_refitted else model
            asked.at_thresholds(model, report, targets.groups, is_fitted_here=is_refitted)
        test = targets.labelled("unknown_test")
        if test is not None:
            asked = _Asked(
                "unknown_test", gallery, targets.known, model.embed(SetImages(test)), test
            )
            asked.report(report)
            asked.at_thresholds(model, report, (), is_fitted_here=False)
    return (points.frozen_into(model) if is_refitted else model), report


def _pair_list(model: FaceModel, targets: Targets, report: Report) -> OperatingPoints:
    pairs = targets.pairs
    assert pairs is not None
    scores = score_list(model, pairs)
    report_list(pairs, scores, report)
    ranks = rank_scores(scores[pairs.is_same_P], scores[~pairs.is_same_P])
    # whose faces they are is not known of every list: each picture counts as a person
    as_pairs = Pairs(
        scores,
        pairs.is_same_P,
        pairs.first_P,
        np.where(pairs.is_same_P, pairs.first_P, pairs.second_P),
    )
    report_pairs("pairs", ranks, as_pairs, report)
    return of_list(scores, pairs.is_same_P, "pairs")


class _Asked:
    """One set of probes, asked about in the gallery."""

    def __init__(
        self,
        name: str,
        gallery_GD: np.ndarray,
        gallery: FaceSet,
        probes_PD: np.ndarray,
        probes: FaceSet,
    ) -> None:
        self.name, self.gallery, self.probes = name, gallery, probes
        self.gallery_GD, self.probes_PD = gallery_GD, probes_PD
        ids = gallery.labels_M, probes.labels_M
        self.searches: OpenSet = search_open_set(gallery_GD, ids[0], probes_PD, ids[1])
        self.ranks = rank_embeddings(gallery_GD, ids[0], probes_PD, ids[1])
        self.pairs = cross_pairs(gallery_GD, ids[0], probes_PD, ids[1])

    def report(self, report: Report) -> OperatingPoints:
        """Add what needs no threshold; return what can be fitted on these faces."""
        report_search(self.name, self.gallery_GD, self.gallery, self.probes_PD, self.probes, report)
        report_pairs(self.name, self.ranks, self.pairs, report)
        report_open_set(self.name, self.searches, report)
        return merged(
            of_pairs(self.ranks, self.pairs, self.name), of_searches(self.searches, self.name)
        )

    def at_thresholds(
        self, model: FaceModel, report: Report, groups: tuple[str, ...], *, is_fitted_here: bool
    ) -> None:
        """Add what holds at the model's frozen thresholds."""
        rows = []
        for name, threshold in model.thresholds.items():
            rejected, false = self.ranks.frr_far_at(threshold.value)
            rows.append({
                "threshold": name, "cosine": threshold.value, "fitted on": threshold.fitted_on,
                "true accepts": 1 - rejected, "false accepts": false,
            })  # fmt: skip
        report.tables[f"{self.name}: at the frozen thresholds"] = rows
        if "rejection" in model.thresholds:
            value = model.thresholds["rejection"].value
            is_here = is_fitted_here and model.thresholds["rejection"].fitted_on == self.name
            report_rejection(self.name, self.searches, value, report, is_fitted_here=is_here)
        found = model.thresholds.get("rejection") or model.thresholds.get("fpir_0.1")
        report_groups(self.name, self.searches, groups, found.value if found else None, report)
        if model.calibration is not None:
            self._calibration(model, report)

    def _calibration(self, model: FaceModel, report: Report) -> None:
        assert model.calibration is not None
        chance = model.calibration.probability(self.pairs.scores_P)
        error, bins = expected_calibration_error(chance, self.pairs.is_same_P)
        report.tables[f"{self.name}: calibration, as many genuine as impostor pairs"] = bins
        report.notes.append(
            f"{self.name}: the probability of one person is off by {error:.3f} in the mean "
            "(expected calibration error, both kinds of pairs weighing the same)."
        )
