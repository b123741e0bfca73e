"""A model to use: one network or several trained alike, from uint8 pictures to embeddings.

Shapes: N faces, H and W pixels, D embedding of one member, S members, P identities.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facesearch.config import RunConfig, as_plain
from facesearch.data.faces import FaceSet
from facesearch.errors import InputError
from facesearch.final.views import VIEWS
from facesearch.heads import Head, build_head
from facesearch.metrics.thresholds import Calibration
from facesearch.models import FaceNetwork, build_network
from facesearch.models.network import normalise
from facesearch.progress import track


@dataclass(frozen=True)
class Threshold:
    """A score above which two faces count as one person's: its rule, and what it was fitted on."""

    value: float
    rule: str
    fitted_on: str
    unit: str = "cosine"


@dataclass(frozen=True)
class Member:
    """One trained network with its head."""

    network: FaceNetwork
    head: Head


def build_member(config: RunConfig, num_identities: int) -> Member:
    """Return an untrained member with the shapes of ``config``."""
    head = build_head(
        as_plain(config.head),
        embedding_dim=config.model.embedding_dim,
        num_identities=num_identities,
    )
    return Member(build_network(config.model, config.data.image_px), head)


class Embedder(nn.Module):
    """From uint8 pictures to unit embeddings: everything that is between them, in one graph.

    The embedding of several members is their unit embeddings one after the other, so that its
    cosine is the mean of theirs.
    """

    def __init__(self, networks: list[FaceNetwork], views: str) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.views = views

    def forward(self, images_NHWC: Tensor) -> Tensor:
        """Map RGB uint8 [N, H, W, 3] to float32 [N, S D] of length 1."""
        return join(self.member_embeddings(images_NHWC))

    def member_embeddings(self, images_NHWC: Tensor) -> list[Tensor]:
        """Return for each member float32 [N, D] of any length, as its head wants it."""
        views = VIEWS[self.views][1](normalise(images_NHWC))
        return [
            torch.stack([network(view) for view in views]).mean(0).float()
            for network in self.networks
        ]


def join(embeddings: list[Tensor]) -> Tensor:
    """Return the unit embedding [N, S D] of the members' embeddings, each [N, D]."""
    parts = [F.normalize(part, dim=1) for part in embeddings]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1) / len(parts) ** 0.5


@dataclass(frozen=True)
class FaceModel:
    """A model that verifies, identifies and classifies faces.

    Args:
        members: At least one, all of the same shapes.
        config: The recipe; its ``data.image_px`` is the size of the pictures.
        identities: Who the heads know, in their order.
        views: A name in `VIEWS`.
        thresholds: By name; frozen, see `facesearch.final.operating_points`.
        calibration: From a score to a probability of one person, where it was fitted.
        provenance: What it was made from.

    """

    members: tuple[Member, ...]
    config: RunConfig
    identities: tuple[str, ...]
    views: str = "flip"
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    calibration: Calibration | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def image_px(self) -> int:
        """Side of the pictures that it takes."""
        return self.config.data.image_px

    @property
    def embedding_dim(self) -> int:
        """Numbers in an embedding."""
        return self.config.model.embedding_dim * len(self.members)

    def embedder(self, views: str | None = None) -> Embedder:
        """Return the network part as one module, in eval mode."""
        networks = [member.network for member in self.members]
        return Embedder(networks, views or self.views).eval()

    def to(self, device: torch.device | str) -> "FaceModel":
        """Move all members to a device, in place; return the model."""
        for member in self.members:
            member.network.to(device)
            member.head.to(device)
        return self

    def with_threshold_of(self, name: str) -> float:
        """Return the value of a threshold.

        Raises:
            InputError: If the model has none of that name.

        """
        if name not in self.thresholds:
            known = ", ".join(sorted(self.thresholds)) or "none"
            raise InputError(f"the model has no threshold '{name}'; it has: {known}.")
        return self.thresholds[name].value

    def embed(self, images_NHWC: "Pictures", views: str | None = None) -> np.ndarray:
        """Return unit embeddings float32 [N, S D] of RGB uint8 pictures [N, H, W, 3]."""
        embeddings = [np.empty((0, self.embedding_dim), np.float32)]
        embeddings += [join(parts).cpu().numpy() for parts in self._batches(images_NHWC, views)]
        return np.concatenate(embeddings)

    def classify(
        self, images_NHWC: "Pictures", top: int = 1, views: str | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the likeliest identities of each picture, the likeliest first.

        Returns:
            Their numbers int64 [N, top] and their probabilities float32 [N, top]: the mean of the
            members' softmax over all identities, which is not calibrated.

        """
        top = min(top, len(self.identities))
        numbers = [np.empty((0, top), np.int64)]
        shares = [np.empty((0, top), np.float32)]
        for parts in self._batches(images_NHWC, views):
            best = self._probabilities(parts).topk(top, dim=1)
            numbers.append(best.indices.cpu().numpy())
            shares.append(best.values.cpu().numpy())
        return np.concatenate(numbers), np.concatenate(shares)

    @torch.inference_mode()
    def _probabilities(self, parts: list[Tensor]) -> Tensor:
        shares = [
            member.head.scores(part).softmax(1)
            for member, part in zip(self.members, parts, strict=True)
        ]
        return torch.stack(shares).mean(0)

    @torch.inference_mode()
    def _batches(self, images_NHWC: "Pictures", views: str | None) -> Iterator[list[Tensor]]:
        """Yield the members' embeddings of 128 pictures at a time, in float32 precision."""
        self._refuse_size(images_NHWC)
        embedder = self.embedder(views)
        device = next(embedder.parameters()).device
        for start in track(range(0, len(images_NHWC), 128), "asking the model"):
            # a memory map cannot be written to, which torch would warn of
            images = np.array(images_NHWC[start : start + 128])
            yield embedder.member_embeddings(torch.from_numpy(images).to(device))

    def _refuse_size(self, images_NHWC: "Pictures") -> None:
        shape, side = images_NHWC[:1].shape, self.image_px
        if shape[1:] != (side, side, 3):
            raise InputError(
                f"the model takes RGB pictures uint8 [N, {side}, {side}, 3], but got [N, "
                f"{', '.join(map(str, shape[1:]))}]; resize them as data/decode.py does."
            )

    def only(self, member: int) -> "FaceModel":
        """Return the model of one member alone; thresholds of the whole do not hold for it."""
        return replace(self, members=(self.members[member],), thresholds={}, calibration=None)


class SetImages:
    """The pictures of a `FaceSet` in its order, as rows that are read when they are asked for."""

    def __init__(self, faces: FaceSet) -> None:
        self.faces = faces

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, rows: slice) -> np.ndarray:
        images: np.ndarray = self.faces.images_NHWC[self.faces.index_M[rows]]
        return images


Pictures = np.ndarray | SetImages
