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
    """A parameter's share of what decides above what chance gives, and its 95 % interval."""

    name: str
    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval is above zero: the parameter has decided."""
        return self.low > 0


def importances(source: SweepSource, *, draws: int = _DRAWS, seed: int = 0) -> list[Importance]:
    """Return the parameters by their importance, the greatest first; none for too few trials.

    Trials are ordered as the sweep orders them: by the epochs that they were let to train, then by
    score; what failed comes last. So trials of unequal length can be compared. Importance is how
    the values of the best fifth differ from those of all (PED-ANOVA), as a share of the sum. That
    is never below 0, and the few best of few trials always differ somehow: so in each draw of a
    bootstrap over trials the same is computed with the order of these very trials shuffled, and
    taken off. The mean and the percentiles of what is left are the value and its interval.

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
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        rows = np.sort(rng.integers(0, len(ordered), len(ordered)))
        study, places = _study([known[row] for row in rows]), rows.astype(np.float64)
        own, chance = _evaluate(study, places), _evaluate(study, rng.permutation(places))
        total = sum(own.values()) or 1.0
        drawn.append({name: (own[name] - chance.get(name, 0.0)) / total for name in own})
    found = [_summed_up(hole.name, drawn) for hole in source.holes]
    return sorted(found, key=lambda one: -one.value)


def _summed_up(name: str, drawn: Sequence[Shares]) -> Importance:
    values = [each.get(name, 0.0) for each in drawn]
    low, high = np.percentile(values, [2.5, 97.5])
    return Importance(name, float(np.mean(values)), float(low), float(high))


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
