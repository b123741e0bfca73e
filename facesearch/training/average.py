"""The running average of the weights, which is scored and saved in the place of the last ones."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def build_average(network: nn.Module, decay: float) -> AveragedModel | None:
    """Return an exponential average of the weights of ``network``, or None where ``decay`` is 0.

    Args:
        network: What is averaged; the statistics of its batch norms are copied, not averaged.
        decay: Part of the average that is kept at a step, in [0, 1).

    """
    if decay == 0:
        return None
    move = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(network, multi_avg_fn=move)


@torch.no_grad()
def update_average(average: AveragedModel, network: nn.Module) -> None:
    """Move the average towards the weights of ``network`` after a step."""
    average.update_parameters(network)
    for kept, buffer in zip(average.module.buffers(), network.buffers(), strict=True):
        kept.copy_(buffer)
