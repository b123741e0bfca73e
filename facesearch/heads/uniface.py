"""UniFace: binary cross-entropies that share one threshold over all identities."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facesearch.heads.cosface import CosFace
from facesearch.heads.cosine import take_true


class UniFace(CosFace):
    """Unified cross-entropy: every true cosine above, every other one below one threshold.

    Args:
        embedding_dim: D.
        num_identities: N.
        negative_weight: l, the weight of the strangers; 1 in the paper.
        **cosface: Arguments of `CosFace`.

    Source:
        UniFace, Zhou et al. 2023 (ICCV), eq. 9. The bias starts at ln(10 N), where the strangers'
        part of the loss is about 0.1; bias / scale is a threshold on the cosine.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        negative_weight: float = 1.0,
        **cosface: Any,
    ) -> None:
        super().__init__(embedding_dim, num_identities, **cosface)
        self.negative_weight = negative_weight
        self.bias = nn.Parameter(torch.tensor(math.log(10 * num_identities)))

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the mean over the faces of both cross-entropies."""
        logits_BN = self(embeddings_BD, labels_B) - self.bias
        true_B = take_true(logits_BN, labels_B)
        strangers_B = F.softplus(logits_BN).sum(1) - F.softplus(true_B)
        return (F.softplus(-true_B) + self.negative_weight * strangers_B).mean()
