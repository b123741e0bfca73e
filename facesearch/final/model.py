"""A model to use: one network or several trained alike, from images to embeddings.

Shapes: N faces, H and W pixels, D embedding of one member, S members, P identities.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facesearch.config import RunConfig, as_plain
from facesearch.data.box import Box
from facesearch.data.faces import FaceSet
from facesearch.data.geometry import MeanFace
from facesearch.errors import InputError
from facesearch.final.images_in import Images, each_image
from facesearch.final.pictures import BATCH, picture_batches
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

    @property
    def is_usable(self) -> bool:
        """Whether some cosines are above it and others not; a number that is not finite is none."""
        return -1 <= self.value <= 1


@dataclass(frozen=True)
class Temperature:
    """What the log probabilities of the trained identities are divided by; and fitted on what."""

    value: float
    fitted_on: str


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
        """Return for each member float32 [N, D] of any length, as its head wants it.

        Raises:
            InputError: For anything but uint8: floats would be taken for pixels.

        """
        if images_NHWC.dtype != torch.uint8:
            raise InputError(
                f"the network takes RGB uint8 [N, H, W, 3] in [0, 255], but got {images_NHWC.dtype}"
                f" {list(images_NHWC.shape)}; write model.embed(images), which takes floats too."
            )
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
        temperature: What makes the probabilities of `classify` calibrated, where it was fitted.
        provenance: What it was made from.
        mean_face: How its training faces are cropped; None where it is not known, or they are of
            so few identities that it may show one.
        box: The part of each image that is taken; None: its centre square. It belongs to the
            images and not to the model, so it is not saved; a `SetImages` is cut already.

    """

    members: tuple[Member, ...]
    config: RunConfig
    identities: tuple[str, ...]
    views: str = "flip"
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    calibration: Calibration | None = None
    temperature: Temperature | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    mean_face: MeanFace | None = None
    box: Box | None = None

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

    def embed(self, images: "Images | SetImages", views: str | None = None) -> np.ndarray:
        """Return unit embeddings float32 [N, S D] of images; of a single one [1, S D].

        Args:
            images: A path, a PIL image, an array or tensor, or several: see
                `facesearch.final.images_in`. They are cropped and resized as in training. Colours
                of arrays are red, green, blue: OpenCV's order is not noticed, and gives other
                embeddings.
            views: A name in `VIEWS` instead of the model's own.

        Raises:
            InputError: With all images that cannot be read; for an array whose shape or range of
                values has more than one meaning.

        """
        embeddings = [np.empty((0, self.embedding_dim), np.float32)]
        embeddings += [join(parts).cpu().numpy() for parts in self._batches(images, views)]
        return np.concatenate(embeddings)

    def classify(
        self, images: "Images | SetImages", top: int = 1, views: str | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the likeliest identities of each image, the likeliest first.

        Args:
            images: As of `embed`.
            top: Identities an image; all of them if there are fewer.
            views: A name in `VIEWS` instead of the model's own.

        Returns:
            Their numbers int64 [N, top] and their probabilities float32 [N, top]: the mean of the
            members' softmax over all identities, which is not calibrated unless the model has a
            ``temperature``. Somebody else gets one of these identities as well.

        Raises:
            InputError: As `embed`.

        """
        return self.embed_and_classify(images, top, views)[1:]

    def embed_and_classify(
        self, images: "Images | SetImages", top: int = 1, views: str | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what `embed` and `classify` return, of one pass through the networks."""
        top = min(top, len(self.identities))
        rows = [np.empty((0, self.embedding_dim), np.float32)]
        numbers = [np.empty((0, top), np.int64)]
        shares = [np.empty((0, top), np.float32)]
        for parts in self._batches(images, views):
            best, share = self._likeliest(parts, top)
            rows.append(join(parts).cpu().numpy())
            numbers.append(best.cpu().numpy())
            shares.append(share.cpu().numpy())
        return np.concatenate(rows), np.concatenate(numbers), np.concatenate(shares)

    @torch.inference_mode()
    def log_probabilities(self, images: "Images | SetImages") -> np.ndarray:
        """Return the log of the mean of the members' softmax, float32 [N, P], not calibrated."""
        rows = [np.empty((0, len(self.identities)), np.float32)]
        rows += [self._log_probabilities(parts).cpu().numpy() for parts in self._batches(images)]
        return np.concatenate(rows)

    @torch.inference_mode()
    def _likeliest(self, parts: list[Tensor], top: int) -> tuple[Tensor, Tensor]:
        scores = self._scores(parts)
        best = torch.stack([score.softmax(1) for score in scores]).mean(0).topk(top, dim=1)
        if self.temperature is None:
            return best.indices, best.values
        # the order stays: the temperature is of the mean's logarithm
        shares = (self._log_probabilities(parts) / self.temperature.value).softmax(1)
        return best.indices, shares.gather(1, best.indices)

    def _log_probabilities(self, parts: list[Tensor]) -> Tensor:
        logs = torch.stack([score.log_softmax(1) for score in self._scores(parts)])
        return logs.logsumexp(0) - math.log(len(logs))

    def _scores(self, parts: list[Tensor]) -> list[Tensor]:
        return [member.head.scores(part) for member, part in zip(self.members, parts, strict=True)]

    @torch.inference_mode()
    def _batches(
        self, images: "Images | SetImages", views: str | None = None
    ) -> Iterator[list[Tensor]]:
        """Yield the members' embeddings of 128 images at a time, in float32 precision."""
        embedder = self.embedder(views)
        device = next(embedder.parameters()).device
        for pixels_NHWC in self._pixels(images):
            yield embedder.member_embeddings(torch.from_numpy(pixels_NHWC).to(device))

    def _pixels(self, images: "Images | SetImages") -> Iterator[np.ndarray]:
        """Yield uint8 [128 or fewer, H, W, 3] of the model's size."""
        if not isinstance(images, SetImages):
            yield from picture_batches(each_image(images), self.image_px, box=self.box)
            return
        for start in track(range(0, len(images), BATCH), "asking the model"):
            # a memory map cannot be written to, which torch would warn of
            yield np.array(images[start : start + BATCH])

    def only(self, member: int) -> "FaceModel":
        """Return the model of one member alone; what was fitted on the whole is not its."""
        return replace(
            self, members=(self.members[member],), thresholds={}, calibration=None,
            temperature=None,
        )  # fmt: skip


class SetImages:
    """The pictures of a `FaceSet` in its order, as rows that are read when they are asked for."""

    def __init__(self, faces: FaceSet) -> None:
        self.faces = faces

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, rows: slice) -> np.ndarray:
        images: np.ndarray = self.faces.images_NHWC[self.faces.index_M[rows]]
        return images
