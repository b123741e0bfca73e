"""How much each parameter decides who is among the best trials, with intervals."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial, create_trial

from facesearch.report.sweep_source import SweepSource
from facesearch.tuning.records import TrialRecord
from facesearch.tuning.samplers import distribution_of

# Below this many trials the best fifth is three of them or fewer, and says nothing.
LEAST_TRIALS = 20
_DRAWS = 100
Shares = dict[str, float]
optuna.logging.set_verbosity(optuna.logging.WARNING)  # it tells of each of the many studies
_BEST = 0.2


@dataclass(frozen=True)
class Importance:
    """A parameter's share of what decides, its 95 % interval, and what chance reaches in 95 %."""

    name: str
    value: float
    low: float
    high: float
    chance: float

    @property
    def is_told_from_chance(self) -> bool:
        """Whether so much would hardly come about if the parameter decided nothing."""
        return self.value > self.chance


def importances(source: SweepSource, *, draws: int = _DRAWS, seed: int = 0) -> list[Importance]:
    """Return the parameters by their importance, the greatest first; none for too few trials.

    Trials are ordered as the sweep orders them: by the epochs that they were let to train, then by
    score; what failed comes last. So trials of unequal length can be compared. Importance is how
    the values of the best fifth differ from those of all (PED-ANOVA), as a share of the sum; the
    interval is a percentile bootstrap over trials. It is never below 0, so beside it stands what
    the same computation gives when the order of the trials is shuffled.

    Args:
        source: The sweep.
        draws: Of the bootstrap.
        seed: Of the bootstrap.

    Source:
        Watanabe et al. 2023 (arXiv:2304.10255); conditional parameters: arXiv:2601.20800.

    """
    ordered = [*source.scored(), *source.failed()]
    if len(ordered) < LEAST_TRIALS or not source.holes:
        return []
    known = [_as_optuna(source, trial) for trial in ordered]
    places = np.arange(len(ordered), dtype=np.float64)
    study = _study(known)
    whole = _evaluate(study, places)
    rng = np.random.default_rng(seed)
    drawn, shuffled = [], []
    for _ in range(draws):
        rows = np.sort(rng.integers(0, len(ordered), len(ordered)))
        drawn.append(_evaluate(_study([known[row] for row in rows]), places[rows]))
        shuffled.append(_evaluate(study, rng.permutation(places)))
    found = [_summed_up(hole.name, whole, drawn, shuffled) for hole in source.holes]
    return sorted(found, key=lambda one: -one.value)


def _summed_up(
    name: str, whole: Shares, drawn: Sequence[Shares], shuffled: Sequence[Shares]
) -> Importance:
    """Return a parameter's share, its interval, and what a shuffled order gives."""
    total = sum(whole.values()) or 1.0
    values = [each.get(name, 0.0) / (sum(each.values()) or 1.0) for each in drawn]
    chance = [each.get(name, 0.0) / total for each in shuffled]
    low, high = np.percentile(values, [2.5, 97.5])
    limit = float(np.percentile(chance, 95))
    return Importance(name, whole.get(name, 0.0) / total, float(low), float(high), limit)


def _as_optuna(source: SweepSource, trial: TrialRecord) -> FrozenTrial:
    holes = {hole.name: hole for hole in source.holes}
    params = {name: value for name, value in trial.point.items() if name in holes}
    distributions = {name: distribution_of(holes[name]) for name in params}
    return create_trial(params=params, distributions=distributions, value=0.0)


def _study(trials: Sequence[FrozenTrial]) -> optuna.Study:
    study = optuna.create_study()
    study.add_trials(trials)
    return study


def _evaluate(study: optuna.Study, places: np.ndarray) -> Shares:
    """Return each parameter's importance for a low place, the study's trials in their order."""
    with warnings.catch_warnings():
        # that it is experimental, and that a low target is good: it is
        warnings.simplefilter("ignore")
        found = optuna.importance.get_param_importances(
            study,
            evaluator=PedAnovaImportanceEvaluator(target_quantile=_BEST),
            target=lambda trial: float(places[trial.number]),
            normalize=False,
        )
    return {name: float(share) for name, share in found.items()}
