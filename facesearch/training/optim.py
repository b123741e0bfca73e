"""Optimiser, its parameter groups, and the course of the learning rate."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from facesearch.config import OptimConfig


def parameter_groups(modules: Iterable[nn.Module], weight_decay: float) -> list[dict[str, object]]:
    """Split parameters into decayed (matrices, kernels) and not decayed (norms, biases).

    Decay pulls a norm's scale to 0 without making the function simpler (arXiv:1812.01187, 3.1).
    """
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def build_optimizer(modules: Iterable[nn.Module], settings: OptimConfig) -> torch.optim.Optimizer:
    """Return the optimiser over all parameters of ``modules``."""
    groups = parameter_groups(modules, settings.weight_decay)
    if settings.type == "sgd":
        is_moving = settings.momentum > 0
        return torch.optim.SGD(groups, settings.lr, settings.momentum, nesterov=is_moving)
    return torch.optim.AdamW(groups, settings.lr, (settings.momentum, 0.999))


def lr_factor(step: int, num_steps: int, settings: OptimConfig) -> float:
    """Return the factor on the peak rate at ``step`` of ``num_steps``.

    Args:
        step: Steps done, in [0, num_steps).
        num_steps: Steps of the whole training.
        settings: The schedule and its warm-up.

    Source:
        cosine: SGDR (arXiv:1608.03983, eq. 5) after a linear warm-up; one_cycle: super-convergence
        (arXiv:1708.07120) in its two-phase cosine form, from 1/25 up and down to 1e-5.

    """
    warmup = settings.warmup_fraction * num_steps
    if step < warmup:
        progress = (step + 1) / (warmup + 1)
        if settings.schedule == "one_cycle":
            return _cosine(1 / 25, 1.0, progress)
        return progress
    if settings.schedule == "constant":
        return 1.0
    progress = (step - warmup) / max(1.0, num_steps - warmup)
    return _cosine(1.0, 1e-5 if settings.schedule == "one_cycle" else 0.0, progress)


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
