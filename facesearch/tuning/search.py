"""Who proposes the points: Optuna through Ray Tune's OptunaSearch, by define-by-run.

Define-by-run asks for a hole only when its branch was chosen, as a conditional space needs.
"""

from dataclasses import dataclass
from typing import Any

import optuna
from ray.tune.search.optuna import OptunaSearch

from facesearch.config import SearchConfig
from facesearch.space import SearchSpace


class _OptunaTrial:
    """Fill holes from an Optuna trial."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial = trial

    def number(self, name: str, low: float, high: float, *, is_log: bool, is_int: bool) -> Any:
        if is_int:
            return self.trial.suggest_int(name, int(low), int(high), log=is_log)
        return self.trial.suggest_float(name, low, high, log=is_log)

    def option(self, name: str, labels: list[Any]) -> Any:
        return self.trial.suggest_categorical(name, labels)


@dataclass(frozen=True)
class _Ask:
    """The define-by-run function; a class, as Ray pickles the searcher into its state."""

    space: SearchSpace

    def __call__(self, trial: optuna.Trial) -> None:
        self.space.fill(_OptunaTrial(trial))


def build_searcher(space: SearchSpace, search: SearchConfig) -> OptunaSearch:
    """Return the searcher of a space, seeded, which maximises ``score``."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    sampler: optuna.samplers.BaseSampler
    if search.sampler == "random":
        sampler = optuna.samplers.RandomSampler(seed=search.seed)
    else:
        sampler = optuna.samplers.TPESampler(seed=search.seed, n_startup_trials=8)
    return OptunaSearch(
        space=_Ask(space),
        metric="score",
        mode="max",
        sampler=sampler,
        points_to_evaluate=space.first_points() or None,
    )
