"""Softmax: a linear layer with bias, and cross-entropy."""

import torch
from torch import Tensor, nn

from facesearch.heads.cosine import at_least_float32
from facesearch.heads.cross_entropy import CrossEntropyHead


class Softmax(CrossEntropyHead):
    """Linear classifier of identities.

    Args:
        embedding_dim: D.
        num_identities: N.
        label_smoothing: Mass spread over all identities, in [0, 1) (arXiv:1512.00567, sec. 7).

    """

    def __init__(
        self, embedding_dim: int, num_identities: int, *, label_smoothing: float = 0.0
    ) -> None:
        super().__init__(label_smoothing)
        self.linear = nn.Linear(embedding_dim, num_identities)

    def scores(self, embeddings_BD: Tensor) -> Tensor:
        """Return logits [B, N]."""
        embeddings_BD = at_least_float32(embeddings_BD)
        with torch.autocast(embeddings_BD.device.type, enabled=False):
            logits: Tensor = self.linear(embeddings_BD)
        return logits

    def forward(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training logits [B, N]: those of `scores`, there is no margin."""
        return self.scores(embeddings_BD)
