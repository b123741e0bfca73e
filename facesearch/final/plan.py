"""What is to be trained: from a trial's config to the stages of each member.

A member is one network; it is trained in one stage, or in two: a long one, then a short fine-tuning
with larger pictures and a larger margin. Members differ by their seed.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from facesearch.config import HeadConfig, RunConfig, as_plain, placeless
from facesearch.config.heads import margins_of
from facesearch.errors import InputError
from facesearch.space.messages import refusals

_FORMAT = 1


@dataclass(frozen=True)
class FineTune:
    """The short second stage.

    Args:
        epochs: Its length.
        image_px: Side of its pictures; None: as before.
        margin_factor: Factor on every margin of the head; a head without one stays as it is.
        lr_factor: Factor on the peak rate.

    """

    epochs: int
    image_px: int | None = None
    margin_factor: float = 1.0
    lr_factor: float = 0.2


@dataclass(frozen=True)
class Plan:
    """What the final training does otherwise than the trial; None: as the trial did it.

    Args:
        seeds: Members, a count: the trial's seed and those after it.
        epochs: Length of the first stage.
        image_px: Side of its pictures.
        ema_decay: Part of the averaged weights that is kept at a step.
        fine_tune: A second stage.
        workers: Processes that share each batch, a count; more than one need Ray.

    """

    seeds: int = 1
    epochs: int | None = None
    image_px: int | None = None
    ema_decay: float | None = None
    fine_tune: FineTune | None = None
    workers: int = 1


Stages = tuple[RunConfig, ...]


def member_stages(config: RunConfig, plan: Plan) -> list[Stages]:
    """Return the stages of each member: one tuple a seed.

    Raises:
        InputError: If a changed field does not fit the others.

    """
    first = _changed(
        config,
        {
            "train.epochs": plan.epochs,
            "data.image_px": plan.image_px,
            "optim.ema_decay": plan.ema_decay,
        },
    )
    members = []
    for seed in range(plan.seeds):
        of_seed = _changed(first, {"train.seed": (config.train.seed + seed) % 2**32})
        members.append(tuple([of_seed, *_second(of_seed, plan.fine_tune)]))
    return members


def in_words(members: Sequence[Stages]) -> str:
    """Return what is trained of one trial, such as "3 networks, 60 epochs at 64 px"."""
    count = len(members)
    stages = [
        f"{config.train.epochs} epoch{'s' if config.train.epochs > 1 else ''} at "
        f"{config.data.image_px} px{_margins_in_words(members[0][0], config)}"
        for config in members[0]
    ]
    return f"{count} network{'s' if count > 1 else ''}, {', then '.join(stages)}"


def _margins_in_words(first: RunConfig, config: RunConfig) -> str:
    """Return the margins of a stage that are not those of the first."""
    before, now = as_plain(first.head), as_plain(config.head)
    changed = [f"{name} {now[name]:.3g}" for name in now if now[name] != before[name]]
    return f" with {' and '.join(changed)}" if changed else ""


def _second(config: RunConfig, fine_tune: FineTune | None) -> Stages:
    if fine_tune is None:
        return ()
    return (
        _changed(
            config,
            {
                "train.epochs": fine_tune.epochs,
                "data.image_px": fine_tune.image_px,
                "optim.lr": config.optim.lr * fine_tune.lr_factor,
                "optim.schedule": "cosine",
                **_margins(config.head, fine_tune.margin_factor),
            },
        ),
    )


def _margins(head: HeadConfig, factor: float) -> dict[str, float]:
    """Return the margins of a head, each times ``factor``, by their dotted names."""
    if factor == 1:
        return {}
    return {f"head.{name}": getattr(head, name) * factor for name in margins_of(type(head))}


def _changed(config: RunConfig, changes: dict[str, Any]) -> RunConfig:
    """Return the config with some leaves changed, checked as a whole; None changes nothing."""
    plain = as_plain(config)
    for name, value in changes.items():
        if value is not None:
            part, leaf = name.split(".")
            plain[part][leaf] = value
    told = [refused.sentence for refused in refusals(RunConfig, plain)]
    if told:
        raise InputError(f"finalize: {' '.join(told)}")
    return RunConfig.model_validate(plain)


def member_key(stages: Stages, fingerprint: str, workers: int = 1) -> str:
    """Return the name of a member: of the same name, the same training on the same faces."""
    plain = [placeless(as_plain(stage)) for stage in stages]
    text = json.dumps([_FORMAT, plain, fingerprint, workers], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
