"""MagFace: the margin grows with the norm, and norms are pulled up; the norm becomes quality."""

from typing import Any

from torch import Tensor

from facesearch.heads.arcface import add_angular_margin
from facesearch.heads.cosine import at_least_float32
from facesearch.heads.margin import MarginHead


class MagFace(MarginHead):
    """Magnitude-aware angular margin.

    Args:
        embedding_dim: D.
        num_identities: N.
        norm_low: l_a, the norm that gets the least margin; 10 in the paper.
        norm_high: u_a, the norm that gets the largest margin; 110 there.
        margin_low_rad: l_m in radians; 0.45 there.
        margin_rise_rad: u_m - l_m in radians; 0.35 there. A rise and no second end, so that both
            can be searched and no point has its ends the wrong way round.
        norm_weight: lambda_g, weight of the pull g(a) = a / u_a^2 + 1 / a; 35 there.
        **margin: Arguments of `MarginHead`.

    Source:
        MagFace, Meng et al. 2021 (arXiv:2103.06627), eq. 4 to 6. Both the margin and the pull
        carry a gradient through the norm.

    """

    def __init__(  # noqa: PLR0913 - one keyword a number of the paper
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        norm_low: float = 10.0,
        norm_high: float = 110.0,
        margin_low_rad: float = 0.2,
        margin_rise_rad: float = 0.15,
        norm_weight: float = 20.0,
        **margin: Any,
    ) -> None:
        super().__init__(embedding_dim, num_identities, **margin)
        self.norms = (norm_low, norm_high)
        self.margin_low_rad, self.margin_rise_rad = margin_low_rad, margin_rise_rad
        self.norm_weight = norm_weight

    def _norms(self, embeddings_BD: Tensor) -> Tensor:
        faces_BD = at_least_float32(embeddings_BD)
        return faces_BD.square().sum(1).clamp(min=1e-12).sqrt().clamp(*self.norms)

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos(theta + m(a)), [B], with m linear in the norm a."""
        low, high = self.norms
        share_B = (self._norms(embeddings_BD) - low) / (high - low)
        margin_B = self.margin_low_rad + self.margin_rise_rad * share_B.to(true_B.dtype)
        return add_angular_margin(true_B, margin_B * self.margin_share)

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the mean cross-entropy and the pull of the norms."""
        norms_B = self._norms(embeddings_BD)
        pull = (norms_B / self.norms[1] ** 2 + 1 / norms_B).mean()
        return super().loss(embeddings_BD, labels_B) + self.norm_weight * pull
