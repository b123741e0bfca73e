"""1:N: whose face it is among those of a gallery, and whether it is anybody's.

Shapes: P probes, G gallery faces.
"""

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.final.figures import Figure, Outcome, Report
from facesearch.metrics.identification import mate_ranks
from facesearch.metrics.open_set import (
    OpenSet,
    bootstrap_open_set,
    cross_fitted_accuracy,
    dir_at_fpir,
    is_measurable,
    is_right_with_rejection,
)
from facesearch.metrics.resampling import unit_numbers

FPIRS = (0.1, 0.01)
RANKS = (1, 5, 10)
# Fewer people cannot be parted into those to fit on and those to ask about.
_LEAST_PEOPLE = 20
_CMC_RANKS = (1, 2, 3, 5, 10, 20, 50, 100)


def report_search(
    name: str,
    gallery_GD: np.ndarray,
    gallery: FaceSet,
    probes_PD: np.ndarray,
    probes: FaceSet,
    report: Report,
) -> None:
    """Add rank-1, 5, 10 and the CMC of the probes that have a mate; ranks count people."""
    mated = np.flatnonzero(np.isin(probes.labels_M, gallery.labels_M))
    if not len(mated):
        report.notes.append(f"{name}: nobody of it is in the gallery, so no rank can be told.")
        return
    labels = probes.labels_M[mated]
    ranks_P = mate_ranks(gallery_GD, gallery.labels_M, probes_PD[mated], labels)
    people = len(np.unique(gallery.labels_M))
    for k in RANKS:
        if k < people:
            hits = Outcome((ranks_P <= k).astype(np.float64), labels)
            report.figures[f"{name}/rank{k}"] = hits.figure()
    report.tables[f"{name}: CMC, {people} people in the gallery"] = [
        {"rank": k, "found": float(np.mean(ranks_P <= k))} for k in _CMC_RANKS if k < people
    ]


def report_open_set(name: str, searches: OpenSet, report: Report) -> None:
    """Add DIR at each FPIR: with the strangers, and with every probe whose mates are left out.

    Leaving out the mates of a probe makes of each a search without a mate, so that there are enough
    of them for a small FPIR. An FPIR that cannot be measured gets a note instead of a figure; one
    that rests on too few identities, instead of an interval.
    """
    mated = searches.is_mated_P
    score, is_right = searches.score_P[mated], searches.is_right_P[mated]
    kinds = {
        "strangers": searches.score_P[~mated],
        "mates_left_out": searches.nonmate_score_P,
    }
    for kind, nonmated in kinds.items():
        if not len(nonmated) or not len(score):
            continue
        fpirs = [fpir for fpir in FPIRS if is_measurable(len(nonmated), fpir)]
        intervals = bootstrap_open_set(searches, fpirs, kind) if fpirs else {}
        for fpir, interval in intervals.items():
            value, _ = dir_at_fpir(score, is_right, nonmated, fpir)
            figure = Figure(value, *interval, len(score))
            report.figures[f"{name}/dir_at_fpir_{fpir}_{kind}"] = figure
            if np.isnan(interval[0]):
                report.notes.append(
                    f"{name}: DIR at FPIR {fpir} with {kind} has no interval: it needs "
                    f"{round(1 / fpir)} identities without a mate, each with one search or more."
                )
        report.notes += [
            f"{name}: DIR at FPIR {fpir} with {kind} is not given: it needs {round(1 / fpir)} "
            f"searches without a mate, and there are {len(nonmated)}."
            for fpir in FPIRS
            if fpir not in intervals
        ]


def report_rejection(
    name: str, searches: OpenSet, threshold: float, report: Report, *, is_fitted_here: bool
) -> None:
    """Add the accuracy with rejection: mated probes right and accepted, strangers rejected.

    Args:
        name: Of the set.
        searches: The searches.
        threshold: The frozen one.
        report: Where figures are added.
        is_fitted_here: Whether the threshold was fitted on these very searches: then a
            cross-fitted figure stands beside it, which is not too good.

    """
    is_right = is_right_with_rejection(searches, threshold).astype(np.float64)
    outcome = Outcome(is_right, searches.identities_P)
    report.figures[f"{name}/accuracy_with_rejection"] = outcome.figure()
    if is_fitted_here and unit_numbers(searches.identities_P)[1] >= _LEAST_PEOPLE:
        found = cross_fitted_accuracy(searches, num_folds=5, seed=0)
        crossed = found.is_right_P.astype(np.float64)
        outcome = Outcome(crossed, searches.identities_P, found.threshold_variance)
        report.figures[f"{name}/accuracy_with_rejection_cross_fitted"] = outcome.figure()
        report.notes.append(
            f"{name}: the rejection threshold was fitted on this set, so accuracy_with_rejection "
            "is a little too good; cross_fitted fits it on four fifths of the people and asks "
            "about the others."
        )
