"""Networks without weights, to be counted."""

import torch

from facesearch.config import ModelConfig
from facesearch.models import build_network
from facesearch.models.network import FaceNetwork


def on_meta(name: str, embedding_dim: int = 512) -> FaceNetwork:
    with torch.device("meta"):
        return build_network(ModelConfig(network=name, embedding_dim=embedding_dim), 112)


def size(network: FaceNetwork) -> int:
    return sum(p.numel() for p in network.parameters())
