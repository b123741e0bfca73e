"""Losses over identities: what an embedding is trained against.

Every head has ``loss`` (a scalar) and ``scores(embeddings)`` (logits without margin, to classify
with). Names and settings are those of `facesearch.config.heads`; here they become code.
"""

from collections.abc import Mapping
from typing import Any

from facesearch.errors import InputError, did_you_mean
from facesearch.heads.adaface import AdaFace
from facesearch.heads.arcface import ArcFace
from facesearch.heads.center_loss import WithCenterLoss
from facesearch.heads.combined import Combined
from facesearch.heads.cosface import CosFace
from facesearch.heads.curricularface import CurricularFace
from facesearch.heads.elasticface import ElasticFace
from facesearch.heads.head import Head
from facesearch.heads.magface import MagFace
from facesearch.heads.normface import NormFace
from facesearch.heads.pairs import Circle, MultiSimilarity, SupCon, Triplet
from facesearch.heads.softmax import Softmax
from facesearch.heads.sphereface import SphereFace
from facesearch.heads.subcenter_arcface import SubCenterArcFace
from facesearch.heads.uniface import UniFace

__all__ = ["HEADS", "Head", "build_head"]

HEADS: dict[str, type[Head]] = {
    "softmax": Softmax,
    "normface": NormFace,
    "sphereface": SphereFace,
    "cosface": CosFace,
    "arcface": ArcFace,
    "combined": Combined,
    "subcenter_arcface": SubCenterArcFace,
    "adaface": AdaFace,
    "magface": MagFace,
    "curricularface": CurricularFace,
    "elasticface": ElasticFace,
    "uniface": UniFace,
    "triplet": Triplet,
    "supcon": SupCon,
    "circle": Circle,
    "multi_similarity": MultiSimilarity,
}

# Settings that every head has and that belong to the optimiser, or are added around the head.
_SHARED = ("type", "lr_factor", "center_weight")


def build_head(settings: Mapping[str, Any], *, embedding_dim: int, num_identities: int) -> Head:
    """Return the head that a config names.

    Args:
        settings: ``type``, a name in `HEADS`, and the head's keyword arguments.
        embedding_dim: D.
        num_identities: N.

    Raises:
        InputError: If the type is unknown.

    """
    name = str(settings.get("type", ""))
    if name not in HEADS:
        raise InputError(f"head.type: unknown head '{name}'{did_you_mean(name, HEADS)}")
    own = {key: value for key, value in settings.items() if key not in _SHARED}
    head = HEADS[name](embedding_dim, num_identities, **own)
    weight = float(settings.get("center_weight", 0.0))
    return WithCenterLoss(head, embedding_dim, num_identities, weight) if weight > 0 else head
