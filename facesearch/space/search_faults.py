"""What the sweep's settings contradict: each other, the run that they schedule, or its holes.

Not here: what is wrong with a setting whatever the rest is (`config/sweep.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from facesearch.config.optim import TrainConfig
from facesearch.config.seen import NotKnown
from facesearch.space.holes import may_change_in_training, walk_holes
from facesearch.yaml_text import Document, Path_

Found = TypeVar("Found")
# Schedulers that wait for grace_epochs.
_GRACEFUL = ("asha", "asha_promote", "hyperband", "median")


def search_faults(
    document: Document, search: Any, template: Mapping[str, Any]
) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for each contradiction between settings that are right alone.

    A file without holes is one training, which no scheduler judges. A check that reads what is
    wrong by itself says nothing.

    Args:
        document: The file.
        search: The settings of the search, or what is known of them.
        template: The run's template; its holes can be filled.

    """
    epochs, has_holes = _epochs(template), any(walk_holes(template, "", ()))
    checks = [_sampler_faults(search)]
    if epochs is not None:
        checks.append(_budget_faults(search, epochs))
    if has_holes:
        checks += _pilot_faults(search), _kept_faults(search)
    if has_holes and epochs is not None:
        checks += _grace_faults(search, epochs), _exchange_faults(search, epochs)
    for field, message in told(checks):
        path = ("search", *field.split("."))
        yield document.line(path), f"search.{field}: {message}."
    for place, message in told([_fixed_holes(search, template)]):
        yield document.line(place), message


def told(checks: Iterable[Iterator[Found]]) -> Iterator[Found]:
    """Yield what each check yields until it reads what is not known."""
    for check in checks:
        with suppress(NotKnown):
            yield from check


def _epochs(template: Mapping[str, Any]) -> int | None:
    """Return the epochs of each training, or None where they are wrong, which is told already."""
    train = template.get("train", {})
    default = TrainConfig.model_fields["epochs"].default
    epochs = train.get("epochs", default) if isinstance(train, dict) else None
    return epochs if type(epochs) is int and epochs >= 1 else None


def _sampler_faults(search: Any) -> Iterator[tuple[str, str]]:
    if search.sampler == "cmaes" and search.has_several:
        yield (
            "sampler",
            f"cmaes maximises one number, but search.objective lists {len(search.objectives)}; "
            "write nsga2, tpe or gp, or a weighted sum as the objective",
        )


def _budget_faults(search: Any, epochs: int) -> Iterator[tuple[str, str]]:
    if search.epochs is not None and search.epochs < epochs:
        yield (
            "epochs",
            f"must be >= train.epochs ({epochs}), or no trial is trained to the end, but got "
            f"{search.epochs}; it is for all trials together",
        )


def _pilot_faults(search: Any) -> Iterator[tuple[str, str]]:
    scheduler, trials = search.scheduler, search.trials
    is_measured = scheduler.type in _GRACEFUL and scheduler.grace_epochs == "auto"
    if is_measured and scheduler.pilot_trials > trials:
        yield (
            "scheduler.pilot_trials",
            f"must be <= search.trials ({trials}), or grace_epochs auto is never measured, but "
            f"got {scheduler.pilot_trials}; write a smaller pilot (4 at least), or a number for "
            "grace_epochs",
        )


def _kept_faults(search: Any) -> Iterator[tuple[str, str]]:
    scheduler, trials = search.scheduler, search.trials
    if scheduler.type == "one_epoch" and scheduler.keep >= trials:
        yield (
            "scheduler.keep",
            f"must be < search.trials ({trials}), or no trial is stopped, but got "
            f"{scheduler.keep}; to train all to the end write type: none",
        )


def _grace_faults(search: Any, epochs: int) -> Iterator[tuple[str, str]]:
    scheduler = search.scheduler
    if scheduler.grace_epochs != "auto" and scheduler.grace_epochs > epochs:
        yield (
            "scheduler.grace_epochs",
            f"must be <= train.epochs ({epochs}), but got {scheduler.grace_epochs}",
        )


def _exchange_faults(search: Any, epochs: int) -> Iterator[tuple[str, str]]:
    scheduler = search.scheduler
    if scheduler.type == "pbt" and scheduler.interval_epochs >= epochs:
        yield (
            "scheduler.interval_epochs",
            f"must be < train.epochs ({epochs}), or pbt never exchanges anything, but got "
            f"{scheduler.interval_epochs}",
        )


def _fixed_holes(search: Any, template: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    if search.scheduler.type != "pbt":
        return
    for hole, path in walk_holes(template, "", ()):
        if not may_change_in_training(hole.name):
            yield (
                path,
                f"{hole.name}: cannot be a distribution under scheduler pbt, which goes on from "
                "another trial's weights; pbt takes holes in optim, augment and the numbers of "
                "one head. Write one value here, or scheduler: {type: asha}.",
            )
