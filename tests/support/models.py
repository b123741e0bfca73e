"""Small models that nobody has trained."""

from typing import Any

import torch

from facesearch.config import RunConfig
from facesearch.final.model import FaceModel, build_member

CONFIG: dict[str, Any] = {
    "data": {"image_px": 16, "synthetic": {"num_identities": 8, "faces_per_identity": 6}},
    "model": {"num_stages": 2, "width": 4, "embedding_dim": 8},
    "head": {"type": "cosface", "scale": 16.0},
}
IDENTITIES = tuple(f"g{number:06d}" for number in range(8))


def untrained(members: int = 1, **changes: Any) -> FaceModel:
    """Return a model of small random networks; ``changes`` are fields of it."""
    config = RunConfig.model_validate(CONFIG)
    torch.manual_seed(0)
    identities = changes.pop("identities", IDENTITIES)
    made = [build_member(config, len(identities)) for _ in range(members)]
    for member in made:
        member.network.eval()
        member.head.eval()
    return FaceModel(tuple(made), config, identities, **changes)
