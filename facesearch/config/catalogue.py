"""Every name that a space file may hold, with a line each: `facesearch list` prints it.

A name is added to its table beside the config that takes it; this page only gathers the tables.
"""

from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from facesearch.config.augment import AugmentConfig
from facesearch.config.faces import LAYOUTS
from facesearch.config.heads import HEAD_CONFIGS
from facesearch.config.model import ACTIVATIONS, BLOCKS, NETWORKS, POOLINGS, STEMS
from facesearch.config.optim import LR_SCALINGS, OPTIMIZERS, SAMPLINGS, SCHEDULES
from facesearch.config.run import RunConfig
from facesearch.config.sweep import LIMITS, OBJECTIVES, SAMPLERS, SCHEDULERS, SweepSettings


def _fields(model: type[BaseModel]) -> dict[str, str]:
    return {name: field.description or "" for name, field in model.model_fields.items()}


def _heads() -> dict[str, str]:
    return {
        name: f"{(head.__doc__ or '').strip()} Memory: {head.memory}."
        for name, head in HEAD_CONFIGS.items()
    }


# Topic, then the field of a space file that takes the names, then the names.
CATALOGUE: dict[str, dict[str, Mapping[str, str]]] = {
    "models": {
        "model.network": NETWORKS,
        "model.block": BLOCKS,
        "model.stem": STEMS,
        "model.activation": ACTIVATIONS,
        "model.pooling": POOLINGS,
    },
    "heads": {"head.type": _heads()},
    "augmentations": {"augment": _fields(AugmentConfig)},
    "layouts": {"data.layout": LAYOUTS},
    "objectives": {"search.objective": OBJECTIVES, "search.limits": LIMITS},
    "search": {"search.sampler": SAMPLERS, "search.scheduler.type": SCHEDULERS},
    "training": {
        "optim.type": OPTIMIZERS,
        "optim.schedule": SCHEDULES,
        "optim.lr_scaling": LR_SCALINGS,
        "train.sampling": SAMPLINGS,
    },
}
# The parts of a space file, and what each head may have.
PARTS: dict[str, type[BaseModel]] = {
    **{
        name: part
        for model in (RunConfig, SweepSettings)
        for name, field in model.model_fields.items()
        if isinstance(part := field.annotation, type) and issubclass(part, BaseModel)
    },
    **HEAD_CONFIGS,
}


def settings_of(part: str) -> dict[str, str]:
    """Return the settings of a name in `PARTS`, each with its sentence and its default."""
    lines = {}
    for name, field in PARTS[part].model_fields.items():
        if field.description:
            default = "none" if field.default is None else field.default
            is_needed = field.default is PydanticUndefined
            lines[name] = field.description + ("" if is_needed else f" Default: {default}.")
    return lines


NOTES = {
    "heads": "Memory of a batch in 4-byte numbers: N identities, B faces, K centres. On top come "
    "the\n  weights (pairs: means), N times the embedding's length, with gradient and momentum.",
}
