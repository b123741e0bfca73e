"""What every head is: a loss to train against, and scores to classify with.

Shapes: B faces in a batch, N identities, D embedding.
"""

from torch import Tensor, nn


class Head(nn.Module):
    """A loss over identities. Subclasses give `scores` and `loss`."""

    def scores(self, embeddings_BD: Tensor) -> Tensor:
        """Return logits [B, N] without margin, to classify with."""
        raise NotImplementedError

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the training loss of a batch, a scalar."""
        raise NotImplementedError

    def mixed_loss(
        self, embeddings_BD: Tensor, labels_B: Tensor, other_B: Tensor, share_B: Tensor
    ) -> Tensor:
        """Return the loss of faces that are ``share_B`` of one identity and the rest of another."""
        raise NotImplementedError(f"{type(self).__name__} needs one identity a face")

    def set_progress(self, progress: float) -> None:
        """Tell the head how much of the training is done, in [0, 1]; most heads do not care."""
