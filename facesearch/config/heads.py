"""The losses: one model a head, its formula in a line. `facesearch.heads` computes them.

``memory`` is what a batch takes at its peak, in 4-byte numbers, measured: N identities, B faces,
K centres. The weights, or the means of a pair-based head, come on top.
"""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AfterValidator, Field

from facesearch.config.part import Conflicts, Part, rule


def _refuse_degrees(angle_rad: float) -> float:
    if not 0 <= angle_rad < math.pi:
        told = f"must be in [0, pi), but got {angle_rad:g}"
        if 0 < angle_rad < 180:
            told += f". If you meant degrees, write {math.radians(angle_rad):.3f}"
        raise ValueError(told)
    return angle_rad


Radians = Annotated[float, AfterValidator(_refuse_degrees)]


@dataclass(frozen=True)
class Margin:
    """Says that a field is a margin: 0 is none, and twice the number is twice the margin.

    Neither a factor on the angle (1 is none), nor the deviation of a margin, nor when it grows.
    """

    unit: Literal["radians", "cosine", "radians and cosine", "distance"]


_MARGIN_RAD, _MARGIN_COS = Margin("radians"), Margin("cosine")


class _Head(Part):
    """What every head may have."""

    memory: ClassVar[str] = "4 B N"
    # Whether a picture may have two identities at once (mixup, cutmix, label smoothing).
    takes_soft_labels: ClassVar[bool] = False
    is_pair_based: ClassVar[bool] = False

    center_weight: float = Field(
        0.0, ge=0, le=10, description="Weight of the center loss that is added; 0 = none."
    )


class _HeadWithCentres(_Head):
    lr_factor: float = Field(
        1.0, gt=0, le=100, description="Factor on optim.lr for the head's own weights."
    )


class SoftmaxHead(_HeadWithCentres):
    """Linear layer with bias, cross-entropy."""

    memory: ClassVar[str] = "3 B N"
    takes_soft_labels: ClassVar[bool] = True
    type: Literal["softmax"]
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Mass given to all identities.")


class _ScaledHead(_HeadWithCentres):
    scale: float = Field(20.0, gt=0, le=1000, description="Factor on the cosines, no unit.")
    learn_scale: bool = Field(False, description="Whether the scale is trained with the weights.")


class NormFaceHead(_ScaledHead):
    """Scaled cosine, no margin."""

    memory: ClassVar[str] = "3 B N"
    takes_soft_labels: ClassVar[bool] = True
    type: Literal["normface"]
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Mass given to all identities.")


class _MarginHead(_ScaledHead):
    margin_warmup: float = Field(
        0.0, ge=0, le=1, description="Part of the training in which the margin grows from 0."
    )


class _AngularHead(_MarginHead):
    margin_rad: Annotated[Radians, _MARGIN_RAD] = Field(
        0.25, description="Margin in radians, in [0, pi)."
    )


class SphereFaceHead(_HeadWithCentres):
    """Angle times m, blended in over the training."""

    type: Literal["sphereface"]
    margin: int = Field(2, ge=1, le=5, description="Factor m on the angle, a whole number.")
    scale: float = Field(
        20.0, ge=0, le=1000, description="Factor on the cosines; 0 = the embedding's own length."
    )
    blend_least: float = Field(5.0, gt=0, description="Least weight of the plain cosine (lambda).")
    blend_first: float = Field(1000.0, gt=0, description="Weight of the plain cosine at first.")
    blend_until: float = Field(
        0.3, gt=0, le=1, description="Part of the training after which the weight is the least."
    )

    @rule
    def _falls(self) -> Conflicts:
        if self.blend_first < self.blend_least:
            yield (
                "blend_first",
                f"must be blend_least {self.blend_least:g} or more, but got {self.blend_first:g}",
            )


class CosFaceHead(_MarginHead):
    """Margin subtracted from the cosine."""

    type: Literal["cosface"]
    margin_cos: Annotated[float, _MARGIN_COS] = Field(
        0.2, ge=0, lt=1, description="Margin as a difference of cosines."
    )


class ArcFaceHead(_AngularHead):
    """Margin added to the angle."""

    type: Literal["arcface"]


class CombinedHead(_MarginHead):
    """cos(m1 angle + m2) - m3: SphereFace, ArcFace and CosFace in one."""

    type: Literal["combined"]
    margin_factor: float = Field(1.0, ge=0.5, le=2, description="m1, a factor on the angle.")
    margin_rad: Annotated[Radians, _MARGIN_RAD] = Field(
        0.15, description="m2 in radians, in [0, pi)."
    )
    margin_cos: Annotated[float, _MARGIN_COS] = Field(
        0.1, ge=0, lt=1, description="m3, a difference of cosines."
    )


class SubCenterArcFaceHead(_AngularHead):
    """ArcFace against the nearest of several centres an identity."""

    memory: ClassVar[str] = "(2 K + 2.5) B N"
    type: Literal["subcenter_arcface"]
    centres: int = Field(3, ge=1, le=10, description="Centres of an identity (K), a count.")


class AdaFaceHead(_MarginHead):
    """Margin that follows the norm of the embedding."""

    type: Literal["adaface"]
    margin: Annotated[float, Margin("radians and cosine")] = Field(
        0.25, ge=0, lt=1, description="Margin: radians and cosine at once."
    )
    concentration: float = Field(0.333, gt=0, le=1, description="h of the paper, no unit.")
    ema: float = Field(0.01, gt=0, le=1, description="Weight of a batch in the norm statistics.")


class MagFaceHead(_MarginHead):
    """Angular margin that grows with the norm, and a pull towards large norms."""

    type: Literal["magface"]
    norm_low: float = Field(
        0.5, gt=0, description="Norm / sqrt(embedding_dim) that gets the least margin."
    )
    norm_high: float = Field(
        2.0, gt=0, description="Norm / sqrt(embedding_dim) that gets the largest margin."
    )
    margin_low_rad: Annotated[Radians, _MARGIN_RAD] = Field(
        0.2, description="Least margin in radians, in [0, pi)."
    )
    margin_rise_rad: Annotated[Radians, _MARGIN_RAD] = Field(
        0.15, description="What the margin gains up to norm_high, in radians."
    )
    norm_weight: float = Field(1.0, ge=0, description="Weight of the pull to large norms.")

    @rule
    def _norms_rise(self) -> Conflicts:
        if self.norm_high <= self.norm_low:
            yield (
                "norm_high",
                f"must be above norm_low {self.norm_low:g}, but got {self.norm_high:g}",
            )

    @rule
    def _stays_an_angle(self) -> Conflicts:
        largest_rad = self.margin_low_rad + self.margin_rise_rad
        if largest_rad >= math.pi:
            yield (
                "margin_rise_rad",
                f"and margin_low_rad together must be below pi, but got {largest_rad:g}",
            )


class CurricularFaceHead(_AngularHead):
    """ArcFace that weighs hard strangers more as training goes on."""

    memory: ClassVar[str] = "6 B N"
    type: Literal["curricularface"]
    ema: float = Field(0.01, gt=0, le=1, description="Weight of a batch in the mean cosine t.")


class ElasticFaceHead(_AngularHead):
    """ArcFace whose margin is drawn anew for every face."""

    type: Literal["elasticface"]
    margin_std_rad: float = Field(0.0175, ge=0, le=1, description="Deviation of the margin, rad.")
    hardest_first: bool = Field(True, description="Largest margin to the hardest face (the plus).")


class UniFaceHead(_MarginHead):
    """One threshold for all pairs: binary cross-entropies with a shared bias."""

    type: Literal["uniface"]
    margin_cos: Annotated[float, _MARGIN_COS] = Field(
        0.2, ge=0, lt=1, description="Margin as a difference of cosines."
    )
    negative_weight: float = Field(1.0, gt=0, description="Weight of the strangers (l).")


class _PairHead(_Head):
    memory: ClassVar[str] = "16 B B"
    is_pair_based: ClassVar[bool] = True
    # no weights of its own
    lr_factor: ClassVar[float] = 1.0


class TripletHead(_PairHead):
    """Same person nearer than another one by a margin, over triplets of the batch."""

    memory: ClassVar[str] = "(17 + B / 4) B B"
    type: Literal["triplet"]
    margin: Annotated[float, Margin("distance")] = Field(
        0.2, gt=0, le=2, description="Margin as a distance of unit vectors."
    )
    scale: float = Field(20.0, gt=0, le=1000, description="Factor on the distances, no unit.")
    mining: Literal["all", "hard", "semihard"] = Field("all", description="Which triplets.")


class SupConHead(_PairHead):
    """All pictures of a person against all others of the batch."""

    type: Literal["supcon"]
    temperature: float = Field(0.1, gt=0, le=10, description="Divides the cosines, no unit.")


class CircleHead(_PairHead):
    """Pairs weighed by how far each is from its optimum."""

    type: Literal["circle"]
    relaxation: float = Field(0.4, gt=0, lt=1, description="m of the paper, a cosine.")
    scale: float = Field(32.0, gt=0, le=1000, description="gamma of the paper, no unit.")


class MultiSimilarityHead(_PairHead):
    """Pairs weighed by their similarity and by those around them."""

    type: Literal["multi_similarity"]
    positive_scale: float = Field(2.0, gt=0, le=100, description="alpha of the paper, no unit.")
    negative_scale: float = Field(20.0, gt=0, le=200, description="beta of the paper, no unit.")
    base: float = Field(0.5, ge=-1, le=1, description="lambda of the paper, a cosine.")


HeadConfig = Annotated[
    SoftmaxHead | NormFaceHead | SphereFaceHead | CosFaceHead | ArcFaceHead | CombinedHead
    | SubCenterArcFaceHead | AdaFaceHead | MagFaceHead | CurricularFaceHead | ElasticFaceHead
    | UniFaceHead | TripletHead | SupConHead | CircleHead | MultiSimilarityHead,
    Field(discriminator="type"),
]  # fmt: skip

HEAD_CONFIGS: dict[str, type[_Head]] = {
    head.model_fields["type"].annotation.__args__[0]: head
    for head in get_args(get_args(HeadConfig)[0])
}


def margins_of(head: type[_Head]) -> dict[str, str]:
    """Return the fields of a head that are margins, each with its unit."""
    return {
        name: mark.unit
        for name, field in head.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Margin)
    }
