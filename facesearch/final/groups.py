"""Error rates by group, pose, camera: whether a model that is good on the whole is bad for some.

Shapes: N faces, P pairs.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from facesearch.final.figures import Outcome, Report
from facesearch.final.outcomes import Labelled
from facesearch.final.targets import PairSet
from facesearch.metrics.open_set import OpenSet

# Fewer faces or pairs of a group say nothing about it.
_LEAST = 10


def report_groups(
    name: str, searches: OpenSet, groups: Sequence[str], threshold: float | None, report: Report,
    column: str = "group",
) -> None:  # fmt: skip
    """Add a row a group: rank-1, false non-identifications and false identifications.

    Args:
        name: Of the set.
        searches: The searches of its faces.
        groups: The group of each, in the same order, "" for none; empty where none are known.
        threshold: Above which a search has found somebody; without one, only rank-1 is told.
        report: Where the table is added.
        column: What the groups are: group, pose, camera.

    """

    def row(chosen_N: np.ndarray) -> dict[str, Any]:
        return _rates(searches, chosen_N, threshold)

    _by_group(f"{name}: by {column}", groups, "faces", row, report)


def report_closed_groups(
    name: str, found: Labelled, groups: Sequence[str], report: Report, column: str = "group"
) -> None:
    """Add a row a group: top-1 of the closed task. Arguments are as those of `report_groups`."""
    top = found.top(1)

    def row(chosen_N: np.ndarray) -> dict[str, Any]:
        hits = Outcome(top.is_right_N[chosen_N], top.identities_N[chosen_N])
        return {"faces": int(chosen_N.sum()), **_with_ends("top1", hits)}

    _by_group(f"{name}: by {column}", groups, "faces", row, report)


def report_pair_groups(
    pairs: PairSet, scores_P: np.ndarray, threshold: float, report: Report
) -> None:
    """Add a row a group: false rejects and false accepts of the pairs with both faces in it.

    Args:
        pairs: With the groups of its faces, where they are known.
        scores_P: Cosines.
        threshold: Above which a pair counts as one person's.
        report: Where the table ``pairs: by group`` is added.

    """
    if not pairs.groups:
        return
    group_N = np.array(pairs.groups)
    first, second = group_N[pairs.first_P], group_N[pairs.second_P]
    # in float64, as wherever a threshold is applied
    is_accepted = scores_P.astype(np.float64) > threshold

    def row(chosen_P: np.ndarray) -> dict[str, Any]:
        genuine, impostor = chosen_P & pairs.is_same_P, chosen_P & ~pairs.is_same_P
        found: dict[str, Any] = {"genuine": int(genuine.sum()), "impostor": int(impostor.sum())}
        if genuine.any():
            found["frr"] = float(1 - is_accepted[genuine].mean())
        if impostor.any():
            found["far"] = float(is_accepted[impostor].mean())
        return found

    of_pair = np.where(first == second, first, "").tolist()
    _by_group("pairs: by group", of_pair, "pairs", row, report)


def _by_group(
    title: str,
    groups: Sequence[str],
    of_what: str,
    row: Callable[[np.ndarray], dict[str, Any]],
    report: Report,
) -> None:
    """Add a row for each group with enough faces or pairs, and a note on the others.

    title is ``set: by column``.
    """
    known = sorted(set(groups) - {""})
    if not known:
        return
    of_each = np.array(groups)
    enough = [group for group in known if (of_each == group).sum() >= _LEAST]
    name, _, column = title.partition(": by ")
    report.tables[title] = [{column: group, **row(of_each == group)} for group in enough]
    if len(enough) < len(known):
        report.notes.append(
            f"{name}: {len(known) - len(enough)} {column}s with fewer than {_LEAST} {of_what} are "
            f"left out of the table by {column}."
        )


def _with_ends(name: str, hits: Outcome) -> dict[str, float]:
    figure = hits.figure()
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


def _rates(searches: OpenSet, chosen: np.ndarray, threshold: float | None) -> dict[str, Any]:
    mated = chosen & searches.is_mated_P
    row: dict[str, Any] = {"faces": int(chosen.sum())}
    if mated.any():
        hits = Outcome(searches.is_right_P[mated].astype(float), searches.identities_P[mated])
        row |= _with_ends("rank1", hits)
    if threshold is not None:
        is_missed = ~(searches.is_right_P & (searches.score_P > threshold))
        is_alarm = searches.nonmate_score_P > threshold
        if mated.any():
            row |= _with_ends("fnir", _errors(searches, is_missed, mated))
        row |= _with_ends("fpir", _errors(searches, is_alarm, chosen))
    return row


def _errors(searches: OpenSet, is_error_P: np.ndarray, chosen_P: np.ndarray) -> Outcome:
    return Outcome(is_error_P[chosen_P].astype(float), searches.identities_P[chosen_P])
