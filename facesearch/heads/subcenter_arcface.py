"""Sub-center ArcFace: each identity has several centres, and the nearest one counts."""

import functools
from typing import Any

import torch
from torch import Tensor

from facesearch.heads.arcface import ArcFace
from facesearch.heads.cosine import CosineCentres

# How far apart the centres of an identity start, as a part of random ones' distance.
_SPREAD = 0.01


class SubCenters(CosineCentres):
    """Several learnt directions for each identity.

    Source:
        Sub-center ArcFace, Deng et al. 2020 (ECCV), sec. 3.2: the maximum over the K centres.
    """

    def __init__(self, embedding_dim: int, num_identities: int, centres: int) -> None:
        super().__init__(embedding_dim, num_identities * centres)
        self.num_centres = centres
        # From one place: random centres would split the few pictures of a person among them.
        with torch.no_grad():
            first_NKD = self.weight.view(num_identities, centres, embedding_dim)
            first_NKD.copy_(first_NKD[:, :1] + _SPREAD * (first_NKD - first_NKD[:, :1]))

    def forward(self, embeddings_BD: Tensor) -> Tensor:
        """Return the cosine of each face to the nearest centre of each identity, [B, N]."""
        cos_BM: Tensor = super().forward(embeddings_BD)
        cos_BNK = cos_BM.view(len(cos_BM), -1, self.num_centres)
        # one after the other: the gradient of amax would count ties in 8-byte integers, [B, N]
        return functools.reduce(torch.maximum, cos_BNK.unbind(2))


class SubCenterArcFace(ArcFace):
    """ArcFace for noisy labels: wrong pictures gather at a centre of their own.

    Args:
        embedding_dim: D.
        num_identities: N.
        centres: K; 3 in the paper.
        **arcface: Arguments of `ArcFace`.

    """

    def __init__(
        self, embedding_dim: int, num_identities: int, *, centres: int = 3, **arcface: Any
    ) -> None:
        super().__init__(embedding_dim, num_identities, **arcface)
        self.centres = SubCenters(embedding_dim, num_identities, centres)
