"""The pair-based heads: losses of pytorch-metric-learning between the faces of a batch.

They have no weights of their own. To classify, each keeps the running mean direction of every
identity. The library takes 2 s to import, so it is imported when a head is built.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from facesearch.heads.cosine import at_least_float32, cosines
from facesearch.heads.head import Head

# Weight of a batch in an identity's mean: embeddings move fast, old ones mislead.
_RATE = 0.5


class PairHead(Head):
    """A loss between pairs of faces, and a mean direction an identity to classify with.

    Args:
        embedding_dim: D.
        num_identities: N.

    """

    means: Tensor

    def __init__(self, embedding_dim: int, num_identities: int) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(num_identities, embedding_dim))

    def pair_loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the loss between the faces of a batch, a scalar."""
        raise NotImplementedError

    def scores(self, embeddings_BD: Tensor) -> Tensor:
        """Return the cosine of each face to each identity's mean, [B, N]."""
        return cosines(embeddings_BD, self.means)

    def loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the loss of a batch; while training, the means follow it."""
        embeddings_BD = at_least_float32(embeddings_BD)
        if self.training:
            self._follow(F.normalize(embeddings_BD.detach()), labels_B)
        with torch.autocast(embeddings_BD.device.type, enabled=False):
            return self.pair_loss(embeddings_BD, labels_B)

    def _follow(self, unit_BD: Tensor, labels_B: Tensor) -> None:
        present, number_B, counts = torch.unique(labels_B, return_inverse=True, return_counts=True)
        sums = unit_BD.new_zeros(len(present), unit_BD.shape[1]).index_add_(0, number_B, unit_BD)
        fresh = (sums / counts[:, None]).to(self.means.dtype)
        if bool(torch.isfinite(fresh).all()):
            is_new = (self.means[present] == 0).all(1, keepdim=True)
            moved = torch.lerp(self.means[present], fresh, _RATE)
            self.means[present] = torch.where(is_new, fresh, moved)


class Triplet(PairHead):
    """Triplet loss with mining in the batch.

    Args:
        embedding_dim: D.
        num_identities: N.
        margin: Between the distances of unit vectors.
        scale: Factor on the distances. The gradient of a distance is small beside that of the other
            heads' scaled cosines, so without it they would need another learning rate.
        mining: Which triplets of those that violate the margin: ``all``, ``hard`` (another person
            is nearer than the same one) or ``semihard`` (the margin alone is violated). A batch of
            64 has few semihard ones that tell anything; the paper's had 1,800.

    Source:
        FaceNet, Schroff et al. 2015 (arXiv:1503.03832), eq. 2, with plain distances for its squared
        ones: those let all embeddings fall together, as Hermans et al. 2017 (arXiv:1703.07737),
        sec. 2, found too.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        margin: float = 0.2,
        scale: float = 20.0,
        mining: str = "all",
    ) -> None:
        super().__init__(embedding_dim, num_identities)
        from pytorch_metric_learning import losses, miners

        self.scale = scale
        self.criterion: Any = losses.TripletMarginLoss(margin=margin)
        self.miner: Any = miners.TripletMarginMiner(margin=margin, type_of_triplets=mining)

    def pair_loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the mean over the mined triplets that violate the margin."""
        loss: Tensor = self.criterion(embeddings_BD, labels_B, self.miner(embeddings_BD, labels_B))
        return self.scale * loss


class _Criterion(PairHead):
    """A head that is one loss of the library."""

    criterion: Any

    def pair_loss(self, embeddings_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Return the library's loss over all pairs of the batch."""
        loss: Tensor = self.criterion(embeddings_BD, labels_B)
        return loss


class SupCon(_Criterion):
    """Supervised contrastive loss (Khosla et al. 2020, arXiv:2004.11362, eq. 2).

    Args:
        embedding_dim: D.
        num_identities: N.
        temperature: Divides the cosines; 0.1 in the paper.

    """

    def __init__(
        self, embedding_dim: int, num_identities: int, *, temperature: float = 0.1
    ) -> None:
        super().__init__(embedding_dim, num_identities)
        from pytorch_metric_learning import losses

        self.criterion = losses.SupConLoss(temperature=temperature)


class Circle(_Criterion):
    """Circle loss in its pair form (Sun et al. 2020, arXiv:2002.10857, eq. 6).

    Args:
        embedding_dim: D.
        num_identities: N.
        relaxation: m; 0.4 in the library, 0.25 in the paper's face experiments.
        scale: gamma; 80 in the library, 256 there. Large ones listen to a few pairs of a batch.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        relaxation: float = 0.4,
        scale: float = 32.0,
    ) -> None:
        super().__init__(embedding_dim, num_identities)
        from pytorch_metric_learning import losses

        self.criterion = losses.CircleLoss(m=relaxation, gamma=scale)


class MultiSimilarity(_Criterion):
    """Multi-similarity loss (Wang et al. 2019, arXiv:1904.06627, eq. 15).

    Args:
        embedding_dim: D.
        num_identities: N.
        positive_scale: alpha; 2 in the paper.
        negative_scale: beta; 50 there, where batches were larger.
        base: lambda, a cosine; 0.5 in the library, 1 in the paper.

    """

    def __init__(
        self,
        embedding_dim: int,
        num_identities: int,
        *,
        positive_scale: float = 2.0,
        negative_scale: float = 20.0,
        base: float = 0.5,
    ) -> None:
        super().__init__(embedding_dim, num_identities)
        from pytorch_metric_learning import losses

        self.criterion = losses.MultiSimilarityLoss(positive_scale, negative_scale, base)
