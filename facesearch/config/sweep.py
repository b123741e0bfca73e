"""What the sweep is: objective, budget, sampler, scheduler and resources. No holes in here."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from facesearch.config.part import Conflicts, Contradictions, Part, one_of, rule
from facesearch.errors import did_you_mean

OBJECTIVES = {
    "val/rank1": "nearest gallery face is the same person: strangers held out of training",
    "val/tar_at_far_1e-3": "pairs accepted where 1 in 1,000 impostors is: strangers",
    "val/top1": "further pictures of trained people given to the right one",
    "cost/gflops": "10^9 operations an image; minimised, whatever the sign of its weight",
    "cost/mparams": "10^6 parameters below the head; minimised, whatever the sign of its weight",
}
# Sets of a folder that a search must not look at.
REPORTING_SETS = ("dev", "test", "known", "unknown_dev", "unknown_test", "pairs", "final")
LIMITS = {
    "cost/gflops": "10^9 operations an image",
    "cost/mparams": "10^6 parameters below the head",
    "cost/latency_ms": "milliseconds for one image on this machine, measured",
}
SAMPLERS = {
    "tpe": "Optuna's TPE: good values from the better trials, for any space",
    "gp": "Optuna's Gaussian process, for few trials; holes inside options are drawn at random",
    "cmaes": "CMA-ES of the package cmaes, for many trials; options, and holes inside, at random",
    "nsga2": "Optuna's NSGA-II, for several objectives; holes inside options are drawn at random",
    "random": "each point by itself",
    "grid": "all options, and grid_levels values of each range, in order",
    "qmc": "Sobol's sequence: random, but even",
}
SCHEDULERS = {
    "asha": "stops what is not among the best 1/eta at a rung",
    "asha_promote": "pauses all at a rung, goes on with the best 1/eta",
    "hyperband": "asha from several first rungs at once",
    "median": "stops what is below the median of the others",
    "pbt": "population-based training: the worst go on from the best, with other rates",
    "one_epoch": "trains all for one epoch, and the best `keep` to the end",
    "none": "trains all to the end",
}
# What a network counts as whose cost is not known.
_BEYOND_ANY = 1e4
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def is_cost(metric: str) -> bool:
    """Whether less of a metric is better; of all others more is."""
    return metric.startswith("cost/")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class SchedulerConfig(Part):
    """Which trials are stopped early, and when."""

    type: Annotated[str, *one_of(SCHEDULERS)] = Field("asha", description="Who stops trials early.")
    grace_epochs: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        1, description="Epochs before a trial may be stopped; auto measures it in a pilot."
    )
    eta: int = Field(3, ge=2, le=10, description="One in eta trials goes on at each rung.")
    pilot_trials: int = Field(
        8, ge=4, description="Trials trained to the end to measure grace_epochs auto, a count."
    )
    keep: int = Field(3, ge=1, description="Trials that go on under one_epoch, a count.")
    interval_epochs: int = Field(
        3, ge=1, description="Epochs between two exchanges of pbt, a count."
    )

    @field_validator("grace_epochs", mode="before")
    @classmethod
    def _count_or_auto(cls, grace: Any) -> Any:
        if grace != "auto" and not (_is_number(grace) and isinstance(grace, int) and grace >= 1):
            raise ValueError("must be a whole number >= 1, or auto")
        return grace


class SearchConfig(Part):
    """What the sweep looks for, how, and for how long."""

    objective: str | list[str] | dict[str, float] = Field(
        "val/rank1",
        description="A metric; {metric: weight} for a weighted sum; [metric, ...] for a Pareto "
        "front. val/ is maximised, cost/ minimised; {cost/gflops: 0.1} and -0.1 are the same.",
    )
    trials: int = Field(16, ge=1, le=1_000_000, description="Trials to start, a count.")
    time_s: float | None = Field(None, gt=0, description="Wall-clock budget in seconds.")
    epochs: int | None = Field(None, ge=1, description="Epochs of all trials together, a count.")
    gpu_hours: float | None = Field(None, gt=0, description="GPU hours of all trials together.")
    patience_trials: int | None = Field(
        None, ge=1, description="Stop when the best has not improved for so many ended trials."
    )
    repeat_top: int = Field(
        0, ge=0, le=100,
        description="Best configs that are trained again when the search has ended, a count.",
    )  # fmt: skip
    repeat_seeds: int = Field(
        3, ge=2, le=100,
        description="Seeds of each of the repeat_top best, that of the search among them, a count.",
    )  # fmt: skip
    limits: dict[str, float] = Field(
        {}, description="Largest allowed cost, {cost/mparams: 2}: other points are not started."
    )
    sampler: Annotated[str, *one_of(SAMPLERS)] = Field(
        "tpe", description="Who proposes the next point."
    )
    grid_levels: int = Field(3, ge=2, le=100, description="Values of a range under grid, a count.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the sampler.")
    scheduler: SchedulerConfig = SchedulerConfig()
    first_points: list[dict[str, Any]] = Field(
        [], description="Points to try first: a hole's name to its value; the rest is drawn."
    )

    @field_validator("objective", mode="before")
    @classmethod
    def _shaped(cls, objective: Any) -> Any:
        # told here, as pydantic would tell what is wrong with each of the three shapes
        names = [objective] if isinstance(objective, str) else objective
        weights = objective.values() if isinstance(objective, dict) else ()
        if not (
            isinstance(names, (list, dict))
            and all(isinstance(name, str) for name in names)
            and all(_is_number(weight) for weight in weights)
        ):
            raise ValueError(
                "must be a metric, a list [metric, ...] or a weighted sum {metric: number, ...}"
            )
        infinite = [
            (name, f"must have a finite number as its weight, but got {weight}")
            for name, weight in zip(names, weights, strict=False)
            if isinstance(weight, float) and not math.isfinite(weight)
        ]
        if infinite:
            raise Contradictions(infinite)
        return objective

    @field_validator("objective")
    @classmethod
    def _known(cls, objective: str | list[str] | dict[str, float]) -> Any:
        names = [objective] if isinstance(objective, str) else list(objective)
        if not names:
            raise ValueError(f"needs at least one metric of {', '.join(OBJECTIVES)}")
        for name in names:
            if name.partition("/")[0] in REPORTING_SETS:
                raise ValueError(
                    f"'{name}' is of a set that finalize reports on; a search that looked at it "
                    "would make every report too good. Write val/rank1, val/tar_at_far_1e-3 or "
                    "val/top1: faces held out of the training ones"
                )
            if name not in OBJECTIVES:
                raise ValueError(f"unknown metric '{name}'{did_you_mean(name, OBJECTIVES)}")
        if not any(name.startswith("val/") for name in names):
            raise ValueError("cost alone has a trivial winner; add a val/ metric")
        if len(set(names)) < len(names):
            raise ValueError("names a metric twice")
        return objective

    @field_validator("objective")
    @classmethod
    def _directed(cls, objective: str | list[str] | dict[str, float]) -> Any:
        """Costs are minimised, however their weight is written; nothing else can be."""
        if not isinstance(objective, dict):
            return objective
        weights = objective.items()
        useless = [
            (n, "must have a weight that is not 0, or be left out") for n, w in weights if not w
        ]
        reversed_ = [
            (name, f"is maximised, so its weight must be > 0, but got {weight:g}; write "
             f"{-weight:g} (costs alone are minimised)")
            for name, weight in weights
            if weight < 0 and not is_cost(name)
        ]  # fmt: skip
        if useless or reversed_:
            raise Contradictions([*useless, *reversed_])
        return {name: -abs(weight) if is_cost(name) else weight for name, weight in weights}

    @field_validator("limits")
    @classmethod
    def _known_costs(cls, limits: dict[str, float]) -> dict[str, float]:
        unknown = [
            (name, f"is no cost that has a limit{did_you_mean(name, LIMITS).removesuffix('.')}")
            for name in limits
            if name not in LIMITS
        ]
        empty = [(n, f"must be > 0, but got {most:g}") for n, most in limits.items() if most <= 0]
        if unknown or empty:
            raise Contradictions([*unknown, *empty])
        return limits

    @rule
    def _one_score_to_repeat_by(self) -> Conflicts:
        if self.repeat_top and self.has_several:
            yield (
                "repeat_top",
                "ranks by the mean of one score; write an objective of one metric, or a weighted "
                "sum",
            )

    @rule
    def _a_config_to_repeat(self) -> Conflicts:
        if self.repeat_top and self.scheduler.type == "pbt":
            yield (
                "repeat_top",
                "a trial of pbt changes its config as it trains, so it cannot be repeated; write 0",
            )

    @property
    def objectives(self) -> list[str]:
        """The metrics that are looked at."""
        return [self.objective] if isinstance(self.objective, str) else list(self.objective)

    @property
    def has_several(self) -> bool:
        """Whether there is a Pareto front instead of one best trial."""
        return isinstance(self.objective, list) and len(self.objective) > 1

    @property
    def objective_words(self) -> str:
        """What is sought, such as ``1 x val/rank1 - 0.1 x cost/gflops``."""
        if not isinstance(self.objective, dict):
            return " and ".join(self.objectives)
        terms = [f"{'-' if w < 0 else '+'} {abs(w):g} x {n}" for n, w in self.objective.items()]
        return " ".join(terms).removeprefix("+ ")

    def least_scores(self, costs: dict[str, float]) -> list[float]:
        """Return the scores of a training that got everything wrong, from the network's cost.

        A failed trial gets them, so that no failure looks better than a success where a cost is
        part of the objective. A cost that is not known counts as beyond any network's.
        """
        worst = {name: _BEYOND_ANY if is_cost(name) else 0.0 for name in OBJECTIVES}
        return self.scores(worst | costs)

    def scores(self, metrics: dict[str, float]) -> list[float]:
        """Return the numbers that the sweep maximises, from one epoch's metrics.

        One number, or one for each metric of a list. Costs count with a minus in both: in a
        weighted sum the weight of a cost is below 0, however it was written.
        """
        if isinstance(self.objective, str):
            return [metrics[self.objective]]
        if isinstance(self.objective, list):
            return [-metrics[n] if is_cost(n) else metrics[n] for n in self.objective]
        return [sum(weight * metrics[name] for name, weight in self.objective.items())]


class ResourcesConfig(Part):
    """What one trial occupies."""

    cpus_per_trial: int = Field(1, ge=1, description="CPU cores (and threads) of a trial.")
    gpus_per_trial: float = Field(
        0.0, ge=0, description="GPUs of a trial; 0.5 = two trials share one, 0 = one if there."
    )
    stall_s: float = Field(
        1800.0, gt=0, description="Seconds without a finished epoch after which a trial hangs."
    )


class SweepSettings(Part):
    """The parts of a space file that are the sweep's own and can have no hole."""

    name: str = Field("sweep", pattern=NAME_PATTERN, description="Name of the sweep.")
    search: SearchConfig = SearchConfig()
    resources: ResourcesConfig = ResourcesConfig()
