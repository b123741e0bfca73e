"""The heads that are trained by cross-entropy over identities."""

import torch
import torch.nn.functional as F
from torch import Tensor

from facesearch.heads.cosine import at_least_float32
from facesearch.heads.head import Head


def cross_entropy(logits_BN: Tensor, labels_B: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Return the cross-entropy of each face, [B], in float32 or better."""
    logits_BN = at_least_float32(logits_BN)
    return F.cross_entropy(logits_BN, labels_B, reduction="none", label_smoothing=label_smoothing)


class CrossEntropyHead(Head):
    """A head that is its training logits: a subclass gives `scores` and `forward`.

    Args:
        label_smoothing: Mass spread over all identities, in [0, 1) (arXiv:1512.00567, sec. 7).

    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training logits [B, N]."""
        raise NotImplementedError

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the mean cross-entropy of the training logits."""
        return cross_entropy(self(embeddings_BD, labels_B), labels_B, self.label_smoothing).mean()

    def mixed_loss(
        self, embeddings_BD: Tensor, labels_B: Tensor, other_B: Tensor, share_B: Tensor
    ) -> Tensor:
        """Return the mean over both identities of each face, by their shares."""
        logits_BN = self(embeddings_BD, labels_B)
        first_B = cross_entropy(logits_BN, labels_B, self.label_smoothing)
        second_B = cross_entropy(logits_BN, other_B, self.label_smoothing)
        return torch.lerp(second_B, first_B, share_B.to(first_B)).mean()
