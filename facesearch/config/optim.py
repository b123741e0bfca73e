"""Optimiser, the course of its rate, and how the training goes through the faces."""

from typing import Annotated, Literal

from pydantic import Field

from facesearch.config.part import Part, one_of

OPTIMIZERS = {
    "sgd": "SGD with Nesterov momentum",
    "adamw": "AdamW, decay apart from the gradient",
    "lion": "Lion, the sign of the momentum; a tenth of AdamW's rate",
    "muon": "Muon, kernels by their momentum made orthogonal, the rest by its sign; AdamW's rate",
}
SCHEDULES = {
    "one_cycle": "cosine up, cosine down to nothing",
    "cosine": "straight up, cosine down",
    "wsd": "straight up, flat, straight down in the last quarter (warm-up, stable, decay)",
    "constant": "straight up, then flat",
}
LR_SCALINGS = {
    "none": "lr is the rate, whatever the batch",
    "linear": "lr is for 64 faces a step and grows with them",
    "sqrt": "lr is for 64 faces a step and grows with their square root",
}
SAMPLINGS = {
    "auto": "identities for pair-based heads, shuffle for all others",
    "shuffle": "every face once an epoch, in random order",
    "balanced": "every identity as often as any other, whatever its number of faces",
    "identities": "P identities with K faces each in a step (P x K)",
}


class OptimConfig(Part):
    """Optimiser and the course of its learning rate."""

    type: Annotated[str, *one_of(OPTIMIZERS)] = Field("sgd", description="The optimiser.")
    lr: float = Field(0.1, gt=0, le=100, description="Peak rate per step; see lr_scaling.")
    lr_scaling: Annotated[str, *one_of(LR_SCALINGS)] = Field(
        "none", description="How the rate follows the batch, so that both can be searched."
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD momentum, or beta1 of the others.")
    weight_decay: float = Field(5e-4, ge=0, le=1, description="Not on norms and biases.")
    schedule: Annotated[str, *one_of(SCHEDULES)] = Field(
        "one_cycle", description="Course of the rate."
    )
    warmup_fraction: float = Field(0.2, ge=0, lt=1, description="Part of all steps with rising lr.")
    grad_clip_norm: float = Field(5.0, ge=0, description="Largest gradient norm; 0 = no limit.")
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="Factor on the rate from each stage to the one below; 1 = off."
    )
    ema_decay: float = Field(
        0.0, ge=0, lt=1, description="Part of the averaged weights kept at a step; 0 = no average."
    )


class TrainConfig(Part):
    """How long, how many at a time, at which precision."""

    epochs: int = Field(10, ge=1, le=10_000, description="Passes over the training faces.")
    batch_size: int = Field(
        64, ge=2, le=65_536, description="Faces in a batch; batch norm needs 2."
    )
    accumulate: int = Field(1, ge=1, le=1024, description="Batches in a step of the optimiser.")
    sampling: Annotated[str, *one_of(SAMPLINGS)] = Field("auto", description="Who is in a batch.")
    faces_per_identity: int = Field(
        4, ge=2, le=64, description="K of sampling identities, a count."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of weights, order and augmentation.")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 where the device has it in hardware."
    )
