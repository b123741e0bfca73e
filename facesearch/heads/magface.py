"""MagFace: the margin grows with the norm, and norms are pulled up; the norm becomes quality."""

import math
from typing import Any

from torch import Tensor

from facesearch.heads.arcface import add_angular_margin
from facesearch.heads.cosine import at_least_float32
from facesearch.heads.margin import MarginHead


class MagFace(MarginHead):
    """Magnitude-aware angular margin.

    Norms are in units of sqrt(embedding_dim): that is the mean one after a batch norm, whatever the
    embedding's length.

    Args:
        embedding_dim: D.
        num_identities: N.
        norm_low: l_a, the norm that gets the least margin; 10 / sqrt(512) = 0.44 in the paper.
        norm_high: u_a, the norm that gets the largest margin; 110 / sqrt(512) = 4.9 there.
        margin_low_rad: l_m in radians; 0.45 there.
        margin_rise_rad: u_m - l_m in radians; 0.35 there. A rise and no second end, so that both
            can be searched and no point has its ends the wrong way round.
        norm_weight: lambda_g, weight of the pull g(a) = a / u_a^2 + 1 / a; 35 there, in these units
            35 / sqrt(512) = 1.5.
        **margin: Arguments of `MarginHead`.

    Source:
        MagFace, Meng et al. 2021 (arXiv:2103.06627), eq. 4 to 6. Both the margin and the pull
        carry a gradient through the norm. We depart below l_a: there the pull goes on, down to a
        tenth of it, where the authors' clamp leaves such faces without any.

    """

    def __init__(  # noqa: PLR0913 - one keyword a number of the paper
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        norm_low: float = 0.5,
        norm_high: float = 2.0,
        margin_low_rad: float = 0.2,
        margin_rise_rad: float = 0.15,
        norm_weight: float = 1.0,
        **margin: Any,
    ) -> None:
        super().__init__(embedding_dim, num_identities, **margin)
        self.unit = math.sqrt(embedding_dim)
        self.norm_low, self.norm_high = norm_low, norm_high
        self.margin_low_rad, self.margin_rise_rad = margin_low_rad, margin_rise_rad
        self.norm_weight = norm_weight

    def _norms(self, embeddings_BD: Tensor) -> Tensor:
        """Return the norms in units of sqrt(D), [B]."""
        faces_BD = at_least_float32(embeddings_BD)
        norms_B = faces_BD.square().sum(1).clamp(min=1e-12).sqrt() / self.unit
        return norms_B.clamp(self.norm_low / 10, self.norm_high)

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos(theta + m(a)), [B], with m linear in the norm a."""
        norms_B = self._norms(embeddings_BD).clamp(min=self.norm_low)
        share_B = (norms_B - self.norm_low) / (self.norm_high - self.norm_low)
        margin_B = self.margin_low_rad + self.margin_rise_rad * share_B.to(true_B.dtype)
        return add_angular_margin(true_B, margin_B * self.margin_share)

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the mean cross-entropy and the pull of the norms."""
        norms_B = self._norms(embeddings_BD)
        pull = (norms_B / self.norm_high**2 + 1 / norms_B).mean()
        return super().loss(embeddings_BD, labels_B) + self.norm_weight * pull
