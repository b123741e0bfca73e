"""CurricularFace: easy strangers first, hard ones more as the training goes on."""

from typing import Any

import torch
from torch import Tensor

from facesearch.heads.arcface import ArcFace
from facesearch.heads.cosine import replace_true, take_true


class CurricularFace(ArcFace):
    """ArcFace whose hard strangers are weighed by t, the mean cosine to the true identity.

    Args:
        embedding_dim: D.
        num_identities: N.
        ema: Weight of a batch in t; 0.01 in the paper.
        **arcface: Arguments of `ArcFace`.

    Source:
        CurricularFace, Huang et al. 2020 (arXiv:2004.00288), eq. 4, 5 and 7: a stranger above
        cos(theta + m) gets cos (t + cos).

    """

    t: Tensor

    def __init__(
        self, embedding_dim: int, num_identities: int, *, ema: float = 0.01, **arcface: Any
    ) -> None:
        super().__init__(embedding_dim, num_identities, **arcface)
        self.ema = ema
        self.register_buffer("t", torch.tensor(0.0))

    def forward(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training logits [B, N]; while training, t follows the batch."""
        cos_BN: Tensor = self.centres(embeddings_BD)
        true_B = take_true(cos_BN, labels_B)
        if self.training:
            mean = true_B.detach().mean().to(self.t.dtype)
            # without a look at the value: that would make a GPU wait in every step
            self.t.lerp_(torch.where(torch.isfinite(mean), mean, self.t), self.ema)
        widened_B = self.widen(true_B, embeddings_BD)
        is_hard_BN = cos_BN > widened_B[:, None]
        weighed_BN = torch.where(is_hard_BN, cos_BN * (self.t + cos_BN), cos_BN)
        return replace_true(weighed_BN, labels_B, widened_B) * self.scale
