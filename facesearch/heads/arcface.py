"""ArcFace: a margin added to the true angle."""

import math
from typing import Any

import torch
from torch import Tensor

from facesearch.heads.margin import MarginHead

# Below this sine the derivative of the square root is cut off; it is infinite at cos = 1.
_LEAST_SINE_SQUARED = 1e-10


def add_angular_margin(cos_B: Tensor, margin_rad: float | Tensor) -> Tensor:
    """Return cos(theta + m), continued so that it falls in theta (for |m| up to 2.33 rad).

    Args:
        cos_B: Cosines to the true identity, [B]; rounding past +-1 is harmless.
        margin_rad: Margin in **radians**, a number or [B], in (-pi, pi).

    Source:
        ArcFace, Deng et al. 2019 (arXiv:1801.07698), eq. 3. Past theta + m > pi the paper's cosine
        rises again; there we continue with cos(theta) - m sin(m), as the authors' first code did.
        Above m = 2.33, where cos(m) + m sin(m) = 1, that continuation starts above -1: it jumps up.
        For m < 0 (AdaFace) and theta + m < 0 we continue with 1 + cos(theta) - cos(m).

    """
    if isinstance(margin_rad, Tensor):
        margin = margin_rad.to(cos_B.dtype)
    else:
        margin = cos_B.new_full((), margin_rad)
    cos_B = cos_B.clamp(-1.0, 1.0)
    sine_B = (1 - cos_B * cos_B).clamp(min=_LEAST_SINE_SQUARED).sqrt()
    moved_B = cos_B * margin.cos() - sine_B * margin.sin()
    past_pi_B = cos_B - margin * margin.sin()
    continued_B = torch.where(margin >= 0, past_pi_B, 1 + cos_B - margin.cos())
    is_inside = torch.where(margin >= 0, cos_B > (math.pi - margin).cos(), cos_B < margin.cos())
    return torch.where(is_inside, moved_B, continued_B)


class ArcFace(MarginHead):
    """Additive angular margin.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin_rad: Margin in **radians**, in [0, pi). The paper uses 0.5 (28.6 degrees).
        **margin: Arguments of `MarginHead`.

    Raises:
        ValueError: If ``margin_rad`` is outside [0, pi).

    """

    def __init__(
        self, embedding_dim: int, num_identities: int, *, margin_rad: float = 0.25, **margin: Any
    ) -> None:
        super().__init__(embedding_dim, num_identities, **margin)
        if not 0 <= margin_rad < math.pi:
            raise ValueError(f"margin_rad must be in [0, pi), but got {margin_rad}")
        self.margin_rad = margin_rad

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos(theta + m), [B]."""
        return add_angular_margin(true_B, self.margin_rad * self.margin_share)
