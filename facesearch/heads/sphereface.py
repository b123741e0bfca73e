"""SphereFace: the true angle times m."""

import torch
from torch import Tensor

from facesearch.heads.cosine import CosineCentres, at_least_float32, replace_true, take_true
from facesearch.heads.cross_entropy import CrossEntropyHead


def multiply_angle(cos_B: Tensor, margin: int) -> Tensor:
    """Return psi(theta) = (-1)^k cos(m theta) - 2k, with k = floor(m theta / pi), [B].

    Args:
        cos_B: Cosines to the true identity, [B].
        margin: m, a whole number >= 1.

    Source:
        SphereFace, Liu et al. 2017 (arXiv:1704.08063), eq. 7. cos(m theta) is the Chebyshev
        polynomial of the cosine: no arc cosine, so the gradient is finite at both ends.

    """
    cos_B = cos_B.clamp(-1.0, 1.0)
    previous_B, current_B = torch.ones_like(cos_B), cos_B
    for _ in range(margin - 1):
        previous_B, current_B = current_B, 2 * cos_B * current_B - previous_B
    k_B = (margin * cos_B.detach().acos() / torch.pi).floor().clamp(max=margin - 1)
    return torch.where(k_B % 2 == 0, current_B, -current_B) - 2 * k_B


class SphereFace(CrossEntropyHead):
    """Angular softmax.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin: m, a factor on the angle; 4 in the paper.
        scale: Factor on the cosines; 0 is the embedding's own length, as in the paper. An own
            length can shrink to nothing: before people are told apart, a shorter embedding pays
            less for the margin. So we take the fixed one of SphereFace-R, 30 there.
        blend_least: Least weight lambda of the plain cosine; 5 in the authors' code.
        blend_first: Its weight at first; 1000 there.
        blend_until: Part of the training after which it is the least, in (0, 1]. In the authors'
            code, first / (1 + 0.12 step), that is step 1,658 of 28,000, or 0.06; a short training
            would never get there, so here the hyperbola ends by progress and not by steps.

    Source:
        Liu et al. 2017 (arXiv:1704.08063), eq. 7; SphereFace-R: Liu et al. 2022 (arXiv:2109.05565),
        hard feature normalisation.

    """

    def __init__(  # noqa: PLR0913 - one keyword a number of the papers
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        margin: int = 2,
        scale: float = 20.0,
        blend_least: float = 5.0,
        blend_first: float = 1000.0,
        blend_until: float = 0.3,
    ) -> None:
        super().__init__()
        self.centres = CosineCentres(embedding_dim, num_identities)
        self.margin, self.scale = margin, scale
        self.blend_least, self.blend_first, self.blend_until = blend_least, blend_first, blend_until
        self.blend = blend_least

    def set_progress(self, progress: float) -> None:
        """Set the weight of the plain cosine, from the progress and not from state."""
        fall = self.blend_first / self.blend_least - 1
        share = min(1.0, progress / self.blend_until)
        self.blend = self.blend_first / (1 + fall * share)

    def _lengths(self, embeddings_BD: Tensor) -> Tensor | float:
        """Return the factor on the cosines: one for all, or one for each face, [B, 1]."""
        if self.scale > 0:
            return self.scale
        faces_BD = at_least_float32(embeddings_BD)
        return faces_BD.square().sum(1, keepdim=True).clamp(min=1e-12).sqrt()

    def scores(self, embeddings_BD: Tensor) -> Tensor:
        """Return s cos(theta), [B, N]."""
        cos_BN: Tensor = self.centres(embeddings_BD)
        return cos_BN * self._lengths(embeddings_BD)

    def forward(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training logits [B, N]."""
        cos_BN: Tensor = self.centres(embeddings_BD)
        true_B = take_true(cos_BN, labels_B)
        widened_B = multiply_angle(true_B, self.margin)
        target_B = (self.blend * true_B + widened_B) / (1 + self.blend)
        return replace_true(cos_BN, labels_B, target_B) * self._lengths(embeddings_BD)
