"""Losses over identities: what an embedding is trained against.

Every head has ``forward(embeddings, labels)`` (training logits with margin), ``loss`` (a scalar)
and ``scores(embeddings)`` (logits without margin, to classify with). A head takes plain keyword
arguments.
"""

from collections.abc import Mapping
from typing import Any

from torch import nn

from facesearch.errors import InputError, did_you_mean
from facesearch.heads.adaface import AdaFace
from facesearch.heads.arcface import ArcFace
from facesearch.heads.cosface import CosFace
from facesearch.heads.normface import NormFace
from facesearch.heads.softmax import Softmax

HEADS: dict[str, type[nn.Module]] = {
    "softmax": Softmax,
    "normface": NormFace,
    "cosface": CosFace,
    "arcface": ArcFace,
    "adaface": AdaFace,
}


def build_head(
    settings: Mapping[str, Any], *, embedding_dim: int, num_identities: int
) -> nn.Module:
    """Return the head that a config names.

    Args:
        settings: ``type``, a name in `HEADS`, and the head's keyword arguments.
        embedding_dim: D.
        num_identities: N.

    Raises:
        InputError: If the type is unknown.

    """
    arguments = dict(settings)
    name = str(arguments.pop("type", ""))
    if name not in HEADS:
        raise InputError(f"head.type: unknown head '{name}'{did_you_mean(name, HEADS)}")
    return HEADS[name](embedding_dim, num_identities, **arguments)
