"""The EMA of the weights of network and head, which is scored and saved in place of the last ones.

Both together: averaged embeddings do not fit class weights that were not averaged alike.
"""

import copy
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from facesearch.heads import Head
from facesearch.models import FaceNetwork

# How torch's AveragedModel, which held the network alone, named what it saved.
_COUNT, _MODULE = "n_averaged", "module."
_OWN_COUNT = "_extra_state"


def kept_part(decay: float, num_averaged: int) -> float:
    """Return the part of the average that is kept at a step.

    Args:
        decay: The part in the long run, in [0, 1).
        num_averaged: Steps averaged so far, a count.

    Source:
        The warm-up of TensorFlow's ExponentialMovingAverage, (1 + n) / (10 + n): without it, a
        short training is scored on weights near the first ones.

    """
    return min(decay, (1 + num_averaged) / (10 + num_averaged))


class Average(nn.Module):
    """An exponential moving average of a network and its head, with all their buffers.

    The statistics of batch norms are averaged too, as those of the last weights would not fit the
    averaged ones; so are the running ones of a head, such as the means of its identities. What
    counts, and is no floating number, is that of the last step.

    Args:
        network: What is averaged.
        head: As well.
        decay: Part of the average that is kept at a step, in (0, 1), after a warm-up.

    """

    def __init__(self, network: FaceNetwork, head: Head, decay: float) -> None:
        super().__init__()
        self.network, self.head = copy.deepcopy(network), copy.deepcopy(head)
        self.decay = decay
        # on the host: a counter on a GPU would have to be waited for in every step
        self.num_averaged = 0

    @torch.no_grad()
    def update(self, network: FaceNetwork, head: Head) -> None:
        """Move the average towards the weights of both after a step; the first one copies."""
        weight = 1.0 if not self.num_averaged else 1 - kept_part(self.decay, self.num_averaged)
        averaged, current = [], []
        pairs = zip(_tensors(self.network, self.head), _tensors(network, head), strict=True)
        for kept, new in pairs:
            if self.num_averaged and kept.is_floating_point():
                averaged.append(kept)
                current.append(new)
            else:
                kept.copy_(new)
        if averaged:
            torch._foreach_lerp_(averaged, current, weight)
        self.num_averaged += 1

    def get_extra_state(self) -> Tensor:
        """Return the number of steps that were averaged, for `state_dict`."""
        return torch.tensor(self.num_averaged)

    def set_extra_state(self, state: Tensor) -> None:
        """Take over the number of steps."""
        self.num_averaged = int(state)


def is_of_network_alone(saved: Mapping[str, Any]) -> bool:
    """Whether a saved average is of an earlier version, which did not average the head."""
    return _COUNT in saved


def with_head(saved: Mapping[str, Any], head: Mapping[str, Any]) -> dict[str, Any]:
    """Return an average of the network alone as one of both, which begins with the head's weights.

    Args:
        saved: Its state.
        head: The state of the head after the last step.

    """
    network = {
        f"network.{name.removeprefix(_MODULE)}": tensor
        for name, tensor in saved.items()
        if name.startswith(_MODULE)
    }
    of_head = {f"head.{name}": tensor for name, tensor in head.items()}
    return {**network, **of_head, _OWN_COUNT: saved[_COUNT]}


def _tensors(*modules: nn.Module) -> Iterator[Tensor]:
    return chain.from_iterable(chain(m.parameters(), m.buffers()) for m in modules)
