"""Optimiser, its parameter groups, and the course of the learning rate."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from facesearch.config import OptimConfig
from facesearch.training.muon import Muon

# The batch for which `optim.lr` is meant where the rate follows the batch.
REFERENCE_BATCH = 64

LR_SCALINGS: dict[str, Callable[[float], float]] = {
    "none": lambda ratio: 1.0,
    "linear": lambda ratio: ratio,
    "sqrt": math.sqrt,
}


def peak_lr(settings: OptimConfig, faces_per_step: int) -> float:
    """Return the peak rate for so many faces in a step of the optimiser.

    Source:
        linear: Goyal et al. 2017 (arXiv:1706.02677), sec. 2.1; sqrt: Krizhevsky 2014
        (arXiv:1404.5997), sec. 5, which keeps the variance of the step.
    """
    return settings.lr * LR_SCALINGS[settings.lr_scaling](faces_per_step / REFERENCE_BATCH)


def parameter_groups(
    layers: list[nn.Module], head: nn.Module, settings: OptimConfig, head_lr_factor: float = 1.0
) -> list[dict[str, Any]]:
    """Return groups with a weight decay, an ``lr_factor`` and whether they are the head's.

    Norms and biases are not decayed: it pulls a norm's scale to 0 without making the function
    simpler (arXiv:1812.01187, sec. 3.1).

    Args:
        layers: The network's parts from the stem to the embedding.
        head: The head.
        settings: With ``layer_decay`` < 1, each part's rate is so much lower than the next one's.
        head_lr_factor: Factor on the rate of the head.

    """
    top = len(layers) - 1
    parts = [(layer, settings.layer_decay ** (top - i)) for i, layer in enumerate(layers)]
    merged: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    for module, factor in [*parts, (head, head_lr_factor)]:
        for parameter in module.parameters():
            if parameter.requires_grad:
                # a matrix or a kernel; a factor a channel may be [C, 1, 1]
                is_weight = parameter.ndim >= 2 and parameter.numel() > max(parameter.shape)
                decay = settings.weight_decay if is_weight else 0.0
                merged.setdefault((decay, factor, module is head), []).append(parameter)
    return [
        {"params": parameters, "weight_decay": decay, "lr_factor": factor, "is_head": is_head}
        for (decay, factor, is_head), parameters in merged.items()
    ]


def _sgd(groups: list[dict[str, Any]], settings: OptimConfig) -> torch.optim.Optimizer:
    is_moving = settings.momentum > 0
    return torch.optim.SGD(groups, settings.lr, settings.momentum, nesterov=is_moving)


def _adamw(groups: list[dict[str, Any]], settings: OptimConfig) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, settings.lr, (settings.momentum, 0.999))


def _lion(groups: list[dict[str, Any]], settings: OptimConfig) -> torch.optim.Optimizer:
    from lion_pytorch import Lion

    optimizer: torch.optim.Optimizer = Lion(groups, settings.lr, (settings.momentum, 0.99))
    return optimizer


def _muon(groups: list[dict[str, Any]], settings: OptimConfig) -> torch.optim.Optimizer:
    return Muon(groups, settings.lr, settings.momentum)


OPTIMIZERS: dict[str, Callable[[list[dict[str, Any]], OptimConfig], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adamw": _adamw,
    "lion": _lion,
    "muon": _muon,
}


def build_optimizer(groups: list[dict[str, Any]], settings: OptimConfig) -> torch.optim.Optimizer:
    """Return the optimiser over ``groups``."""
    return OPTIMIZERS[settings.type](groups, settings)


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


# How the factor rises in the warm-up and how it goes on, each over its own progress in [0, 1].
SCHEDULES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "one_cycle": (lambda p: _cosine(1 / 25, 1.0, p), lambda p: _cosine(1.0, 1e-5, p)),
    "cosine": (lambda p: p, lambda p: _cosine(1.0, 0.0, p)),
    "wsd": (lambda p: p, lambda p: min(1.0, (1 - p) / 0.25)),
    "constant": (lambda p: p, lambda p: 1.0),
}


def lr_factor(step: int, num_steps: int, settings: OptimConfig) -> float:
    """Return the factor on the peak rate at ``step`` of ``num_steps``.

    Args:
        step: Steps done, in [0, num_steps).
        num_steps: Steps of the whole training.
        settings: The schedule and its warm-up.

    Source:
        cosine: SGDR (arXiv:1608.03983, eq. 5) after a linear warm-up; one_cycle: super-convergence
        (arXiv:1708.07120) in its two-phase cosine form, from 1/25 up and down to 1e-5; wsd:
        warm-up, stable, decay (arXiv:2404.06395, sec. 4), linear in the last quarter.

    """
    rise, fall = SCHEDULES[settings.schedule]
    warmup = settings.warmup_fraction * num_steps
    if step < warmup:
        return rise((step + 1) / (warmup + 1))
    return fall((step - warmup) / max(1.0, num_steps - warmup))
