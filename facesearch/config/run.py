"""One training run: the same model serves a trial, a single run, `finalize` and a test."""

from pathlib import Path
from typing import Any

from pydantic import model_validator

from facesearch.config.augment import AugmentConfig
from facesearch.config.faces import DataConfig
from facesearch.config.heads import ArcFaceHead, HeadConfig
from facesearch.config.model import ModelConfig
from facesearch.config.optim import OptimConfig, TrainConfig
from facesearch.config.part import Part, refuse

# Whether it holds, the field, and the rest of the sentence: what `refuse` takes.
Fault = tuple[bool, str, str]
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

    @model_validator(mode="after")
    def _fits_together(self) -> "RunConfig":
        refuse(self._too_small_images(), *self._mixed_faces(), *self._lonely_faces())
        return self

    def _too_small_images(self) -> Fault:
        model, image_px = self.model, self.data.image_px
        if model.network == "cnn":
            halvings = model.num_stages - 1 + STEM_HALVINGS[model.stem]
            least, why = 2**halvings, f"is halved {halvings} times by model"
        else:
            least, why = LEAST_IMAGE_PX.get(model.network, 16), f"is too small for {model.network}"
        rest = f"{image_px} {why}; use image_px >= {least} or fewer num_stages"
        return image_px < least, "data.image_px", rest

    def _mixed_faces(self) -> list[Fault]:
        """Mixup and cutmix give a picture two identities; not every loss can take them."""
        head = self.head
        mixing = [name for name in ("mixup_alpha", "cutmix_alpha") if getattr(self.augment, name)]
        wants_one = (
            "gives a picture two identities, but the margin or the pairs of head "
            f"{head.type} need one; write 0, or a head of type softmax or normface"
        )
        pulls = "gives a picture two identities, but head.center_weight pulls it to one; write 0"
        return [
            *((not head.takes_soft_labels, f"augment.{name}", wants_one) for name in mixing),
            *((head.center_weight > 0, f"augment.{name}", pulls) for name in mixing),
        ]

    def _lonely_faces(self) -> list[Fault]:
        head, train = self.head, self.train
        return [
            (
                head.is_pair_based and train.sampling in ("shuffle", "balanced"),
                "train.sampling",
                f"{train.sampling} leaves most faces of a batch without a second one of the same "
                f"person, which head {head.type} needs; write identities",
            ),
            (
                self.sampling == "identities" and train.batch_size < 2 * train.faces_per_identity,
                "train.batch_size",
                f"{train.batch_size} holds fewer than 2 identities of train.faces_per_identity "
                f"{train.faces_per_identity}; use a larger batch",
            ),
        ]


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
