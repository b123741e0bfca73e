"""What a final model is worth: every figure with its interval, on faces it was not chosen by.

Thresholds are fitted on unknown_dev (and on a list of pairs), frozen, and applied to unknown_test
where that has labels.

Shapes: G gallery faces, P probes, D embedding.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from facesearch.final.class_calibration import calibrate_classes
from facesearch.final.closed_set import report_closed_set
from facesearch.final.figures import Report
from facesearch.final.groups import report_closed_groups, report_groups, report_pair_groups
from facesearch.final.model import FaceModel
from facesearch.final.one_to_one import (
    Pairs,
    cross_pairs,
    people_of,
    rank_embeddings,
    report_list,
    report_pairs,
    score_list,
)
from facesearch.final.open_set import report_open_set, report_rejection, report_search
from facesearch.final.operating_points import (
    EVEN_ODDS,
    MATES_LEFT_OUT,
    REJECTION,
    OperatingPoints,
    merged,
    of_list,
    of_pairs,
    of_searches,
    tell_points,
)
from facesearch.final.outcomes import Embedded, classify_set, embedded_searches, sides_of
from facesearch.final.targets import PairSet, Targets
from facesearch.metrics.all_pairs import rank_scores
from facesearch.metrics.open_set import OpenSet, search_open_set
from facesearch.metrics.thresholds import Calibration, expected_calibration_error


def verify(
    model: FaceModel, targets: Targets, *, is_refitted: bool = True, source: str = ""
) -> tuple[FaceModel, Report]:
    """Measure a model on all labelled sets.

    Args:
        model: The model.
        targets: The reporting sets.
        is_refitted: Fit the thresholds on the dev sets, and forget those of the model; otherwise
            those of the model are applied.
        source: A short name of the faces, such as their folder's: thresholds are then said to be
            fitted on ``unknown_dev of <source>``.

    Returns:
        The model with its frozen thresholds, and the report.

    """
    report, points = Report(), OperatingPoints({}, None)
    before = model.thresholds
    if is_refitted:
        model = replace(model, thresholds={}, calibration=None, temperature=None)
    model = _closed_sets(model, targets, report, _place("dev", source) if is_refitted else "")
    if targets.pairs is not None:
        scores = score_list(model, targets.pairs)
        if is_refitted:
            points = of_list(scores, targets.pairs.is_same_P, _place("pairs", source))
            model = points.frozen_into(model)
        _pair_list(model, targets.pairs, scores, report)
    for name, gallery, probes in embedded_searches(model, targets):
        asked = _Asked(name, gallery, probes, source)
        is_fitted = is_refitted and name == "unknown_dev"
        model, points = _ask(asked, model, points, report, is_fitted=is_fitted)
        columns = probes.faces.known_of()
        if name == "unknown_dev" and targets.groups:
            columns = {"group": targets.groups, **columns}
        asked.by_group(model, columns, report)
    if is_refitted:
        tell_points(points, before, report)
    return model, report


def _ask(
    asked: "_Asked", model: FaceModel, points: OperatingPoints, report: Report, *, is_fitted: bool
) -> tuple[FaceModel, OperatingPoints]:
    """Report on a set of probes; return the model with what was fitted on them, if it was."""
    asked.report(report)
    if is_fitted:
        # a list tells what is most often right; everything else a gallery tells on more pairs
        points = merged(points.only(EVEN_ODDS, "accuracy"), asked.fit(), points)
        model = points.frozen_into(model)
    asked.at_thresholds(model, points, report)
    return model, points


def _place(name: str, source: str) -> str:
    """Return which faces these are, as ``fitted_on`` of a threshold says it."""
    return f"{name} of {source}" if source else name


def _closed_sets(model: FaceModel, targets: Targets, report: Report, fitted_on: str) -> FaceModel:
    """Report on the closed sets; with ``fitted_on`` return the model calibrated on dev."""
    for name in ("dev", "test"):
        faces = targets.labelled(name)
        if faces is not None:
            found = classify_set(model, faces)
            report_closed_set(name, found, model.identities, report)
            if name == "dev":
                report_closed_groups(name, found, targets.dev_groups, report)
                model = calibrate_classes(model, faces, report, fitted_on)
            for column, values in faces.known_of().items():
                report_closed_groups(name, found, values, report, column)
    return model


def _pair_list(model: FaceModel, pairs: PairSet, scores_P: np.ndarray, report: Report) -> None:
    report_list(pairs, scores_P, report)
    is_same, person = pairs.is_same_P, people_of(pairs)
    if is_same.any() and not is_same.all():
        ranks = rank_scores(scores_P[is_same], scores_P[~is_same])
        whose = Pairs(scores_P, is_same, person[pairs.first_P], person[pairs.second_P])
        report_pairs("pairs", ranks, whose, report)
    nameless = int((pairs.faces.labels_M < 0).sum())
    if nameless:
        report.notes.append(
            f"pairs: who is on {nameless:,} of {len(pairs.faces):,} pictures is not known; only "
            "pairs of one person tell which of them belong together, every other counts as a "
            "person, so the intervals may be too narrow."
        )
    if "accuracy" in model.thresholds:
        report_pair_groups(pairs, scores_P, model.thresholds["accuracy"].value, report)


class _Asked:
    """One set of probes, asked about in the gallery."""

    def __init__(self, name: str, gallery: Embedded, probes: Embedded, source: str) -> None:
        self.name, self.gallery, self.probes = name, gallery, probes
        self.place = _place(name, source)
        sides = sides_of(gallery, probes)
        self.searches: OpenSet = search_open_set(*sides)
        self.ranks = rank_embeddings(*sides)
        self.pairs = cross_pairs(*sides)

    def report(self, report: Report) -> None:
        """Add what needs no threshold."""
        gallery, probes = self.gallery, self.probes
        report_search(
            self.name, gallery.rows_ND, gallery.faces, probes.rows_ND, probes.faces, report
        )
        report_pairs(self.name, self.ranks, self.pairs, report)
        report_open_set(self.name, self.searches, report)

    def fit(self) -> OperatingPoints:
        """Return what can be fitted on these faces."""
        return merged(
            of_pairs(self.ranks, self.pairs, self.place), of_searches(self.searches, self.place)
        )

    def at_thresholds(self, model: FaceModel, fitted: OperatingPoints, report: Report) -> None:
        """Add what holds at the model's frozen thresholds; ``fitted`` are those fitted just now."""
        rows = []
        for name, threshold in model.thresholds.items():
            rejected, false = self.ranks.frr_far_at(threshold.value)
            rows.append({
                "threshold": name, "cosine": threshold.value, "fitted on": threshold.fitted_on,
                "true accepts": 1 - rejected, "false accepts": false,
            })  # fmt: skip
        report.tables[f"{self.name}: at the frozen thresholds"] = rows
        is_asked = not self.searches.is_mated_P.all()
        rejection = model.thresholds.get(REJECTION)
        if rejection is not None and (is_asked or rejection.rule != MATES_LEFT_OUT):
            here = fitted.thresholds.get(REJECTION)
            report_rejection(
                self.name, self.searches, rejection.value, report,
                is_fitted_here=here is not None and here.fitted_on == self.place,
            )  # fmt: skip
        if model.calibration is not None:
            self._calibration(model.calibration, fitted.calibrated_on == self.place, report)

    def by_group(
        self, model: FaceModel, columns: Mapping[str, tuple[str, ...]], report: Report
    ) -> None:
        """Add the error rates by group, pose, camera: by each column that is known."""
        found = model.thresholds.get(REJECTION)
        if found is None or found.rule == MATES_LEFT_OUT:
            found = model.thresholds.get("fpir_0.1", found)
        threshold = found.value if found else None
        for column, values in columns.items():
            report_groups(self.name, self.searches, values, threshold, report, column)

    def _calibration(self, calibration: Calibration, is_fitted_here: bool, report: Report) -> None:
        chance = calibration.probability(self.pairs.scores_P)
        error, bins = expected_calibration_error(chance, self.pairs.is_same_P)
        report.tables[f"{self.name}: calibration, as many genuine as impostor pairs"] = bins
        fitted = "; fitted on these very pairs, so it is too small" if is_fitted_here else ""
        report.notes.append(
            f"{self.name}: the probability of one person is off by {error:.3f} in the mean "
            f"(expected calibration error, both kinds of pairs weighing the same{fitted})."
        )
