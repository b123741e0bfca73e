"""The combined margin: a factor on the angle, an added angle and a subtracted cosine."""

import math
from typing import Any

import torch
from torch import Tensor

from facesearch.heads.margin import MarginHead

# Below this sine the derivative of the angle is cut off; it is infinite at cos = +-1.
_LEAST_SINE_SQUARED = 1e-10


def combine_margins(
    cos_B: Tensor, margin_factor: float, margin_rad: float, margin_cos: float
) -> Tensor:
    """Return cos(m1 theta + m2) - m3, continued past pi so that it falls in theta, [B].

    Args:
        cos_B: Cosines to the true identity, [B].
        margin_factor: m1, > 0.
        margin_rad: m2 in radians, in [0, pi).
        margin_cos: m3, a difference of cosines.

    Source:
        ArcFace, Deng et al. 2019 (arXiv:1801.07698), eq. 4. Past pi the angle goes on as in
        SphereFace, (-1)^k cos - 2k; the authors' code lets the cosine rise again there.

    """
    cos_B = cos_B.clamp(-1.0, 1.0)
    sine_B = (1 - cos_B * cos_B).clamp(min=_LEAST_SINE_SQUARED).sqrt()
    angle_B = margin_factor * torch.atan2(sine_B, cos_B) + margin_rad
    k_B = (angle_B.detach() / math.pi).floor()
    return torch.where(k_B % 2 == 0, angle_B.cos(), -angle_B.cos()) - 2 * k_B - margin_cos


class Combined(MarginHead):
    """All three margins at once.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin_factor: m1; 1 in the paper's (1, 0.3, 0.2), 0.9 in its (0.9, 0.4, 0.15).
        margin_rad: m2 in **radians**.
        margin_cos: m3, a difference of **cosines**.
        **margin: Arguments of `MarginHead`.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        margin_factor: float = 1.0,
        margin_rad: float = 0.15,
        margin_cos: float = 0.1,
        **margin: Any,
    ) -> None:
        super().__init__(embedding_dim, num_identities, **margin)
        self.margins = (margin_factor, margin_rad, margin_cos)

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos(m1 theta + m2) - m3, [B]."""
        factor, margin_rad, margin_cos = self.margins
        share = self.margin_share
        grown = 1 + (factor - 1) * share
        return combine_margins(true_B, grown, margin_rad * share, margin_cos * share)
