"""ElasticFace: the angular margin is drawn anew for every face."""

from typing import Any

import torch
from torch import Tensor

from facesearch.heads.arcface import ArcFace, add_angular_margin


def hardest_gets_largest(margins_B: Tensor, true_B: Tensor) -> Tensor:
    """Return the margins so that the lowest cosine has the largest, [B].

    The authors' code indexes the sorted margins with the order instead of the rank, which gives
    the largest to an arbitrary face.
    """
    order_B = true_B.argsort()
    return torch.empty_like(margins_B).scatter(0, order_B, margins_B.sort(descending=True).values)


class ElasticFace(ArcFace):
    """ArcFace with margins from a normal distribution; in evaluation the mean applies.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin_std_rad: Deviation in **radians**; 0.05 in the paper, 0.0175 for the plus variant.
        hardest_first: The plus variant: the largest margin drawn goes to the hardest face.
        **arcface: Arguments of `ArcFace`; ``margin_rad`` is the mean.

    Source:
        ElasticFace, Boutros et al. 2022 (arXiv:2109.09416), eq. 5 and sec. 3.3.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        margin_std_rad: float = 0.0175,
        hardest_first: bool = True,
        **arcface: Any,
    ) -> None:
        super().__init__(embedding_dim, num_identities, **arcface)
        self.margin_std_rad, self.hardest_first = margin_std_rad, hardest_first

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos(theta + m) with an own m a face, [B]."""
        margins_B = torch.full_like(true_B, self.margin_rad).detach()
        if self.training:
            margins_B = margins_B + self.margin_std_rad * torch.randn_like(margins_B)
        if self.hardest_first:
            margins_B = hardest_gets_largest(margins_B, true_B.detach())
        return add_angular_margin(true_B, margins_B * self.margin_share)
