"""Curves with their 95 % bands: each point an exact figure, drawn with whole identities.

The draws are those of the figures' intervals, so a band and an interval never disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facesearch.final.figures import Outcome
from facesearch.metrics.intervals import Draws, bootstrap_pairs, far_name
from facesearch.metrics.open_set import bootstrap_open_set, dir_at_fpir, is_measurable
from facesearch.report.final_faces import PairScores, Search

# Between two powers of ten; so a decade has the same points in every curve, and 0.001 is one.
_STEPS = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0)
_DECADES = range(-7, 0)
# As in the figures of `facesearch.final.one_to_one`.
_DRAWS = Draws(max_pairs=500_000)
_LEAST_ACCEPTED = 20
_MOST_RANKS = 20
NAN = float("nan")


@dataclass(frozen=True)
class Band:
    """A curve: rates ``value`` at places ``x``, with the ends of their intervals (NaN: none)."""

    name: str
    x: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, name: str, points: Sequence[tuple[float, float, float, float]]) -> "Band":
        """Return the curve through points of place, value, low and high."""
        columns = np.array(points, dtype=np.float64).reshape(-1, 4).T
        return cls(name, *columns)

    def rows(self, at: str, measure: str, *, marks_only: bool = False) -> list[dict[str, object]]:
        """Return the points as rows of a table; with ``marks_only`` those at powers of ten."""
        return [
            {"set": self.name, at: x, measure: value, "low": low, "high": high}
            for x, value, low, high in zip(
                self.x.tolist(), self.value.tolist(), self.low.tolist(), self.high.tolist(),
                strict=True,
            )
            if not marks_only or is_mark(x)
        ]  # fmt: skip

    def mirrored(self) -> "Band":
        """Return what is missing to 1: false rejects from true accepts."""
        return Band(self.name, self.x, 1 - self.value, 1 - self.high, 1 - self.low)


def is_mark(rate: float) -> bool:
    """Return whether a rate is a power of ten below 1."""
    return rate < 1 and far_name(rate).startswith("1e-")


def rates(least: float) -> list[float]:
    """Return the rates below 1 that a curve has points at, from ``least`` on, rising."""
    grid = [float(f"{step}e{decade}") for decade in _DECADES for step in _STEPS]
    return [rate for rate in grid if rate >= least * (1 - 1e-9)]


def roc_band(scores: PairScores) -> Band:
    """Return TAR at every FAR that can be measured: one impostor at least."""
    ranks, pairs = scores.ranks, scores.pairs
    fars = [far for far in rates(1 / ranks.num_impostors) if ranks.is_measurable(far)]
    # where only an even sample of the impostors is kept, the smallest rates rest on none of it
    is_whole = len(pairs.impostor) == ranks.num_impostors
    banded = [f for f in fars if is_whole or f * len(pairs.impostor) >= _LEAST_ACCEPTED]
    found = bootstrap_pairs(
        pairs.scores_P, pairs.is_same_P, pairs.first_P, pairs.second_P, banded, draws=_DRAWS
    )
    points = [
        (far, ranks.tar_at_far(far), *found.get(f"tar_at_far_{far_name(far)}", (NAN, NAN)))
        for far in fars
    ]
    return Band.of(scores.name, points)


def cmc_band(search: Search) -> Band:
    """Return the part found among the k most alike people; ranks up to 20, and a few beyond."""
    most = search.num_people - 1
    ranks = [k for k in (*range(1, _MOST_RANKS + 1), 30, 50, 70, 100) if k <= most]
    figures = [
        Outcome((search.places <= k).astype(np.float64), search.place_ids).figure() for k in ranks
    ]
    points = [(k, f.value, f.low, f.high) for k, f in zip(ranks, figures, strict=True)]
    return Band.of(search.name, points)


def dir_band(search: Search, kind: str) -> Band | None:
    """Return DIR at every FPIR that can be measured; None if none can.

    Args:
        search: The searches.
        kind: ``strangers`` or ``mates_left_out``, as of `bootstrap_open_set`.

    """
    found = search.searches
    mated = found.is_mated_P
    nonmated = found.score_P[~mated] if kind == "strangers" else found.nonmate_score_P
    fpirs = [fpir for fpir in rates(0) if is_measurable(len(nonmated), fpir)]
    if not len(nonmated) or not mated.any() or not fpirs:
        return None
    ends = bootstrap_open_set(found, fpirs, kind)
    sides = found.score_P[mated], found.is_right_P[mated], nonmated
    points = [(fpir, dir_at_fpir(*sides, fpir)[0], *ends[fpir]) for fpir in fpirs]
    return Band.of(search.name, points)
