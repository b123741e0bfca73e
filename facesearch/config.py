"""One training run, typed: the same model serves a trial, a single run, `finalize` and a test.

Every field carries a sentence with its unit. A contradiction is refused here and nowhere else.
Not in this module: holes and distributions (`space.py`).
"""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

OBJECTIVE_METRICS = ("val/rank1", "val/tar_at_far_1e-3", "val/top1")
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class SyntheticConfig(_Part):
    """The generated faces that stand in when no folder is given."""

    num_identities: int = Field(96, ge=4, le=100_000, description="Generated people, a count.")
    faces_per_identity: int = Field(16, ge=3, le=1000, description="Pictures of each, a count.")
    seed: int = Field(0, ge=0, description="Seed of the generator; another seed, other people.")


class DataConfig(_Part):
    """Which faces, at which size, and who is held out of training to rank the trials."""

    root: str | None = Field(None, description="Folder of faces; none means generated faces.")
    image_px: int = Field(64, ge=16, le=512, description="Side of the square image in pixels.")
    held_out_identities: float = Field(
        0.15, gt=0, lt=1, description="Fraction of the identities held out as strangers."
    )
    held_out_faces: float = Field(
        0.15, ge=0, lt=1, description="Fraction of each trained identity's faces kept for val/top1."
    )
    allow_corrupt: int = Field(
        0, ge=0, description="Unreadable training pictures that are left out, at most; a count."
    )
    split_seed: int = Field(0, ge=0, description="Seed of both splits; the same for all trials.")
    synthetic: SyntheticConfig = SyntheticConfig()


class AugmentConfig(_Part):
    """Random changes of a training image, batched on the device; 0 switches one off."""

    flip_probability: float = Field(0.5, ge=0, le=1, description="Chance of a mirror image.")
    shift_fraction: float = Field(0.08, ge=0, le=0.5, description="Largest shift / image side.")
    rotate_deg: float = Field(8.0, ge=0, le=90, description="Largest rotation in degrees.")
    scale_fraction: float = Field(0.1, ge=0, le=0.5, description="Largest change of size.")
    brightness: float = Field(0.2, ge=0, le=1, description="Largest added light, 1 = full range.")
    contrast: float = Field(0.2, ge=0, le=1, description="Largest relative change of contrast.")
    grey_probability: float = Field(0.0, ge=0, le=1, description="Chance of losing the colours.")
    cutout_fraction: float = Field(0.0, ge=0, le=0.7, description="Side of the hidden square.")


class ModelConfig(_Part):
    """The configurable CNN: image in, embedding out."""

    block: Literal["plain", "residual"] = Field("residual", description="What a stage is made of.")
    stem: Literal["small", "large"] = Field(
        "small", description="small: 3x3 stride 1 for <= 64 px; large: 3x3 stride 2 for more."
    )
    num_stages: int = Field(4, ge=1, le=5, description="Stages; each halves the image, a count.")
    depth: int = Field(1, ge=1, le=12, description="Blocks in each stage, a count.")
    width: int = Field(32, ge=4, le=256, description="Channels of the first stage, a count.")
    embedding_dim: int = Field(256, ge=2, le=4096, description="Numbers in an embedding.")
    pooling: Literal["gap", "gem", "flatten"] = Field("gap", description="Map to vector.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Chance to drop a pooled feature.")


class SoftmaxHead(_Part):
    """Linear layer with bias."""

    type: Literal["softmax"]
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Mass given to all identities.")


class _ScaledHead(_Part):
    scale: float = Field(32.0, gt=0, le=1000, description="Factor on the cosines, no unit.")


class NormFaceHead(_ScaledHead):
    """Scaled cosine, no margin."""

    type: Literal["normface"]


class CosFaceHead(_ScaledHead):
    """Margin subtracted from the cosine."""

    type: Literal["cosface"]
    margin_cos: float = Field(0.2, ge=0, lt=1, description="Margin as a difference of cosines.")


class ArcFaceHead(_ScaledHead):
    """Margin added to the angle."""

    type: Literal["arcface"]
    margin_rad: float = Field(0.25, ge=0, description="Margin in radians, in [0, pi).")

    @field_validator("margin_rad")
    @classmethod
    def _radians(cls, margin_rad: float) -> float:
        if margin_rad >= math.pi:
            raise ValueError(
                f"must be in [0, pi), but got {margin_rad:g}. If you meant degrees, write "
                f"{math.radians(margin_rad):.3f}"
            )
        return margin_rad


class AdaFaceHead(_ScaledHead):
    """Margin that follows the norm of the embedding."""

    type: Literal["adaface"]
    margin: float = Field(0.25, ge=0, lt=1, description="Margin: radians and cosine at once.")
    concentration: float = Field(0.333, gt=0, le=1, description="h of the paper, no unit.")
    ema: float = Field(0.01, gt=0, le=1, description="Weight of a batch in the norm statistics.")


HeadConfig = Annotated[
    SoftmaxHead | NormFaceHead | CosFaceHead | ArcFaceHead | AdaFaceHead,
    Field(discriminator="type"),
]


class OptimConfig(_Part):
    """Optimiser and the course of its learning rate."""

    type: Literal["sgd", "adamw"] = Field("sgd", description="SGD is with Nesterov momentum.")
    lr: float = Field(0.1, gt=0, le=100, description="Peak rate per step at `batch_size`.")
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD momentum, or AdamW's beta1.")
    weight_decay: float = Field(5e-4, ge=0, le=1, description="Not on norms and biases.")
    schedule: Literal["one_cycle", "cosine", "constant"] = Field(
        "one_cycle", description="Course of the rate; one_cycle: cosine up, cosine down."
    )
    warmup_fraction: float = Field(0.2, ge=0, lt=1, description="Part of all steps with rising lr.")
    grad_clip_norm: float = Field(5.0, ge=0, description="Largest gradient norm; 0 = no limit.")


class TrainConfig(_Part):
    """How long, how many at a time, at which precision."""

    epochs: int = Field(10, ge=1, le=10_000, description="Passes over the training faces.")
    batch_size: int = Field(64, ge=2, le=65_536, description="Faces in a step; batch norm needs 2.")
    seed: int = Field(0, ge=0, description="Seed of weights, order and augmentation.")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 where the device has it in hardware."
    )


class RunConfig(_Part):
    """One training run."""

    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    model: ModelConfig = ModelConfig()
    head: HeadConfig = ArcFaceHead(type="arcface")
    optim: OptimConfig = OptimConfig()
    train: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _image_survives_the_stages(self) -> "RunConfig":
        halvings = self.model.num_stages - 1 + (self.model.stem == "large")
        if self.data.image_px < 2**halvings:
            raise ValueError(
                f"data.image_px {self.data.image_px} is halved {halvings} times by model; "
                f"use image_px >= {2**halvings} or fewer num_stages"
            )
        return self


class SchedulerConfig(_Part):
    """Which trials are stopped early."""

    type: Literal["asha", "none"] = Field("asha", description="none trains all to the end.")
    grace_epochs: int = Field(1, ge=1, description="Epochs before a trial may be stopped.")
    eta: int = Field(3, ge=2, le=10, description="One in eta trials goes on at each rung.")


class SearchConfig(_Part):
    """What the sweep looks for, how, and for how long."""

    objective: str | dict[str, float] = Field(
        "val/rank1", description="A metric to maximise, or {metric: weight} for a weighted sum."
    )
    trials: int = Field(16, ge=1, le=1_000_000, description="Trials to start, a count.")
    time_s: float | None = Field(None, gt=0, description="Wall-clock budget in seconds.")
    sampler: Literal["tpe", "random"] = Field("tpe", description="Who proposes the next point.")
    seed: int = Field(0, ge=0, description="Seed of the sampler.")
    scheduler: SchedulerConfig = SchedulerConfig()

    @field_validator("objective")
    @classmethod
    def _known(cls, objective: str | dict[str, float]) -> str | dict[str, float]:
        from facesearch.errors import did_you_mean

        names = [objective] if isinstance(objective, str) else list(objective)
        if not names:
            raise ValueError(f"needs at least one metric of {', '.join(OBJECTIVE_METRICS)}")
        for name in names:
            if name not in OBJECTIVE_METRICS:
                raise ValueError(f"unknown metric '{name}'{did_you_mean(name, OBJECTIVE_METRICS)}")
        return objective

    def score(self, metrics: dict[str, float]) -> float:
        """Return the number that the sweep maximises, from one epoch's metrics."""
        if isinstance(self.objective, str):
            return metrics[self.objective]
        return sum(weight * metrics[name] for name, weight in self.objective.items())


class ResourcesConfig(_Part):
    """What one trial occupies."""

    cpus_per_trial: int = Field(1, ge=1, description="CPU cores (and threads) of a trial.")
    gpus_per_trial: float = Field(
        0.0, ge=0, description="GPUs of a trial; 0.5 = two trials share one, 0 = one if there."
    )


class SweepSettings(_Part):
    """The parts of a space file that are the sweep's own and can have no hole."""

    name: str = Field("sweep", pattern=NAME_PATTERN, description="Name of the sweep.")
    search: SearchConfig = SearchConfig()
    resources: ResourcesConfig = ResourcesConfig()


def absolute_root(config: RunConfig, root: str | None) -> RunConfig:
    """Return ``config`` reading the faces of ``root``, as an absolute path (None: unchanged)."""
    chosen = root if root is not None else config.data.root
    if chosen is None:
        return config
    data = config.data.model_copy(update={"root": str(Path(chosen).expanduser().resolve())})
    return config.model_copy(update={"data": data})


def as_plain(config: BaseModel) -> dict[str, Any]:
    """Return the config as plain JSON types, complete with defaults."""
    return config.model_dump(mode="json")
