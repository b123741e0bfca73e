"""NormFace: scaled cosines. The margin heads are it with another `widen`: one method each."""

from torch import Tensor, nn

from facesearch.heads.cosine import CosineCentres, cross_entropy, replace_true, take_true


class NormFace(nn.Module):
    """Scaled cosine softmax without a margin.

    Args:
        embedding_dim: D.
        num_identities: N.
        scale: Factor on the cosines, > 0.

    Source:
        NormFace, Wang et al. 2017 (arXiv:1704.06369), eq. 6, with a fixed scale.

    """

    def __init__(self, embedding_dim: int, num_identities: int, *, scale: float = 32.0) -> None:
        super().__init__()
        self.centres = CosineCentres(embedding_dim, num_identities)
        self.scale = scale

    def widen(self, true_B: Tensor, embeddings_BD: Tensor) -> Tensor:
        """Return the true cosines after the margin, [B]; here there is none."""
        return true_B

    def scores(self, embeddings_BD: Tensor) -> Tensor:
        """Return logits [B, N] without margin, to classify with."""
        cos_BN: Tensor = self.centres(embeddings_BD)
        return cos_BN * self.scale

    def forward(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training logits [B, N]: margin on the true identity, then the scale."""
        cos_BN: Tensor = self.centres(embeddings_BD)
        widened_B = self.widen(take_true(cos_BN, labels_B), embeddings_BD)
        return replace_true(cos_BN, labels_B, widened_B) * self.scale

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the mean cross-entropy of the training logits."""
        return cross_entropy(self(embeddings_BD, labels_B), labels_B)
