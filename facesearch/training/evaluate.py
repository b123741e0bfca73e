"""What a network is worth: embeddings of faces, and the metrics that a sweep ranks by.

Shapes: N faces, D embedding. Scores of a sweep come from faces held out of training only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from facesearch.data.faces import Faces, FaceSet
from facesearch.errors import TrialFailure
from facesearch.heads import Head
from facesearch.metrics.identification import gallery_and_probes, hits_at_rank
from facesearch.metrics.tar import tar_of_all_pairs
from facesearch.models.network import normalise

Autocast = Callable[[], torch.autocast]
# Faces that are embedded at a time, and the false accept rate of `val/tar_at_far_1e-3`.
EMBEDDED_AT_A_TIME, FAR = 256, 1e-3


def take(faces: FaceSet, positions: np.ndarray, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return normalised images [B, 3, H, W] and labels [B] of some faces, on ``device``."""
    images = torch.from_numpy(faces.images_NHWC[faces.index_M[positions]]).to(device)
    return normalise(images), torch.from_numpy(faces.labels_M[positions]).to(device)


@torch.inference_mode()
def embed(
    network: nn.Module,
    faces: FaceSet,
    autocast: Autocast,
    *,
    has_mirror: bool,
    batch_size: int = EMBEDDED_AT_A_TIME,
) -> Tensor:
    """Return embeddings float32 [N, D] of all faces, on the CPU.

    Args:
        network: Set to eval mode here.
        faces: The faces, in order.
        autocast: Gives the precision's context.
        has_mirror: Add the embedding of the mirror image (twice the cost, a little better).
        batch_size: Faces at a time.

    Raises:
        TrialFailure: With outcome ``diverged`` if a number of an embedding is not finite.

    """
    network.eval()
    device = next(network.parameters()).device
    vectors = torch.empty(0, 0)
    for start in range(0, len(faces), batch_size):
        positions = np.arange(start, min(start + batch_size, len(faces)))
        images, _ = take(faces, positions, device)
        with autocast():
            embeddings = network(images)
            if has_mirror:
                embeddings = (embeddings + network(images.flip(3))) / 2
        part = embeddings.float().cpu()
        if not start:
            vectors = torch.empty(len(faces), part.shape[1])
        vectors[start : start + len(part)] = part
    if not bool(torch.isfinite(vectors).all()):
        raise TrialFailure("diverged", "the loss is finite, but not every embedding is")
    return vectors


@torch.inference_mode()
def closed_set_top1(head: Head, embeddings_ND: Tensor, labels_N: np.ndarray) -> float:
    """Return the fraction of faces that the head gives to their own identity (NaN if none)."""
    if not len(labels_N):
        return float("nan")
    return float((predict(head, embeddings_ND) == labels_N).mean())


@torch.inference_mode()
def predict(head: Head, embeddings_ND: Tensor, batch_size: int = EMBEDDED_AT_A_TIME) -> np.ndarray:
    """Return the number of the best identity for each embedding, int64 [N].

    At a time as many as a batch of the training may have: a score of each identity is held for
    each of them.
    """
    device = next(iter(head.state_dict().values())).device
    parts = []
    for part in torch.split(embeddings_ND, batch_size):
        parts.append(head.scores(part.to(device)).argmax(1))
    return torch.cat(parts).cpu().numpy()


@dataclass(frozen=True)
class Evaluation:
    """What a network is worth on held-out faces.

    Args:
        metrics: ``val/rank1``, ``val/tar_at_far_1e-3``, ``val/top1``: those that the faces allow.
        hits: Correct rank-1 probes of each held-out identity, and how many probes each has: what
            ``val/rank1`` is the ratio of. Two networks of the same faces can be compared by it.

    """

    metrics: dict[str, float] = field(default_factory=dict)
    hits: tuple[list[int], list[int]] | None = None


def evaluate(network: nn.Module, head: Head, faces: Faces, autocast: Autocast) -> Evaluation:
    """Return what a network is worth on the faces that are held out of training."""
    metrics: dict[str, float] = {}
    hits = None
    if len(faces.strangers):
        vectors = embed(network, faces.strangers, autocast, has_mirror=False).numpy()
        labels = faces.strangers.labels_M
        gallery, probes = gallery_and_probes(labels)
        is_hit = hits_at_rank(vectors[gallery], labels[gallery], vectors[probes], labels[probes])
        metrics["val/rank1"] = float(is_hit.mean()) if len(is_hit) else float("nan")
        hits = _by_identity(labels[probes], is_hit)
        metrics["val/tar_at_far_1e-3"] = tar_of_all_pairs(vectors, labels, FAR)
    if len(faces.closed):
        closed = embed(network, faces.closed, autocast, has_mirror=False)
        metrics["val/top1"] = closed_set_top1(head, closed, faces.closed.labels_M)
    return Evaluation(metrics, hits)


def _by_identity(labels_P: np.ndarray, is_hit_P: np.ndarray) -> tuple[list[int], list[int]]:
    probes = np.bincount(labels_P)
    hits = np.bincount(labels_P, weights=is_hit_P).astype(int)
    return hits.tolist(), probes.tolist()
