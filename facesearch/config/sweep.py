"""What the sweep is: objective, budget, sampler, scheduler and resources. No holes in here."""

from typing import Any, Literal

from pydantic import Field, field_validator

from facesearch.config.part import Part
from facesearch.errors import did_you_mean

OBJECTIVES = {
    "val/rank1": "nearest gallery face is the same person: strangers held out of training",
    "val/tar_at_far_1e-3": "pairs accepted where 1 in 1,000 impostors is: strangers",
    "val/top1": "further pictures of trained people given to the right one",
    "cost/gflops": "10^9 operations an image; in a weighted sum, with a negative weight",
    "cost/mparams": "10^6 parameters below the head; in a weighted sum, with a negative weight",
}
_BEYOND_ANY = 1e4
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class SchedulerConfig(Part):
    """Which trials are stopped early."""

    type: Literal["asha", "none"] = Field("asha", description="none trains all to the end.")
    grace_epochs: int = Field(1, ge=1, description="Epochs before a trial may be stopped.")
    eta: int = Field(3, ge=2, le=10, description="One in eta trials goes on at each rung.")


class SearchConfig(Part):
    """What the sweep looks for, how, and for how long."""

    objective: str | dict[str, float] = Field(
        "val/rank1", description="A metric to maximise, or {metric: weight} for a weighted sum."
    )
    trials: int = Field(16, ge=1, le=1_000_000, description="Trials to start, a count.")
    time_s: float | None = Field(None, gt=0, description="Wall-clock budget in seconds.")
    sampler: Literal["tpe", "random"] = Field("tpe", description="Who proposes the next point.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the sampler.")
    scheduler: SchedulerConfig = SchedulerConfig()
    first_points: list[dict[str, Any]] = Field(
        [], description="Points to try first: a hole's name to its value; the rest is drawn."
    )

    @field_validator("objective")
    @classmethod
    def _known(cls, objective: str | dict[str, float]) -> str | dict[str, float]:
        names = [objective] if isinstance(objective, str) else list(objective)
        if not names:
            raise ValueError(f"needs at least one metric of {', '.join(OBJECTIVES)}")
        for name in names:
            if name not in OBJECTIVES:
                raise ValueError(f"unknown metric '{name}'{did_you_mean(name, OBJECTIVES)}")
        if not any(name.startswith("val/") for name in names):
            raise ValueError("cost alone has a trivial winner; add a val/ metric")
        return objective

    def least_score(self, costs: dict[str, float]) -> float:
        """Return the score of a training that got everything wrong, from the network's cost.

        A failed trial gets it, so that no failure looks better than a success where a cost is part
        of the objective. A cost that is not known counts as beyond any network's.
        """
        worst = {name: _BEYOND_ANY if name.startswith("cost/") else 0.0 for name in OBJECTIVES}
        return self.score(worst | costs)

    def score(self, metrics: dict[str, float]) -> float:
        """Return the number that the sweep maximises, from one epoch's metrics."""
        if isinstance(self.objective, str):
            return metrics[self.objective]
        return sum(weight * metrics[name] for name, weight in self.objective.items())


class ResourcesConfig(Part):
    """What one trial occupies."""

    cpus_per_trial: int = Field(1, ge=1, description="CPU cores (and threads) of a trial.")
    gpus_per_trial: float = Field(
        0.0, ge=0, description="GPUs of a trial; 0.5 = two trials share one, 0 = one if there."
    )


class SweepSettings(Part):
    """The parts of a space file that are the sweep's own and can have no hole."""

    name: str = Field("sweep", pattern=NAME_PATTERN, description="Name of the sweep.")
    search: SearchConfig = SearchConfig()
    resources: ResourcesConfig = ResourcesConfig()
