"""AdaFace: a margin that follows the norm of the embedding, which stands for image quality."""

from typing import Any

import torch
from torch import Tensor

from facesearch.heads.arcface import add_angular_margin
from facesearch.heads.cosine import at_least_float32
from facesearch.heads.margin import MarginHead

_NORM_RANGE = (0.001, 100.0)


class AdaFace(MarginHead):
    """Quality-adaptive margin: angular and cosine at once.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin: m of the paper, radians in the angle and cosine in the difference; 0.4 there.
        concentration: h of the paper, how far a norm must be off the mean; 0.333 there.
        ema: Weight of a new batch in the running statistics of the norms; 0.01 there.
        **cosine: Arguments of `MarginHead`.

    Source:
        AdaFace, Kim et al. 2022 (arXiv:2204.00964), eq. 12-16. We depart in the statistics: the
        deviation is the population's, so that a batch of one face cannot make it NaN, and the first
        batch sets them. The authors start at 20 and 100, which takes 400 steps to forget; until
        then z is about 0 and the margin the same for all.

    """

    norm_mean: Tensor
    norm_std: Tensor
    num_batches: Tensor

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        margin: float = 0.25,
        concentration: float = 0.333,
        ema: float = 0.01,
        **cosine: Any,
    ) -> None:
        super().__init__(embedding_dim, num_identities, **cosine)
        self.margin, self.concentration, self.ema = margin, concentration, ema
        self.register_buffer("norm_mean", torch.tensor(20.0))
        self.register_buffer("norm_std", torch.tensor(100.0))
        self.register_buffer("num_batches", torch.tensor(0))

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos(theta - m z) - (m + m z), [B], with z the batch-normalised norm."""
        z_B = self._quality(embeddings_BD.detach()).to(true_B.dtype)
        margin = self.margin * self.margin_share
        return add_angular_margin(true_B, -margin * z_B) - margin * (1 + z_B)

    def _quality(self, embeddings_BD: Tensor) -> Tensor:
        """Return z in [-1, 1], [B]: low for faint embeddings; it carries no gradient."""
        norms_B = at_least_float32(embeddings_BD).norm(dim=1).clamp(*_NORM_RANGE)
        if self.training:
            self._follow(norms_B.mean(), norms_B.std(unbiased=False))
        z_B = (norms_B - self.norm_mean) / (self.norm_std + 1e-3)
        quality_B: Tensor = (z_B * self.concentration).clamp(-1, 1)
        return quality_B

    def _follow(self, mean: Tensor, std: Tensor) -> None:
        # without a look at the values: that would make a GPU wait in every step
        is_sound = torch.isfinite(mean)
        weight = torch.where(self.num_batches == 0, 1.0, self.ema) * is_sound
        for kept, new in ((self.norm_mean, mean), (self.norm_std, std)):
            kept.lerp_(torch.where(is_sound, new, kept).to(kept.dtype), weight.to(kept.dtype))
        self.num_batches += is_sound
