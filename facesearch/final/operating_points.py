"""Thresholds and the calibration: fitted on a dev set, then frozen into the model.

Rules:
    eer             as many false accepts as false rejects, of 1:1 pairs
    far_1e-3        at most one impostor pair in 1,000 is accepted; likewise 1e-2
    accuracy        most right of a list with as many equal as other pairs (LFW)
    rejection       most right of searches of which some are strangers' (HW2P2 from S23 on)
    fpir_0.1        at most one search without a mate in 10 finds somebody
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from facesearch.final.model import FaceModel, Threshold
from facesearch.final.one_to_one import Pairs
from facesearch.metrics.all_pairs import PairRanks
from facesearch.metrics.open_set import OpenSet, dir_at_fpir, fit_rejection_threshold, is_measurable
from facesearch.metrics.thresholds import Calibration, fit_calibration, fit_threshold

_FARS = {"far_1e-2": 1e-2, "far_1e-3": 1e-3}


@dataclass(frozen=True)
class OperatingPoints:
    """What was fitted: thresholds by name; the calibration if there were both kinds of pairs.

    calibrated_on says which faces the calibration was fitted on, as ``fitted_on`` of a threshold.
    """

    thresholds: Mapping[str, Threshold]
    calibration: Calibration | None
    calibrated_on: str = ""

    def frozen_into(self, model: FaceModel) -> FaceModel:
        """Return the model with these points instead of its own of the same names."""
        merged = {**model.thresholds, **self.thresholds}
        return replace(model, thresholds=merged, calibration=self.calibration or model.calibration)


def of_pairs(ranks: PairRanks, pairs: Pairs, fitted_on: str) -> OperatingPoints:
    """Fit what 1:1 pairs tell: eer, the FARs that can be measured, and the calibration."""
    if not len(pairs.genuine) or not len(pairs.impostor):
        return OperatingPoints({}, None)
    found = {"eer": Threshold(ranks.eer_threshold(), "eer", fitted_on)}
    for name, far in _FARS.items():
        if ranks.is_measurable(far):
            found[name] = Threshold(ranks.threshold_at_far(far), name, fitted_on)
    return OperatingPoints(found, fit_calibration(pairs.genuine, pairs.impostor), fitted_on)


def of_list(scores_P: np.ndarray, is_same_P: np.ndarray, fitted_on: str) -> OperatingPoints:
    """Fit what a list of pairs tells."""
    genuine, impostor = scores_P[is_same_P], scores_P[~is_same_P]
    if not len(genuine) or not len(impostor):
        return OperatingPoints({}, None)
    value = fit_threshold(genuine, impostor, "accuracy")
    return OperatingPoints(
        {"accuracy": Threshold(value, "accuracy", fitted_on)},
        fit_calibration(genuine, impostor),
        fitted_on,
    )


def of_searches(searches: OpenSet, fitted_on: str) -> OperatingPoints:
    """Fit what searches tell: fpir_0.1, and rejection where some are of strangers."""
    found: dict[str, Threshold] = {}
    mated = searches.is_mated_P
    if is_measurable(len(searches.nonmate_score_P), 0.1) and mated.any():
        _, value = dir_at_fpir(
            searches.score_P[mated], searches.is_right_P[mated], searches.nonmate_score_P, 0.1
        )
        found["fpir_0.1"] = Threshold(value, "fpir_0.1", fitted_on)
    if mated.any() and not mated.all():
        found["rejection"] = Threshold(fit_rejection_threshold(searches), "rejection", fitted_on)
    return OperatingPoints(found, None)


def merged(*points: OperatingPoints) -> OperatingPoints:
    """Return all of them; of the same name the first, as the earlier is the better founded."""
    thresholds: dict[str, Threshold] = {}
    for some in reversed(points):
        thresholds |= some.thresholds
    calibrated = next((some for some in points if some.calibration is not None), None)
    if calibrated is None:
        return OperatingPoints(thresholds, None)
    return OperatingPoints(thresholds, calibrated.calibration, calibrated.calibrated_on)
