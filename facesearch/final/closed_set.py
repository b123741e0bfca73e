"""The closed task: whose face it is, among the people that were trained on.

Shapes: N faces.
"""

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from facesearch.final.figures import Report
from facesearch.final.outcomes import Labelled

_SHOWN = 20


def report_closed_set(
    name: str, found: Labelled, identities: tuple[str, ...], report: Report
) -> None:
    """Add top-1, top-5, the accuracy by identity and the most confused pairs.

    Args:
        name: Of the set, such as ``dev``.
        found: What the heads said.
        identities: Names, in the order of the heads.
        report: Where figures and tables are added.

    """
    for k in (1, 5):
        report.figures[f"{name}/top{k}"] = found.top(k).figure()
    accuracy = _by_identity(found)
    shares = np.array(list(accuracy.values()))
    report.tables[f"{name}: identities by accuracy"] = [
        {"accuracy": text, "identities": int(count)}
        for text, count in zip(_BANDS, _in_bands(shares), strict=True)
    ]
    worst = sorted(accuracy, key=lambda number: (accuracy[number], number))[:_SHOWN]
    report.tables[f"{name}: identities that are recognised least"] = [
        {"identity": identities[n], "accuracy": accuracy[n]} for n in worst if accuracy[n] < 1
    ]
    report.tables[f"{name}: most confused"] = _confusions(found, identities)


_BANDS = ("0", "up to 1/4", "up to 1/2", "up to 3/4", "below 1", "1")


def _in_bands(shares: np.ndarray) -> list[int]:
    ends = np.array([0.0, 0.25, 0.5, 0.75, np.nextafter(1.0, 0.0), 1.0])
    counts: list[int] = np.bincount(np.searchsorted(ends, shares), minlength=len(_BANDS)).tolist()
    return counts


def _by_identity(found: Labelled) -> dict[int, float]:
    right: dict[int, list[bool]] = defaultdict(list)
    for label, best in zip(found.labels_N.tolist(), found.best_NK[:, 0].tolist(), strict=True):
        right[label].append(label == best)
    return {label: float(np.mean(hits)) for label, hits in right.items()}


def _confusions(found: Labelled, identities: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the pairs of people who are taken for each other most often, in either direction."""
    pairs: Counter[tuple[int, int]] = Counter()
    for label, best in zip(found.labels_N.tolist(), found.best_NK[:, 0].tolist(), strict=True):
        if label != best:
            pairs[min(label, best), max(label, best)] += 1
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    return [
        {"one": identities[one], "other": identities[other], "faces": count}
        for (one, other), count in ordered
    ]
