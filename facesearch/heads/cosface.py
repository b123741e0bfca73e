"""CosFace: a margin subtracted from the true cosine."""

from torch import Tensor

from facesearch.heads.normface import NormFace


class CosFace(NormFace):
    """Additive cosine margin.

    Args:
        embedding_dim: D.
        num_identities: N.
        scale: Factor on the cosines, > 0.
        margin_cos: Margin as a difference of **cosines**, in [0, 1). The paper uses 0.35.

    Source:
        CosFace, Wang et al. 2018 (arXiv:1801.09414), eq. 4.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        scale: float = 32.0,
        margin_cos: float = 0.2,
    ) -> None:
        super().__init__(embedding_dim, num_identities, scale=scale)
        self.margin_cos = margin_cos

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return cos - m, [B]."""
        return true_B - self.margin_cos
