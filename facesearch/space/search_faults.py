"""What the sweep's settings contradict: each other, the run that they schedule, or its holes.

Not here: what is wrong with a setting whatever the rest is (`config/sweep.py`).
"""

from collections.abc import Iterator
from typing import Any

from facesearch.config import SearchConfig
from facesearch.config.optim import TrainConfig
from facesearch.space.holes import may_change_in_training, walk_holes
from facesearch.space.search_space import SearchSpace

# Schedulers that wait for grace_epochs.
_GRACEFUL = ("asha", "asha_promote", "hyperband", "median")


def search_faults(space: SearchSpace) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for each contradiction of a space whose settings are right alone.

    A file without holes is one training, which no scheduler judges.
    """
    search, epochs = space.settings.search, _epochs(space.template)
    told = [*_sampler_faults(search)]
    if epochs is not None:
        told += _budget_faults(search, epochs)
    if space.holes():
        told += _count_faults(search)
    if space.holes() and epochs is not None:
        told += _epoch_faults(search, epochs)
    for field, message in told:
        path = ("search", *field.split("."))
        yield space.document.line(path), f"search.{field}: {message}."
    if search.scheduler.type == "pbt":
        yield from _fixed_holes(space)


def _epochs(template: dict[str, Any]) -> int | None:
    """Return the epochs of each training, or None where they are wrong, which is told already."""
    train = template.get("train", {})
    default = TrainConfig.model_fields["epochs"].default
    epochs = train.get("epochs", default) if isinstance(train, dict) else None
    return epochs if type(epochs) is int and epochs >= 1 else None


def _sampler_faults(search: SearchConfig) -> Iterator[tuple[str, str]]:
    if search.sampler == "cmaes" and search.has_several:
        yield (
            "sampler",
            f"cmaes maximises one number, but search.objective lists {len(search.objectives)}; "
            "write nsga2, tpe or gp, or a weighted sum as the objective",
        )


def _budget_faults(search: SearchConfig, epochs: int) -> Iterator[tuple[str, str]]:
    if search.epochs is not None and search.epochs < epochs:
        yield (
            "epochs",
            f"must be >= train.epochs ({epochs}), or no trial is trained to the end, but got "
            f"{search.epochs}; it is for all trials together",
        )


def _count_faults(search: SearchConfig) -> Iterator[tuple[str, str]]:
    """Yield what needs more trials than the sweep has."""
    scheduler, trials = search.scheduler, search.trials
    is_measured = scheduler.type in _GRACEFUL and scheduler.grace_epochs == "auto"
    if is_measured and scheduler.pilot_trials > trials:
        yield (
            "scheduler.pilot_trials",
            f"must be <= search.trials ({trials}), or grace_epochs auto is never measured, but "
            f"got {scheduler.pilot_trials}; write a smaller pilot (4 at least), or a number for "
            "grace_epochs",
        )
    if scheduler.type == "one_epoch" and scheduler.keep >= trials:
        yield (
            "scheduler.keep",
            f"must be < search.trials ({trials}), or no trial is stopped, but got "
            f"{scheduler.keep}; to train all to the end write type: none",
        )


def _epoch_faults(search: SearchConfig, epochs: int) -> Iterator[tuple[str, str]]:
    """Yield what comes after the last epoch of a training."""
    scheduler = search.scheduler
    if scheduler.grace_epochs != "auto" and scheduler.grace_epochs > epochs:
        yield (
            "scheduler.grace_epochs",
            f"must be <= train.epochs ({epochs}), but got {scheduler.grace_epochs}",
        )
    if scheduler.type == "pbt" and scheduler.interval_epochs >= epochs:
        yield (
            "scheduler.interval_epochs",
            f"must be < train.epochs ({epochs}), or pbt never exchanges anything, but got "
            f"{scheduler.interval_epochs}",
        )


def _fixed_holes(space: SearchSpace) -> Iterator[tuple[int, str]]:
    for hole, path in walk_holes(space.template, "", ()):
        if not may_change_in_training(hole.name):
            yield (
                space.document.line(path),
                f"{hole.name}: cannot be a distribution under scheduler pbt, which goes on from "
                "another trial's weights; pbt takes holes in optim, augment and the numbers of "
                "one head. Write one value here, or scheduler: {type: asha}.",
            )
