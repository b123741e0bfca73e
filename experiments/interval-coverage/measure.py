"""Measure how often the intervals of all kinds of figures hold the truth, before and now.

    python experiments/interval-coverage/measure.py results.csv [--worlds 300] [--only TEXT]

The truth is that of one long run of the same population at the same gallery size. Before: the 2.5
and 97.5 percentiles of draws of identities; Wilson's where a rate is 0 or 1; Student's t of folds.
Both see the same 300 draws.
"""

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.special import ndtr, stdtrit
from worlds import SETTINGS, PairList, World, draw_pairs, draw_world

from facesearch.data.faces import FaceSet
from facesearch.final.figures import Outcome, Report
from facesearch.final.one_to_one import report_list
from facesearch.final.targets import PairSet
from facesearch.metrics import intervals, open_set
from facesearch.metrics.identification import mate_ranks
from facesearch.metrics.intervals import Draws, paired_difference, wilson
from facesearch.metrics.open_set import (
    OpenSet,
    bootstrap_open_set,
    cross_fitted_accuracy,
    is_right_with_rejection,
    search_open_set,
)
from facesearch.metrics.resampling import unit_numbers, variances
from facesearch.metrics.thresholds import ten_fold_accuracy

FARS, FPIRS = (1e-1, 1e-2, 1e-3), (0.1, 0.01)
_NUM_BINS, _KEPT_PAIRS, _LONG_RUN = 2**15, 10_000, 20_000
Ends = tuple[float, float]
# A name of a figure, its ends before and now.
Found = dict[str, tuple[Ends, Ends]]


def hits_of(world: World, found: OpenSet) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return what is right of each probe, and whose it is, of the figures that are plain means."""
    mated = found.is_mated_P
    ids, probes = world.probe_ids[mated], world.probes[mated]
    ranks = mate_ranks(world.gallery, world.gallery_ids, probes, ids)
    top = (probes @ world.centres.T).argmax(axis=1)
    return {"rank-1": (ranks <= 1, ids), "rank-5": (ranks <= 5, ids), "top-1": (top == ids, ids)}


def searches_of(world: World) -> OpenSet:
    """Return the searches of all probes."""
    return search_open_set(world.gallery, world.gallery_ids, world.probes, world.probe_ids)


def all_pairs(world: World) -> tuple[np.ndarray, ...]:
    """Return scores of all pairs of a probe and a gallery image, is same, and both identities."""
    scores = (world.probes @ world.gallery.T).ravel()
    first = np.repeat(world.probe_ids, len(world.gallery_ids))
    second = np.tile(world.gallery_ids, len(world.probe_ids))
    return scores, first == second, first, second


def counts(scores: np.ndarray) -> np.ndarray:
    """Return how many scores are in each of equal bins."""
    place = ((scores.astype(np.float64) + 1.01) * (_NUM_BINS / 2.02)).astype(np.int64)
    return np.bincount(place, minlength=_NUM_BINS).astype(np.float64)


def from_above(counted: np.ndarray) -> np.ndarray:
    """Return the count in each bin and all above."""
    return counted[::-1].cumsum()[::-1]


class LongRun:
    """Sums over many worlds of one population, and the true figures from them."""

    def __init__(self) -> None:
        self.right: dict[str, float] = defaultdict(float)
        self.asked: dict[str, float] = defaultdict(float)
        self.scores: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(_NUM_BINS))

    def add(self, world: World, seed: int) -> None:
        """Count a world."""
        found = searches_of(world)
        crossed = cross_fitted_accuracy(found, 5, 0).is_right_P
        parts = hits_of(world, found) | {"cross-fitted rejection": (crossed, crossed)}
        for name, (is_right, _) in parts.items():
            self.right[name] += is_right.sum()
            self.asked[name] += len(is_right)
        pairs = draw_pairs(world, seed)
        self.right["ten-fold accuracy"] += float(
            ten_fold_accuracy(pairs.scores, pairs.is_same, pairs.folds).mean()
        )
        self.asked["ten-fold accuracy"] += 1
        self.asked["mated"] += found.is_mated_P.sum()
        scores, is_same, _, _ = all_pairs(world)
        for kind, part in {
            "genuine": scores[is_same],
            "impostor": scores[~is_same],
            "hit": found.score_P[found.is_right_P],
            "strangers": found.score_P[~found.is_mated_P],
            "mates_left_out": found.nonmate_score_P,
        }.items():
            self.scores[kind] += counts(part)

    def truth(self) -> tuple[dict[str, float], float]:
        """Return the true figures by name, and a threshold for rejection."""
        figures = {name: right / self.asked[name] for name, right in self.right.items()}
        genuine, impostor = self.scores["genuine"], self.scores["impostor"]
        tar, far = from_above(genuine) / genuine.sum(), from_above(impostor) / impostor.sum()
        for rate in FARS:
            figures[f"TAR at FAR {rate:g}"] = float(tar[np.argmax(far <= rate)])
        equal = int(np.argmin(np.abs(1 - tar - far)))
        figures["EER"] = float(1 - tar[equal] + far[equal]) / 2
        wins = impostor.cumsum() - impostor / 2
        figures["AUC"] = float(genuine @ wins / genuine.sum() / impostor.sum())
        hits = from_above(self.scores["hit"]) / self.asked["mated"]
        for kind in ("strangers", "mates_left_out"):
            alarms = from_above(self.scores[kind]) / self.scores[kind].sum()
            for rate in FPIRS:
                name = f"DIR at FPIR {rate:g}, {kind}"
                figures[name] = float(hits[np.argmax(alarms <= rate)])
        strangers = self.scores["strangers"]
        right = hits * self.asked["mated"] + strangers.sum() - from_above(strangers)
        best = int(np.argmax(right))
        figures["rejection"] = float(right[best] / (self.asked["mated"] + strangers.sum()))
        return figures, best * 2.02 / _NUM_BINS - 1.01


def old_mean(is_right: np.ndarray, ids: np.ndarray) -> Ends:
    """Return the interval of a mean as it was."""
    number, count = unit_numbers(ids)
    faces, totals = np.bincount(number), np.bincount(number, weights=is_right)
    if is_right.mean() in (0.0, 1.0):
        return wilson(round(float(is_right.mean()) * count), count)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=300)
    low, high = np.percentile((drawn @ totals) / (drawn @ faces), [2.5, 97.5])
    return float(low), float(high)


def mean_ends(is_right: np.ndarray, ids: np.ndarray, more: float = 0.0) -> tuple[Ends, Ends]:
    """Return the ends of a mean, before and now."""
    now = Outcome(is_right.astype(np.float64), ids, more).figure()
    return old_mean(is_right.astype(np.float64), ids), (now.low, now.high)


def fold_ends(pairs: PairList) -> tuple[Ends, Ends]:
    """Return the ends of the accuracy of a list of pairs, before and now."""
    count = len(pairs.scores)
    people = np.concatenate([pairs.first, pairs.second])
    faces = FaceSet(np.zeros((2 * count, 1, 1, 3), np.uint8), np.arange(2 * count), people)
    images = np.arange(count), np.arange(count) + count
    report = Report()
    report_list(PairSet(faces, *images, pairs.is_same, pairs.folds), pairs.scores, report)
    accuracy = ten_fold_accuracy(pairs.scores, pairs.is_same, pairs.folds)
    mean, num_folds = float(accuracy.mean()), len(accuracy)
    reach = float(stdtrit(num_folds - 1, 0.975) * accuracy.std(ddof=1)) / num_folds**0.5
    before = max(0.0, mean - reach), min(1.0, mean + reach)
    if mean in (0.0, 1.0):
        before = wilson(round(mean * count), count)
    now = report.figures["pairs/accuracy"]
    return before, (now.low, now.high)


def drawn_ends(run: Callable[[], dict[str, Ends]]) -> Found:
    """Return the ends before and now of figures whose variance is that of draws."""
    heard: list[np.ndarray] = []

    def listen(figures: np.ndarray) -> list[float]:
        heard.append(figures)
        return variances(figures)

    intervals.variances = open_set.variances = listen  # type: ignore[assignment]
    now = run()
    low, high = np.nanpercentile(heard[0], [2.5, 97.5], axis=0)
    before = list(zip(low.tolist(), high.tolist(), strict=True))
    return {name: (was, now[name]) for name, was in zip(now, before, strict=True)}


def search_figures(world: World, threshold: float, seed: int) -> Found:
    """Return the ends of all means and of DIR."""
    found = searches_of(world)
    ends = {name: mean_ends(*part) for name, part in hits_of(world, found).items()}
    right = is_right_with_rejection(found, threshold)
    ends["rejection"] = mean_ends(right, found.identities_P)
    crossed = cross_fitted_accuracy(found, 5, 0)
    ends["cross-fitted rejection"] = mean_ends(
        crossed.is_right_P, found.identities_P, crossed.threshold_variance
    )
    ends["ten-fold accuracy"] = fold_ends(draw_pairs(world, seed))
    for kind in ("strangers", "mates_left_out"):
        ends |= drawn_ends(
            lambda kind=kind: {  # type: ignore[misc]
                f"DIR at FPIR {rate:g}, {kind}": interval
                for rate, interval in bootstrap_open_set(found, FPIRS, kind).items()
            }
        )
    return ends


def pair_figures(world: World) -> Found:
    """Return the ends of TAR, EER and AUC."""
    names = [*(f"TAR at FAR {rate:g}" for rate in FARS), "EER", "AUC"]
    draws = Draws(max_pairs=_KEPT_PAIRS)
    return drawn_ends(
        lambda: dict(
            zip(
                names,
                intervals.bootstrap_pairs(*all_pairs(world), FARS, draws=draws).values(),
                strict=True,
            )
        )
    )


# Identities, the mean of both models' latent score, what A is better by, most images of each.
PAIRED = [
    (count, *shape)
    for count in (10, 30, 100, 300)
    for shape in ((1.2, 0.0, 6), (1.2, 0.5, 6), (3.5, 0.0, 6), (4.0, 0.6, 6))
]


def paired_ends(case: tuple[int, float, float, int], seed: int) -> tuple[Ends, Ends]:
    """Return the ends of the difference of two models of which most hits are shared."""
    count, level, gap, most = case
    rng = np.random.default_rng([seed, count, int(10 * level)])
    ids = np.repeat(np.arange(count), rng.integers(1, most + 1, count))
    shared = rng.normal(size=count)[ids] + rng.normal(size=len(ids))
    own = [0.5 * rng.normal(size=count)[ids] + 0.7 * rng.normal(size=len(ids)) for _ in "ab"]
    a, b = (
        (shared + part + level + side * gap / 2 > 0).astype(np.float64)
        for part, side in zip(own, (1, -1), strict=True)
    )
    faces, totals = np.bincount(ids), np.bincount(ids, weights=a - b)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=300)
    low, high = np.percentile((drawn @ totals) / (drawn @ faces), [2.5, 97.5])
    now = paired_difference(a, b, ids, num_resamples=1)
    return (float(low), float(high)), (now.low, now.high)


def row(setting: str, figure: str, truth: float, ends: list[tuple[Ends, Ends]]) -> list[object]:
    """Return the row of the table: coverage in per cent, and the mean width, before and now."""
    (was_low, was_high), (low, high) = np.array(ends).transpose(1, 2, 0)
    given = ~np.isnan(low)
    cells: list[object] = [setting, figure, f"{truth:.4f}", len(ends), int((~given).sum())]
    cells.append(f"{100 * np.mean((was_low <= truth) & (truth <= was_high)):.1f}")
    low, high = low[given], high[given]
    if not len(low):
        return [*cells, *[""] * 4, f"{np.mean(was_high - was_low):.3f}", ""]
    misses = [f"{100 * np.mean(low > truth):.1f}", f"{100 * np.mean(high < truth):.1f}"]
    now = 100 * np.mean((low <= truth) & (truth <= high))
    widths = [f"{np.mean(was_high - was_low):.3f}", f"{np.mean(high - low):.3f}"]
    return [*cells, f"{now:.1f}", *misses, *widths]


def measure(setting: str, num_worlds: int) -> list[list[object]]:
    """Return the rows of a setting."""
    drawn, run = SETTINGS[setting], LongRun()
    for seed in range(max(600, _LONG_RUN // drawn.mated)):
        run.add(draw_world(drawn, 10**6 + seed), seed)
    truth, threshold = run.truth()
    ends: dict[str, list[tuple[Ends, Ends]]] = defaultdict(list)
    for seed in range(num_worlds):
        world = draw_world(drawn, seed)
        for name, found in (search_figures(world, threshold, seed) | pair_figures(world)).items():
            ends[name].append(found)
    return [row(setting, name, truth[name], found) for name, found in ends.items()]


def measure_paired(num_worlds: int) -> list[list[object]]:
    """Return the rows of two models compared."""
    rows = []
    for case in PAIRED:
        count, level, gap, _ = case
        above, under = (ndtr((level + side * gap / 2) / 2.74**0.5) for side in (1, -1))
        ends = [paired_ends(case, seed) for seed in range(num_worlds)]
        name = f"{count} identities, A {above:.3f}, B {under:.3f}"
        rows.append(row(name, "difference", float(above - under), ends))
    return rows


def main() -> None:
    """Write the table, setting by setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--only", default="", help="part of the names of the settings to measure")
    args = parser.parse_args()
    columns = ["setting", "figure", "truth", "worlds", "withheld", "before", "now"]
    columns += ["low end too high", "high end too low", "width before", "width now"]
    with args.results.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        if args.only in "two models":
            writer.writerows(measure_paired(args.worlds))
            file.flush()
        for setting in (name for name in SETTINGS if args.only in name):
            started = time.perf_counter()
            writer.writerows(measure(setting, args.worlds))
            file.flush()
            print(f"{setting}: {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
