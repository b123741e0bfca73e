"""NormFace: scaled cosines; the base of every head that works on angles."""

import torch
from torch import Tensor, nn

from facesearch.heads.cosine import CosineCentres
from facesearch.heads.cross_entropy import CrossEntropyHead


class NormFace(CrossEntropyHead):
    """Scaled cosine softmax without a margin.

    Args:
        embedding_dim: D.
        num_identities: N.
        scale: Factor on the cosines, > 0; the first one if it is learnt.
        learn_scale: Train the logarithm of its growth, so that it stays above 0.
        label_smoothing: Mass spread over all identities, in [0, 1).

    Source:
        NormFace, Wang et al. 2017 (arXiv:1704.06369), eq. 6.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        scale: float = 20.0,
        learn_scale: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(label_smoothing)
        self.centres = CosineCentres(embedding_dim, num_identities)
        self.first_scale = scale
        self.log_growth = nn.Parameter(torch.tensor(0.0), requires_grad=learn_scale)

    @property
    def scale(self) -> Tensor:
        """The factor on the cosines, a scalar."""
        return self.first_scale * self.log_growth.exp()

    def scores(self, embeddings_BD: Tensor) -> Tensor:
        """Return logits [B, N] without margin, to classify with."""
        cos_BN: Tensor = self.centres(embeddings_BD)
        return cos_BN * self.scale

    def forward(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training logits [B, N]: those of `scores`, there is no margin."""
        return self.scores(embeddings_BD)
