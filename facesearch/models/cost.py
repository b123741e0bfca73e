"""What a network costs, before any training: parameters, operations, memory of activations."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from facesearch.config import ModelConfig
from facesearch.models import build_network
from facesearch.models.network import count_parameters


@dataclass(frozen=True)
class Cost:
    """parameters and flops of one image (an addition and a multiplication are two); bytes a batch.

    activation_bytes is what the forward pass of a batch keeps for the backward pass, in float32.
    """

    parameters: int
    flops: int
    activation_bytes: int


def network_cost(model: ModelConfig, image_px: int, batch_size: int = 64) -> Cost:
    """Return the cost of a network without allocating it: on torch's meta device.

    Args:
        model: The network.
        image_px: Side of the images in pixels.
        batch_size: Faces for which the activations are counted, at least 2 (batch norm).

    """
    with torch.device("meta"):
        network = build_network(model, image_px)
        images = torch.empty(batch_size, model.input_channels, image_px, image_px)
    with FlopCounterMode(display=False) as counter:
        kept = _kept_bytes(network, images)
    return Cost(count_parameters(network), counter.get_total_flops() // batch_size, kept)


def _kept_bytes(network: nn.Module, images: Tensor) -> int:
    """Return the bytes of all tensors that the backward pass needs, each counted once."""
    weights = {id(p) for p in [*network.parameters(), *network.buffers()]}
    # held until the end, so that no address is used twice
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        base = tensor if tensor._base is None else tensor._base
        if id(base) not in weights and not isinstance(tensor, nn.Parameter):
            kept[id(base)] = base
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(images)
    return sum(tensor.numel() * tensor.element_size() for tensor in kept.values())
