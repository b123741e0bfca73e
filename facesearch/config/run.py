"""One training run: the same model serves a trial, a single run, `finalize` and a test."""

from pathlib import Path

from pydantic import model_validator

from facesearch.config.augment import AugmentConfig
from facesearch.config.faces import DataConfig
from facesearch.config.heads import ArcFaceHead, HeadConfig
from facesearch.config.model import ModelConfig
from facesearch.config.optim import OptimConfig, TrainConfig
from facesearch.config.part import Part, refuse

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
    def _image_survives_the_stages(self) -> "RunConfig":
        model, image_px = self.model, self.data.image_px
        if model.network == "cnn":
            halvings = model.num_stages - 1 + STEM_HALVINGS[model.stem]
            least, why = 2**halvings, f"is halved {halvings} times by model"
        else:
            least, why = LEAST_IMAGE_PX.get(model.network, 16), f"is too small for {model.network}"
        refuse(
            (
                image_px < least,
                f"data.image_px {image_px} {why}; use image_px >= {least} or fewer num_stages",
            )
        )
        return self

    @model_validator(mode="after")
    def _head_and_batches_agree(self) -> "RunConfig":
        head, train = self.head, self.train
        refuse(
            (
                self.augment.mixes and not head.takes_soft_labels,
                f"augment.mixup_alpha and cutmix_alpha give a picture two identities, but the "
                f"margin or the pairs of head {head.type} need one; write 0, or a head of type "
                "softmax or normface",
            ),
            (
                self.augment.mixes and head.center_weight > 0,
                "head.center_weight pulls a picture to one identity, but augment.mixup_alpha and "
                "cutmix_alpha give it two; write 0 for one of them",
            ),
            (
                head.is_pair_based and train.sampling in ("shuffle", "balanced"),
                f"train.sampling {train.sampling} leaves most faces of a batch without a second "
                f"one of the same person, which head {head.type} needs; write identities",
            ),
            (
                self.sampling == "identities" and train.batch_size < 2 * train.faces_per_identity,
                f"train.batch_size {train.batch_size} holds fewer than 2 identities of "
                f"train.faces_per_identity {train.faces_per_identity}; use a larger batch",
            ),
        )
        return self


def absolute_root(config: RunConfig, root: str | None) -> RunConfig:
    """Return ``config`` reading the faces of ``root``, as an absolute path (None: unchanged)."""
    chosen = root if root is not None else config.data.root
    if chosen is None:
        return config
    data = config.data.model_copy(update={"root": str(Path(chosen).expanduser().resolve())})
    return config.model_copy(update={"data": data})
