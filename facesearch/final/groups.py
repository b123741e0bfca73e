"""Error rates by group: whether a model that is good on the whole is bad for some."""

from typing import Any

import numpy as np

from facesearch.final.figures import Outcome, Report
from facesearch.metrics.open_set import OpenSet

# Fewer faces of a group say nothing about it.
_LEAST_FACES = 10


def report_groups(
    name: str, searches: OpenSet, groups: tuple[str, ...], threshold: float | None, report: Report
) -> None:
    """Add a row a group: rank-1, false non-identifications and false identifications.

    Args:
        name: Of the set.
        searches: The searches of its faces.
        groups: The group of each, in the same order; empty where none are known.
        threshold: Above which a search has found somebody; without one, only rank-1 is told.
        report: Where the table is added.

    """
    if not groups:
        return
    of_face = np.array(groups)
    rows: list[dict[str, Any]] = []
    few = []
    for group in sorted(set(groups)):
        chosen = of_face == group
        if chosen.sum() < _LEAST_FACES:
            few.append(group)
            continue
        rows.append({"group": group, **_rates(searches, chosen, threshold)})
    report.tables[f"{name}: by group"] = rows
    if few:
        report.notes.append(
            f"{name}: {len(few)} groups with fewer than {_LEAST_FACES} faces are left out of the "
            "table by group."
        )


def _rates(searches: OpenSet, chosen: np.ndarray, threshold: float | None) -> dict[str, Any]:
    mated = chosen & searches.is_mated_P
    row: dict[str, Any] = {"faces": int(chosen.sum())}
    if mated.any():
        hits = Outcome(searches.is_right_P[mated].astype(float), searches.identities_P[mated])
        figure = hits.figure()
        row |= {"rank1": figure.value, "rank1_low": figure.low, "rank1_high": figure.high}
    if threshold is not None:
        is_found = searches.is_right_P & (searches.score_P > threshold)
        if mated.any():
            row["fnir"] = float(1 - is_found[mated].mean())
        row["fpir"] = float((searches.nonmate_score_P[chosen] > threshold).mean())
    return row
