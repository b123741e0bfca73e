"""Every name that a space file may hold, with a line each: `facesearch list` prints it."""

from collections.abc import Mapping

from pydantic import BaseModel

from facesearch.config.augment import AugmentConfig
from facesearch.config.faces import LAYOUTS
from facesearch.config.heads import HEAD_CONFIGS
from facesearch.config.model import ACTIVATIONS, BLOCKS, NETWORKS, POOLINGS, STEMS
from facesearch.config.optim import LR_SCALINGS, OPTIMIZERS, SAMPLINGS, SCHEDULES
from facesearch.config.sweep import OBJECTIVES


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
    "objectives": {"search.objective": OBJECTIVES},
    "training": {
        "optim.type": OPTIMIZERS,
        "optim.schedule": SCHEDULES,
        "optim.lr_scaling": LR_SCALINGS,
        "train.sampling": SAMPLINGS,
    },
}
NOTES = {
    "heads": "Memory in 4-byte numbers: N identities, D embedding, B faces of a step, K centres.",
}
