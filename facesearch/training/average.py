"""The running average of the weights, which is scored and saved in the place of the last ones."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


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


def build_average(network: nn.Module, decay: float) -> AveragedModel | None:
    """Return an exponential average of the weights of ``network``, or None where ``decay`` is 0.

    Args:
        network: What is averaged, with the statistics of its batch norms: those of the last
            weights would not fit the averaged ones.
        decay: Part of the average that is kept at a step, in [0, 1), after a warm-up.

    """
    if decay == 0:
        return None

    @torch.no_grad()
    def move(
        averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Tensor | int
    ) -> None:
        weight = 1 - kept_part(decay, int(num_averaged))
        for kept, new in zip(averaged, current, strict=True):
            if kept.is_floating_point():
                kept.lerp_(new.to(kept), weight)
            else:
                kept.copy_(new)

    return AveragedModel(network, multi_avg_fn=move, use_buffers=True)


def update_average(average: AveragedModel, network: nn.Module) -> None:
    """Move the average towards the weights of ``network`` after a step."""
    average.update_parameters(network)
