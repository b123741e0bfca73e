"""Who fills the holes of a draw, by the name of the sampler, from what is known.

Each is a function of the past and of the number of the draw alone, so that a sampler is there again
after a crash as soon as the past is. Optuna therefore gets a new study and a new sampler for every
draw, which takes milliseconds beside trainings of minutes.
"""

import math
import random
import warnings
from collections.abc import Callable
from typing import Any

import cmaes
import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import qmc

from facesearch.space.fillers import (
    Dice,
    Prefer,
    Quantiles,
    Replay,
    combination,
    count_combinations,
    quantile,
)
from facesearch.space.holes import Hole, Suggest
from facesearch.tuning.past import Past, Told
from facesearch.tuning.ranking import ranked
from facesearch.tuning.records import TrialRecord

# Points of which something is known before a sampler goes by it.
_STARTUP = 8
# NSGA-II: at most as many parents as Optuna's population has.
_MOST_PARENTS = 50
# CMA-ES: Optuna's first step, as a part of the range.
_FIRST_STEP = 1 / 6


def dice(past: Past, draw: int) -> Suggest:
    """Return independent random numbers."""
    return Dice(random.Random(f"{past.search.seed} {draw}"))


def sobol(past: Past, draw: int) -> Suggest:
    """Return the next point of Sobol's sequence over all holes, the conditional ones too."""
    place = draw - len(past.first)
    if place < 0 or not past.holes:
        return dice(past, draw)
    sequence = qmc.Sobol(len(past.holes), scramble=True, rng=past.search.seed)
    if place:
        sequence.fast_forward(place)
    values = sequence.random()[0]
    return Quantiles(dict(zip([hole.name for hole in past.holes], values, strict=True)))


def grid(past: Past, draw: int) -> Suggest | None:
    """Return the next combination, or None after the last."""
    place, levels = draw - len(past.first), past.search.grid_levels
    if place < 0:
        return dice(past, draw)
    if place >= count_combinations(past.holes, levels):
        return None
    return Replay(combination(past.holes, levels, place))


def cma(past: Past, draw: int) -> Suggest:
    """Return a draw of CMA-ES for the numbers that every point has, dice for the rest.

    The search distribution is fitted anew from all generations. A generation are the next known
    points in the order in which they became known; with several workers, some of them were drawn
    from an older distribution. It starts at the best point of another sweep, or in the middle.
    Points rank as their trials do (`ranking.py`), failures below all successes, and refused points
    below those, by their excess.

    Source:
        Hansen 2016, The CMA Evolution Strategy: A Tutorial (arXiv:1604.00772).

    """
    holes = [hole for hole in past.holes if hole.kind != "choice" and not hole.under]
    if not holes:
        return dice(past, draw)
    places = {id(trial): place for place, trial in enumerate(ranked(_trials(past)))}

    def unit(told: Told) -> np.ndarray:
        return np.array([quantile(hole, told.point[hole.name]) for hole in holes])

    def loss(told: Told) -> float:
        is_sound = told.scores is not None
        place = places.get(id(told.trial), len(places)) if is_sound else len(places)
        return place + sum(told.excess.values())

    bounds = np.array([[0.0, 1.0]] * len(holes))
    mean = unit(min(past.learned, key=loss)) if past.learned else bounds.mean(axis=1)
    optimizer = cmaes.CMA(mean, _FIRST_STEP, bounds)
    size, known = optimizer.population_size, past.known()
    for end in range(size, len(known) + 1, size):
        optimizer.tell([(unit(told), loss(told)) for told in known[end - size : end]])
    optimizer.reseed_rng(_seed(past, draw))
    values = Quantiles(dict(zip([hole.name for hole in holes], optimizer.ask(), strict=True)))
    return Prefer({hole.name: _fill(hole, values) for hole in holes}, dice(past, draw))


def _trials(past: Past) -> list[TrialRecord]:
    return [told.trial for told in past.all() if told.trial is not None]


def _fill(hole: Hole, suggest: Suggest) -> Any:
    low, high = hole.values
    is_int = hole.kind.endswith("int")
    return suggest.number(hole.name, low, high, is_log=hole.is_log, is_int=is_int)


def ask_optuna(past: Past, draw: int) -> Suggest:
    """Return a new trial of a new Optuna study that knows the past."""
    study = optuna.create_study(
        directions=["maximize"] * past.num_objectives, sampler=_optuna_sampler(past, draw)
    )
    translate = _Translation(past)
    study.add_trials([frozen for told in past.all() if (frozen := translate(told))])
    return _OptunaTrial(study.ask())


def _seed(past: Past, draw: int) -> int:
    return int(np.random.SeedSequence([past.search.seed, draw]).generate_state(1)[0])


def _optuna_sampler(past: Past, draw: int) -> BaseSampler:
    seed = _seed(past, draw)
    if past.search.sampler == "gp":
        return GPSampler(seed=seed, n_startup_trials=_STARTUP, warn_independent_sampling=False)
    if past.search.sampler == "nsga2":
        quarter = sum(told.is_known for told in past.all()) // 4
        return _Nsga(population_size=min(max(_STARTUP, quarter), _MOST_PARENTS), seed=seed)
    # failures that are told as under way do not count there
    unseen = sum(told.has_failed for told in past.all()) if _has_few_scores(past) else 0
    with warnings.catch_warnings():
        # without groups the holes of an option are drawn each by itself
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(
            seed=seed,
            n_startup_trials=max(1, _STARTUP - unseen),
            multivariate=True,
            group=any(hole.under for hole in past.holes),
        )


def _has_few_scores(past: Past) -> bool:
    """Whether TPE would take failures for good points: those are the best tenth of all."""
    known = [told for told in past.all() if told.is_known]
    return sum(told.scores is not None for told in known) < math.ceil(len(known) / 10)


class _Nsga(NSGAIISampler):
    """NSGA-II whose parents are the best of all points so far, not of the last generation.

    A steady state needs no generation beside each point, and learns at once in small sweeps.

    Source:
        Durillo et al. 2009, On the Effect of the Steady-State Selection Scheme in
        Multi-Objective Genetic Algorithms (EMO 2009).
    """

    def get_trial_generation(self, study: optuna.Study, trial: FrozenTrial) -> int:
        """Return 0 for the first random points, then 1."""
        return int(len(self.get_population(study, 0)) >= (self.population_size or 0))

    def get_population(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        """Return all points whose scores are known."""
        return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


class _Translation:
    """From what was told to Optuna's words."""

    def __init__(self, past: Past) -> None:
        self.is_tpe = past.search.sampler == "tpe"
        self.has_pruned = self.is_tpe and past.num_objectives == 1
        self.has_few_scores = _has_few_scores(past)
        self.distributions = {hole.name: distribution_of(hole) for hole in past.holes}
        self.penalty, self.typical_excess = past.penalty(), past.typical_excess()

    def __call__(self, told: Told) -> FrozenTrial | None:
        """Return what Optuna is told of a point; None if it was killed in its first epoch.

        To TPE a failure is pruned without a score, which ranks below all that have one. Where even
        so it would be among the good ones it is under way for ever, as TPE keeps away from that.
        The other samplers take the last score of a training for its final one.
        """
        if told.is_under_way or (self.is_tpe and told.has_failed and self.has_few_scores):
            return self._create(told, TrialState.RUNNING)
        if not told.is_known:
            return None
        if self.is_tpe and told.has_failed:
            return self._create(told, TrialState.PRUNED)
        is_cut = told.scores is not None and told.trial and told.trial.outcome != "completed"
        if self.has_pruned and is_cut:
            values = {epoch: scores[0] for epoch, scores in told.finite.items()}
            return self._create(told, TrialState.PRUNED, intermediate_values=values)
        return self._create(told, TrialState.COMPLETE, values=told.scores or self.penalty)

    def _create(self, told: Told, state: TrialState, **more: Any) -> FrozenTrial:
        return optuna.create_trial(
            state=state,
            params=told.point,
            distributions={name: self.distributions[name] for name in told.point},
            constraints=self._constraints(told),
            **more,
        )

    def _constraints(self, told: Told) -> dict[str, float]:
        """Return how far a point is beyond each limit by which points were refused.

        How far the others are below is not known. They count as far below as the refused ones are
        beyond on average, so that the boundary lies between the two.
        """
        return {name: told.excess.get(name, -mean) for name, mean in self.typical_excess.items()}


def distribution_of(hole: Hole) -> BaseDistribution:
    """Return a hole as Optuna knows it."""
    if hole.kind == "choice":
        return CategoricalDistribution(hole.values)
    low, high = hole.values
    if hole.kind.endswith("int"):
        return IntDistribution(low, high, log=hole.is_log)
    return FloatDistribution(low, high, log=hole.is_log)


class _OptunaTrial:
    """Fills holes from an Optuna trial, which is asked only for those whose branch was chosen."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial = trial

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        """Return a number in [low, high]."""
        if is_int:
            return self.trial.suggest_int(name, int(low), int(high), log=is_log)
        return self.trial.suggest_float(name, low, high, log=is_log)

    def option(self, name: str, labels: list[Any]) -> Any:
        """Return one of ``labels``."""
        return self.trial.suggest_categorical(name, labels)


SOURCES: dict[str, Callable[[Past, int], Suggest | None]] = {
    "tpe": ask_optuna, "gp": ask_optuna, "nsga2": ask_optuna, "cmaes": cma,
    "random": dice, "qmc": sobol, "grid": grid,
}  # fmt: skip
