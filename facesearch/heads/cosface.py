"""CosFace: a margin subtracted from the true cosine."""

from typing import Any

from torch import Tensor

from facesearch.heads.margin import MarginHead


class CosFace(MarginHead):
    """Additive cosine margin.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin_cos: Margin as a difference of **cosines**, in [0, 1). The paper uses 0.35.
        **margin: Arguments of `MarginHead`.

    Source:
        CosFace, Wang et al. 2018 (arXiv:1801.09414), eq. 4.

    """

    def __init__(
        self, embedding_dim: int, num_identities: int, *, margin_cos: float = 0.2, **margin: Any
    ) -> None:
        super().__init__(embedding_dim, num_identities, **margin)
        self.margin_cos = margin_cos

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos - m, [B]."""
        return true_B - self.margin_cos * self.margin_share
