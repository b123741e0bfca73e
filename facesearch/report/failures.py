"""What failed in a sweep, and what the points that failed have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import mannwhitneyu

from facesearch.report.sweep_source import SweepSource
from facesearch.space.holes import Hole
from facesearch.tuning.failures import first_line, reasons
from facesearch.tuning.records import TrialRecord, describe_point, format_number

# Fewer failures than this can be anybody's.
_LEAST_FAILED = 3
# How seldom chance may bring so clear a difference, over all parameters together.
_MOST_CHANCE = 0.05
_SHUFFLES = 2000


@dataclass(frozen=True)
class Cause:
    """A parameter whose values differ between what failed and what did not.

    Args:
        hole: The parameter.
        words: How they differ, for people.
        chance: How often chance alone would bring such a difference; parameters that were looked
            at are counted.

    """

    hole: Hole
    words: str
    chance: float


def failure_rows(trials: Sequence[TrialRecord]) -> list[dict[str, Any]]:
    """Return a row for each trial that failed: how, when, why, and its point."""
    return [
        {"trial": t.name, "outcome": t.outcome, "after epoch": t.epochs,
         "why": first_line(t.message), "point": describe_point(t.point)}
        for t in trials
    ]  # fmt: skip


def reason_rows(trials: Sequence[TrialRecord]) -> list[dict[str, Any]]:
    """Return how often each outcome came with each reason, the most frequent first."""
    return [{"outcome": r.outcome, "why": r.words, "trials": r.count} for r in reasons(trials)]


def causes(source: SweepSource, *, seed: int = 0) -> list[Cause]:
    """Return the parameters that tell what failed from what did not, the clearest first.

    Numbers are compared by their ranks (Mann and Whitney's test), options by how unevenly failures
    fall on them, against shuffled outcomes. Chance is multiplied by the number of parameters
    (Bonferroni), so that looking at many finds no more. None for fewer than three failures.

    Args:
        source: The sweep.
        seed: Of the shuffles.

    """
    failed = {t.number for t in source.failed()}
    found = []
    rng = np.random.default_rng(seed)
    for hole in source.holes:
        trials = [t for t in source.searched() if hole.name in t.point]
        is_failed = np.array([t.number in failed for t in trials], dtype=bool)
        if is_failed.sum() < _LEAST_FAILED or is_failed.all():
            continue
        values = [t.point[hole.name] for t in trials]
        compare = _of_options if hole.kind == "choice" else _of_numbers
        words, chance = compare(values, is_failed, rng)
        chance = min(1.0, chance * len(source.holes))
        if chance <= _MOST_CHANCE:
            found.append(Cause(hole, f"{source.names[hole.name]}: {words}", chance))
    return sorted(found, key=lambda cause: cause.chance)


def _of_numbers(
    values: list[Any], is_failed: np.ndarray, rng: np.random.Generator
) -> tuple[str, float]:
    numbers = np.array(values, dtype=np.float64)
    if np.ptp(numbers) == 0:
        return "", 1.0
    bad, good = numbers[is_failed], numbers[~is_failed]
    chance = float(mannwhitneyu(bad, good).pvalue)
    middle, usual = float(np.median(bad)), float(np.median(good))
    how = "higher" if middle > usual else "lower"
    return (
        f"{how} where it failed, median {format_number(middle)} against {format_number(usual)}"
    ), chance


def _of_options(
    values: list[Any], is_failed: np.ndarray, rng: np.random.Generator
) -> tuple[str, float]:
    options, place = np.unique([str(value) for value in values], return_inverse=True)
    if len(options) < 2:
        return "", 1.0
    total = np.bincount(place, minlength=len(options))
    expected = total * is_failed.mean()

    def unevenness(outcome: np.ndarray) -> float:
        seen = np.bincount(place[outcome], minlength=len(options))
        return float(((seen - expected) ** 2 / expected).sum())

    own = unevenness(is_failed)
    drawn = [unevenness(rng.permutation(is_failed)) for _ in range(_SHUFFLES)]
    chance = (1 + sum(one >= own - 1e-12 for one in drawn)) / (_SHUFFLES + 1)
    seen = np.bincount(place[is_failed], minlength=len(options))
    worst = np.argsort(-seen / total, kind="stable")[:3]
    told = ", ".join(f"{options[i]} {seen[i]} of {total[i]}" for i in worst if seen[i])
    return f"failed most with {told}", chance
