"""What all cosine heads share: identity centres, and changing one logit a face.

Shapes: B batch, N identities, D embedding. Cosines are computed in float32 or better, also under
autocast: a margin of 0.2 does not survive bf16's three digits.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CosineCentres(nn.Module):
    """One learnt direction for each identity."""

    def __init__(self, embedding_dim: int, num_identities: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_identities, embedding_dim))
        nn.init.normal_(self.weight, std=embedding_dim**-0.5)

    def forward(self, embeddings_BD: Tensor) -> Tensor:
        """Return the cosine of each face to each centre, [B, N], in [-1, 1] up to rounding."""
        return cosines(embeddings_BD, self.weight)


def cosines(embeddings_BD: Tensor, directions_ND: Tensor) -> Tensor:
    """Return the cosine of each face to each direction, [B, N], in float32 or better."""
    embeddings_BD = at_least_float32(embeddings_BD)
    with torch.autocast(embeddings_BD.device.type, enabled=False):
        directions_ND = directions_ND.to(embeddings_BD.dtype)
        return F.linear(F.normalize(embeddings_BD), F.normalize(directions_ND))


def at_least_float32(values: Tensor) -> Tensor:
    """Return float64 as it is and anything shorter as float32."""
    return values if values.dtype == torch.float64 else values.float()


def take_true(values_BN: Tensor, labels_B: Tensor) -> Tensor:
    """Return the column of each face's own identity, [B]."""
    return values_BN.gather(1, labels_B[:, None])[:, 0]


def replace_true(values_BN: Tensor, labels_B: Tensor, new_B: Tensor) -> Tensor:
    """Return a copy with another value for each face's own identity; no one-hot is made."""
    return values_BN.scatter(1, labels_B[:, None], new_B[:, None].to(values_BN.dtype))
