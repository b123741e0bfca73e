"""One training run: the same model serves a trial, a single run, `finalize` and a test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facesearch.config.augment import AugmentConfig
from facesearch.config.faces import DataConfig
from facesearch.config.heads import ArcFaceHead, HeadConfig
from facesearch.config.model import ModelConfig
from facesearch.config.optim import OptimConfig, TrainConfig
from facesearch.config.part import Conflicts, Part, rule

# Halvings of the image by a stem, before the first stage.
STEM_HALVINGS = {"small": 0, "large": 1, "resnet": 2, "patch": 2}
LEAST_IMAGE_PX = {"mobilefacenet": 32, "convnext_tiny": 32}


class RunConfig(Part):
    """One training run."""

    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    model: ModelConfig = ModelConfig()
    head: HeadConfig = ArcFaceHead(type="arcface")
    optim: OptimConfig = OptimConfig()
    train: TrainConfig = TrainConfig()

    @property
    def sampling(self) -> str:
        """Who is in a batch, with ``auto`` decided by the head."""
        if self.train.sampling != "auto":
            return self.train.sampling
        return "identities" if self.head.is_pair_based else "shuffle"

    @rule
    def _too_small_images(self) -> Conflicts:
        model, image_px = self.model, self.data.image_px
        if model.network == "cnn":
            halvings = model.num_stages - 1 + STEM_HALVINGS[model.stem]
            least, why = 2**halvings, f"is halved {halvings} times by model"
            cure = f"use image_px >= {least} or fewer num_stages"
        else:
            least, why = LEAST_IMAGE_PX.get(model.network, 16), f"is too small for {model.network}"
            cure = f"use image_px >= {least}"
        if image_px < least:
            yield "data.image_px", f"{image_px} {why}; {cure}"

    @rule
    def _mixed_faces(self) -> Conflicts:
        """Mixup and cutmix give a picture two identities; not every loss can take them."""
        if not self.head.takes_soft_labels:
            for name in self._mixing():
                yield (
                    name,
                    "gives a picture two identities, but the margin or the pairs of head "
                    f"{self.head.type} need one; write 0, or a head of type softmax or normface",
                )

    @rule
    def _pulled_faces(self) -> Conflicts:
        if self.head.center_weight > 0:
            for name in self._mixing():
                yield (
                    name,
                    "gives a picture two identities, but head.center_weight pulls it to one; "
                    "write 0",
                )

    def _mixing(self) -> Iterator[str]:
        """Yield what gives a picture two identities."""
        if self.augment.mixup_alpha:
            yield "augment.mixup_alpha"
        if self.augment.cutmix_alpha:
            yield "augment.cutmix_alpha"

    @rule
    def _lonely_faces(self) -> Conflicts:
        sampling = self.train.sampling
        if sampling in ("shuffle", "balanced") and self.head.is_pair_based:
            yield (
                "train.sampling",
                f"{sampling} leaves most faces of a batch without a second one of the same "
                f"person, which head {self.head.type} needs; write identities",
            )

    @rule
    def _lonely_identities(self) -> Conflicts:
        train = self.train
        if self.sampling == "identities" and train.batch_size < 2 * train.faces_per_identity:
            yield (
                "train.batch_size",
                f"{train.batch_size} holds fewer than 2 identities of train.faces_per_identity "
                f"{train.faces_per_identity}; use a larger batch",
            )


def placeless(plain: Any) -> Any:
    """Return a config, as plain JSON, without where its faces are and what is reserved of them.

    They may be moved, and what is reserved shows in the fingerprint of those that are trained on.
    """
    if not isinstance(plain, dict) or not isinstance(plain.get("data"), dict):
        return plain
    data = {name: value for name, value in plain["data"].items() if name not in ("root", "reserve")}
    return {**plain, "data": data}


def absolute_root(config: RunConfig, root: str | None) -> RunConfig:
    """Return ``config`` reading the faces of ``root``, as an absolute path (None: unchanged)."""
    chosen = root if root is not None else config.data.root
    if chosen is None:
        return config
    data = config.data.model_copy(update={"root": str(Path(chosen).expanduser().resolve())})
    return config.model_copy(update={"data": data})
