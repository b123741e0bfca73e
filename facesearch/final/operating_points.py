"""Thresholds and the calibration: fitted on a dev set, then frozen into the model.

Rules:
    even_odds       above it a pair is likelier one person's than not, by the calibration
    eer             as many false accepts as false rejects, of 1:1 pairs
    far_1e-3        at most one impostor pair in 1,000 is accepted; likewise 1e-2
    accuracy        most right of a list with as many equal as other pairs (LFW)
    rejection       most right of searches of which some are strangers' (HW2P2 from S23 on)
    rejection, mates left out
                    the same of searches that all have a mate: of each another one without its
                    mates, so that half of them are as a stranger's
    fpir_0.1        at most one search without a mate in 10 finds somebody
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from facesearch.final.figures import Report
from facesearch.final.model import FaceModel, Threshold
from facesearch.final.one_to_one import Pairs
from facesearch.metrics.all_pairs import PairRanks, rank_scores
from facesearch.metrics.open_set import (
    OpenSet,
    dir_at_fpir,
    fit_rejection_threshold,
    is_measurable,
    with_mates_left_out,
)
from facesearch.metrics.thresholds import Calibration, fit_calibration, fit_threshold

EVEN_ODDS = "even_odds"
REJECTION = "rejection"
MATES_LEFT_OUT = "rejection, mates left out"
_FARS = {"far_1e-2": 1e-2, "far_1e-3": 1e-3}


@dataclass(frozen=True)
class OperatingPoints:
    """What was fitted: thresholds by name; the calibration if there were both kinds of pairs.

    calibrated_on says which faces the calibration was fitted on, as ``fitted_on`` of a threshold;
    lacking says why a threshold could not be fitted, by its name.
    """

    thresholds: Mapping[str, Threshold]
    calibration: Calibration | None
    calibrated_on: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)

    def frozen_into(self, model: FaceModel) -> FaceModel:
        """Return the model with these points instead of its own of the same names."""
        merged = {**model.thresholds, **self.thresholds}
        return replace(model, thresholds=merged, calibration=self.calibration or model.calibration)

    def only(self, *names: str) -> "OperatingPoints":
        """Return some thresholds, and the calibration."""
        kept = {name: found for name, found in self.thresholds.items() if name in names}
        return replace(self, thresholds=kept, lacking={})


class _Fitted:
    """Thresholds as they are fitted on some faces; one that decides nothing is not kept."""

    def __init__(self, fitted_on: str) -> None:
        self.fitted_on = fitted_on
        self.thresholds: dict[str, Threshold] = {}
        self.lacking: dict[str, str] = {}

    def add(self, name: str, value: float, rule: str = "") -> None:
        """Keep a threshold, or why it is none."""
        found = Threshold(value, rule or name, self.fitted_on)
        if found.is_usable:
            self.thresholds[name] = found
        else:
            end = "accept" if value < 0 else "reject"
            self.lacking[name] = f"on {self.fitted_on} the best is to {end} everybody"

    def points(self, calibration: Calibration | None = None) -> OperatingPoints:
        """Return all of them; with a calibration also that of even odds."""
        found = {**even_odds(calibration, self.fitted_on), **self.thresholds}
        place = self.fitted_on if calibration else ""
        return OperatingPoints(found, calibration, place, self.lacking)


def even_odds(calibration: Calibration | None, fitted_on: str) -> dict[str, Threshold]:
    """Return the threshold above which a pair is likelier one person's than not, by its name.

    Nothing if there is none: without a calibration, with one that says nothing, or where no cosine
    is as likely as that.
    """
    value = calibration.even_odds() if calibration is not None else float("nan")
    found = Threshold(value, EVEN_ODDS, fitted_on)
    return {EVEN_ODDS: found} if found.is_usable else {}


def of_pairs(ranks: PairRanks, pairs: Pairs, fitted_on: str) -> OperatingPoints:
    """Fit what 1:1 pairs tell: eer, the FARs that can be measured, and the calibration."""
    fitted = _Fitted(fitted_on)
    if not len(pairs.genuine) or not len(pairs.impostor):
        return _without_pairs(fitted, (EVEN_ODDS, "eer", *_FARS))
    fitted.add("eer", ranks.eer_threshold())
    for name, far in _FARS.items():
        if ranks.is_measurable(far):
            fitted.add(name, ranks.threshold_at_far(far))
        else:
            fitted.lacking[name] = (
                f"it needs {round(1 / far):,} pairs of two identities, and {fitted_on} has "
                f"{ranks.num_impostors:,}"
            )
    return fitted.points(fit_calibration(pairs.genuine, pairs.impostor))


def _without_pairs(fitted: _Fitted, names: Iterable[str]) -> OperatingPoints:
    for name in names:
        fitted.lacking[name] = (
            f"it needs pairs of one identity and pairs of two, and {fitted.fitted_on} lacks one"
        )
    return fitted.points()


def of_list(scores_P: np.ndarray, is_same_P: np.ndarray, fitted_on: str) -> OperatingPoints:
    """Fit what a list of pairs tells: accuracy, and the same as `of_pairs`."""
    genuine, impostor = scores_P[is_same_P], scores_P[~is_same_P]
    fitted = _Fitted(fitted_on)
    if not len(genuine) or not len(impostor):
        return _without_pairs(fitted, (EVEN_ODDS, "accuracy", "eer", *_FARS))
    fitted.add("accuracy", fit_threshold(genuine, impostor, "accuracy"))
    nobody = np.zeros(len(scores_P), np.int64)
    others = of_pairs(
        rank_scores(genuine, impostor), Pairs(scores_P, is_same_P, nobody, nobody), fitted_on
    )
    return merged(others, fitted.points())


def of_searches(searches: OpenSet, fitted_on: str) -> OperatingPoints:
    """Fit what searches tell: fpir_0.1 with the mates left out, and rejection.

    Where no search is without a mate, rejection is fitted on each of them twice: as it is, and with
    its mates left out. Then half of the searches are as a stranger's, by construction.
    """
    fitted = _Fitted(fitted_on)
    mated, count = searches.is_mated_P, len(searches.nonmate_score_P)
    if not mated.any():
        for name in ("fpir_0.1", REJECTION):
            fitted.lacking[name] = f"nobody of {fitted_on} is in its gallery"
        return fitted.points()
    if is_measurable(count, 0.1):
        _, value = dir_at_fpir(
            searches.score_P[mated], searches.is_right_P[mated], searches.nonmate_score_P, 0.1
        )
        fitted.add("fpir_0.1", value)
    else:
        fitted.lacking["fpir_0.1"] = f"it needs 10 searches, and {fitted_on} has {count}"
    if not mated.all():
        fitted.add(REJECTION, fit_rejection_threshold(searches))
    elif np.isfinite(searches.nonmate_score_P).all():
        value = fit_rejection_threshold(with_mates_left_out(searches))
        fitted.add(REJECTION, value, MATES_LEFT_OUT)
    else:
        fitted.lacking[REJECTION] = f"the gallery of {fitted_on} is of one identity"
    return fitted.points()


def merged(*points: OperatingPoints) -> OperatingPoints:
    """Return all of them; of the same name the first, as the earlier is the better founded."""
    thresholds: dict[str, Threshold] = {}
    lacking: dict[str, str] = {}
    for some in reversed(points):
        thresholds |= some.thresholds
        lacking |= some.lacking
    lacking = {name: why for name, why in lacking.items() if name not in thresholds}
    calibrated = next((some for some in points if some.calibration is not None), None)
    if calibrated is None:
        return OperatingPoints(thresholds, None, "", lacking)
    # even odds are those of the calibration that is kept
    own = {n: t for n, t in thresholds.items() if n != EVEN_ODDS}
    own |= calibrated.only(EVEN_ODDS).thresholds
    return OperatingPoints(own, calibrated.calibration, calibrated.calibrated_on, lacking)


def tell_points(points: OperatingPoints, before: Mapping[str, Threshold], report: Report) -> None:
    """Say which thresholds were fitted, on what, which were not, and which were there before.

    Args:
        points: What was fitted.
        before: The thresholds that the model had.
        report: Where a table and notes are added.

    """
    report.tables["thresholds that were fitted"] = [
        {"threshold": name, "cosine": one.value, "rule": one.rule, "fitted on": one.fitted_on}
        for name, one in points.thresholds.items()
    ]
    if before:
        old = ", ".join(f"{name} ({one.fitted_on})" for name, one in before.items())
        report.notes.append(f"thresholds that the model had, and has no more: {old}.")
    places = {one.fitted_on for one in points.thresholds.values()}
    for place in sorted(places):
        names = [name for name, one in points.thresholds.items() if one.fitted_on == place]
        report.notes.append(f"thresholds fitted on {place}: {', '.join(names)}.")
    report.notes += [f"no threshold {name}: {why}." for name, why in points.lacking.items()]
    if not {REJECTION, "fpir_0.1"} & set(points.thresholds):
        report.notes.append(
            "identify cannot decide with this model: neither rejection nor fpir_0.1 was fitted; "
            "they need faces with a gallery and probes, of several identities."
        )
