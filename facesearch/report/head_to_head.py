"""Two trials of a sweep against each other: the lead of one, and how far it may be off."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from facesearch.report.sweep_source import SweepSource
from facesearch.tuning.records import SweepRecord, TrialRecord

# Only this objective is a ratio of hits, which the ledger has for each identity.
_OF_HITS = "val/rank1"


@dataclass(frozen=True)
class Lead:
    """By how much one trial is ahead of another, and its 95 % interval.

    Args:
        value: Difference of the scores, of the means where there are several seeds.
        low: NaN where nothing is known of how far it may be off.
        high: As low.
        seeds: How many of either were trained to the end; one each: the interval knows nothing of
            what another seed would change.
        num_identities: Held-out identities that the interval counts on; 0 where it knows nothing of
            them.
        num_probes: Images of these that were looked for.

    """

    value: float
    low: float = math.nan
    high: float = math.nan
    seeds: tuple[int, int] = (1, 1)
    num_identities: int = 0
    num_probes: int = 0

    @property
    def has_interval(self) -> bool:
        """Whether anything is known of how far it may be off."""
        return not math.isnan(self.low)

    @property
    def is_repeated(self) -> bool:
        """Whether both were trained with several seeds."""
        return min(self.seeds) > 1

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


def lead_of(source: SweepSource, first: TrialRecord, second: TrialRecord) -> Lead:
    """Compare two trials of a sweep, over held-out identities and over seeds as far as known.

    The variance of the difference is that over identities, of the mean over seeds, plus that of a
    seed divided by the number of seeds; the latter is pooled over all configs that were repeated,
    as two or three seeds alone say little of it. The interval is Student's with Welch and
    Satterthwaite's degrees of freedom, which few seeds make wide, as they should. What a seed does
    to single identities is in both parts, so it is rather too wide than too narrow.

    Args:
        source: The sweep.
        first: Whose lead it is.
        second: The other.

    Source:
        A ratio's variance over clusters: Cochran 1977, Sampling Techniques, sec. 6.4. Degrees of
        freedom: Satterthwaite 1946 (doi:10.2307/3002019).

    """
    scores = [source.sweep.scores_of(trial) for trial in (first, second)]
    value = float(np.mean(scores[0])) - float(np.mean(scores[1]))
    seeds = len(scores[0]), len(scores[1])
    parts: list[tuple[float, float]] = []  # a variance, and its degrees of freedom
    hits = [_mean_hits(source, trial) for trial in (first, second)]
    probes = _probes(first, second) if source.space.settings.search.objective == _OF_HITS else None
    if probes is not None and hits[0] is not None and hits[1] is not None:
        parts.append(_over_identities(hits[0] - hits[1], probes))
    if min(seeds) > 1:
        variance, freedom = _of_a_seed(source.sweep)
        parts.append((variance * (1 / seeds[0] + 1 / seeds[1]), freedom))
    if not parts:
        return Lead(value, seeds=seeds)
    half = _half_width(parts)
    count = (0, 0) if probes is None else (int((probes > 0).sum()), int(probes.sum()))
    return Lead(value, value - half, value + half, seeds, *count)


def _half_width(parts: Sequence[tuple[float, float]]) -> float:
    total = sum(variance for variance, _ in parts)
    if not total:
        return 0.0
    freedom = total**2 / sum(variance**2 / freedom for variance, freedom in parts)
    return float(student.ppf(0.975, freedom)) * math.sqrt(total)


def _over_identities(change: np.ndarray, probes: np.ndarray) -> tuple[float, float]:
    """Return the variance of the difference over identities, and its degrees of freedom."""
    change, probes = change[probes > 0], probes[probes > 0]
    count, total = len(probes), probes.sum()
    strayed = change - probes * (change.sum() / total)
    return float(count / (count - 1) * (strayed**2).sum() / total**2), count - 1


def _of_a_seed(sweep: SweepRecord) -> tuple[float, float]:
    """Return the variance of a score from seed to seed, and its degrees of freedom."""
    repeated = [sweep.trials[number] for number in sweep.repeats()]
    groups = [scores for t in repeated if len(scores := sweep.scores_of(t)) > 1]
    freedom = sum(len(scores) - 1 for scores in groups)
    squares = sum((len(scores) - 1) * np.var(scores, ddof=1) for scores in groups)
    return float(squares / freedom), freedom


def _probes(first: TrialRecord, second: TrialRecord) -> np.ndarray | None:
    if first.hits is None or second.hits is None or first.hits[1] != second.hits[1]:
        return None
    probes = np.array(first.hits[1])
    return probes if (probes > 0).sum() > 1 else None


def _mean_hits(source: SweepSource, trial: TrialRecord) -> np.ndarray | None:
    """Return the mean over the seeds of an identity's hits [N]."""
    again = source.sweep.repeats().get(trial.number, [])
    whole = [trial, *(t for t in again if t.outcome == "completed")]
    rows = [t.hits[0] for t in whole if t.hits is not None]
    return np.mean(rows, axis=0) if len(rows) == len(whole) else None
