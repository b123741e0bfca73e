"""What all margin heads share: one changed logit a face, and a margin that may grow from 0."""

from typing import Any

from torch import Tensor

from facesearch.heads.cosine import replace_true, take_true
from facesearch.heads.normface import NormFace


class MarginHead(NormFace):
    """Scaled cosines with a margin on the true identity: a subclass is one method, `widen`.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin_warmup: Part of the training, in [0, 1], in which the margin grows from 0.
        **cosine: Arguments of `NormFace`.

    """

    def __init__(
        self, embedding_dim: int, num_identities: int, *, margin_warmup: float = 0.0, **cosine: Any
    ) -> None:
        super().__init__(embedding_dim, num_identities, **cosine)
        self.margin_warmup = margin_warmup
        self.margin_share = 1.0

    def set_progress(self, progress: float) -> None:
        """Set the share of the margin that applies now, from the step and not from state."""
        is_growing = progress < self.margin_warmup
        self.margin_share = progress / self.margin_warmup if is_growing else 1.0

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return the cosines to the true identity after the margin, [B]."""
        raise NotImplementedError

    def forward(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training logits [B, N]: margin on the true identity, then the scale."""
        cos_BN: Tensor = self.centres(embeddings_BD)
        widened_B = self.widen(take_true(cos_BN, labels_B), embeddings_BD)
        return replace_true(cos_BN, labels_B, widened_B) * self.scale
