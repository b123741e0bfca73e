"""Muon: kernels move by their momentum made orthogonal, everything else by its sign.

The gradient of a kernel is mostly a few directions; made orthogonal, all of them are learnt at the
same pace. Not here: what is decayed (`optim.py`).
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from facesearch.training.precision import has_fast_bf16

# The quintic whose repetition brings every singular value near 1, and how often it is applied.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_REPETITIONS = 5


def orthogonalised(matrix_MN: Tensor) -> Tensor:
    """Return nearly U V^T of a matrix U S V^T: singular values in about [0.7, 1.2] in place of S.

    Args:
        matrix_MN: A matrix of any scale; directions below a thousandth of the largest one are not
            brought up all the way. Zeros stay zeros.

    Source:
        Jordan et al. 2024 (https://kellerjordan.github.io/posts/muon): Newton-Schulz with a quintic
        in bf16, whose rounding does no harm; float32 where there is no fast bf16.

    """
    is_tall = matrix_MN.shape[0] > matrix_MN.shape[1]
    wide = matrix_MN.mT if is_tall else matrix_MN
    wide = wide / (wide.norm() + 1e-30)
    if has_fast_bf16(wide.device):
        wide = wide.bfloat16()
    for _ in range(_REPETITIONS):
        gram = wide @ wide.mT
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=_B, alpha=_C), wide, beta=_A)
    return (wide.mT if is_tall else wide).to(matrix_MN.dtype)


class Muon(torch.optim.Optimizer):
    """Orthogonal steps for kernels and matrices of the network, steps of the sign for all else.

    Every step moves a weight by ``lr`` (root mean square over the tensor), so one rate serves both
    and lies where AdamW's does. Decay is apart from the gradient: the share ``lr * weight_decay``
    goes at each step.

    Args:
        groups: Groups of parameters; one with ``is_head`` moves by the sign alone: the rows of a
            head are identities, of which a step sees few.
        lr: The rate.
        momentum: Part of the running mean of gradients that is kept, in [0, 1), with Nesterov's
            look ahead.

    Source:
        Muon (Jordan et al. 2024, above); the same scale for all shapes: Liu et al. 2025
        (arXiv:2502.16982), sec. 2.2, with 1 in the place of 0.2; the sign for the last layer and
        for vectors: Scion, Pethick et al. 2025 (arXiv:2502.07529), table 2. A kernel is a matrix
        [out, in x height x width]; one of a depthwise layer is none, but many small filters.

    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float, momentum: float = 0.9) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "is_head": False})
        self.momentum = momentum

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take a step along the gradients; a parameter without one stays where it is."""
        if closure is not None:
            raise NotImplementedError("a step evaluates nothing; compute the gradients before it")
        for group in self.param_groups:
            lr = group["lr"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                ahead = self._ahead(parameter)
                is_matrix = _is_matrix(parameter) and not group["is_head"]
                move = _orthogonal_move(ahead) if is_matrix else ahead.sign()
                parameter.mul_(1 - lr * group["weight_decay"]).add_(move, alpha=-lr)

    def _ahead(self, parameter: Tensor) -> Tensor:
        """Return the mean of the gradients with this one, seen from one step further on."""
        state, gradient = self.state[parameter], parameter.grad
        assert gradient is not None
        if "mean" not in state:
            state["mean"] = torch.zeros_like(parameter)
        mean: Tensor = state["mean"].lerp_(gradient, 1 - self.momentum)
        return gradient.lerp(mean, self.momentum)


def _is_matrix(parameter: Tensor) -> bool:
    # not a vector, a factor a channel [C, 1, 1], or a depthwise kernel [C, 1, H, W]
    return parameter.ndim >= 2 and min(parameter.shape[:2]) > 1


def _orthogonal_move(gradient: Tensor) -> Tensor:
    """Return the orthogonal matrix of a gradient, of root mean square about 1, in its shape."""
    matrix = gradient.flatten(1)
    return orthogonalised(matrix).mul_(max(matrix.shape) ** 0.5).view_as(gradient)
