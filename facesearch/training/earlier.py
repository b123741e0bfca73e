"""States that earlier versions have saved, made into what this one wants."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from facesearch.models.network import with_plain_pixels
from facesearch.training.average import is_of_network_alone, with_head

_HEAD = (
    "the checkpoint is of an earlier version, whose EMA was of the network alone: that of the head "
    "begins with its last weights"
)
_PIXELS = (
    "the checkpoint is of an earlier version, which gave trained weights pixels in [-1, 1] and not "
    "with the mean and deviation that they were made for: this training keeps to that"
)


def upgraded(
    state: Mapping[str, Any], network: Mapping[str, Tensor]
) -> tuple[dict[str, Any], list[str]]:
    """Return the state of a training as this version would have saved it.

    Args:
        state: As it was saved.
        network: The state of the network as it is built now.

    Returns:
        The state, and a line for each thing that the training keeps or begins because of that.

    Raises:
        KeyError: If it is the state of no training.
        ValueError: As well.

    """
    notes = []
    own, average = with_plain_pixels(state["network"], network), state["average"]
    added = own.keys() - state["network"].keys()
    if any(not torch.equal(own[name].cpu(), network[name].cpu()) for name in added):
        notes.append(_PIXELS)
    if average is not None:
        if is_of_network_alone(average):
            average = with_head(average, state["head"])
            notes.append(_HEAD)
        both = {f"network.{name}": tensor for name, tensor in network.items()}
        average = with_plain_pixels(average, both)
    return {**state, "network": own, "average": average}, notes
