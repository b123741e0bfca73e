"""Center loss: an add-on to any head that pulls each face to the mean of its identity."""

import torch
from torch import Tensor

from facesearch.heads.cosine import at_least_float32
from facesearch.heads.head import Head

_RATE = 0.5


class WithCenterLoss(Head):
    """A head and, with a weight, half the squared distance of each face to its identity's mean.

    Args:
        head: The head that is added to.
        embedding_dim: D.
        num_identities: N.
        weight: lambda of the paper; 0.003 there.

    Source:
        Wen et al. 2016 (ECCV), eq. 2 and 4: the means are no weights of the optimiser, they move
        towards their faces by alpha = 0.5 over (1 + faces of the identity in the batch).

    """

    means: Tensor

    def __init__(self, head: Head, embedding_dim: int, num_identities: int, weight: float) -> None:
        super().__init__()
        self.head, self.weight = head, weight
        self.register_buffer("means", torch.zeros(num_identities, embedding_dim))

    def scores(self, embeddings_BD: Tensor) -> Tensor:
        """Return the head's logits [B, N]."""
        return self.head.scores(embeddings_BD)

    def set_progress(self, progress: float) -> None:
        """Tell the head."""
        self.head.set_progress(progress)

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the head's loss and the pull; while training, the means follow the batch."""
        faces_BD = at_least_float32(embeddings_BD)
        pull = (faces_BD - self.means[labels_B]).square().sum(1).mean() / 2
        if self.training:
            self._follow(faces_BD.detach(), labels_B)
        return self.head.loss(embeddings_BD, labels_B) + self.weight * pull

    def _follow(self, faces_BD: Tensor, labels_B: Tensor) -> None:
        counts = torch.bincount(labels_B, minlength=len(self.means))[labels_B]
        # each face moves its mean by its share of 1 / (1 + faces of the identity)
        change_BD = (faces_BD - self.means[labels_B]) * (_RATE / (1 + counts))[:, None]
        # without a look at the values: that would make a GPU wait in every step
        sound_BD = torch.where(torch.isfinite(change_BD).all(), change_BD, 0.0)
        self.means.index_add_(0, labels_B, sound_BD.to(self.means.dtype))
