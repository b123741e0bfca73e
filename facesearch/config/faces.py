"""Which faces, at which size, and who is held out."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from facesearch.config.part import Part, one_of

LAYOUTS = {
    "hw2p2-f22": "CMU 11-785 F22: classification/{train,dev,test}, verification/{known,unknown_*}",
    "hw2p2-s23": "CMU 11-785 S23 to S24: the same with strangers that must be rejected",
    "split-folders": "train/<identity>/<image>, beside it val/ and test/ of the same kind",
    "identity-folders": "one folder a person: <identity>/<picture>.jpg",
    "image-list": "faces.csv with columns path, identity and optionally group, split and role",
    "lfw": "lfw/<name>/<name>_0001.jpg, with pairs.txt beside the names or above them",
    "cfp": "Data/Images/<identity>/<pose>/<image> and Protocol/ of CFP, with its pairs FF and FP",
    "insightface": "train.rec, train.idx, property and verification *.bin (no mxnet needed)",
}


class SyntheticConfig(Part):
    """The generated faces that stand in when no folder is given."""

    num_identities: int = Field(96, ge=4, le=100_000, description="Generated people, a count.")
    faces_per_identity: int = Field(16, ge=3, le=1000, description="Pictures of each, a count.")
    seed: int = Field(
        0, ge=0, lt=2**32, description="Seed of the generator; another seed, other people."
    )


class ReserveConfig(Part):
    """What is kept from search and training, so that it can be reported on; None: by the data.

    Fractions are of what the folder holds; 0 reserves nothing.
    """

    images: float | None = Field(
        None, ge=0, lt=0.6,
        description="Fraction of each trained identity's images, for the closed-set figures.",
    )  # fmt: skip
    dev: float | None = Field(
        None, ge=0, lt=0.6,
        description="Fraction of the identities that thresholds and calibration are fitted on.",
    )  # fmt: skip
    test: float | None = Field(
        None, ge=0, lt=0.6,
        description="Fraction of the identities that are reported on, at frozen thresholds.",
    )  # fmt: skip
    seed: int = Field(0, ge=0, lt=2**32, description="Another seed, another reserve.")
    folds: int = Field(
        0, ge=0, le=64,
        description="Parts of the identities, of which one is left out; of cross-validation.",
    )  # fmt: skip
    fold: int = Field(0, ge=0, lt=64, description="Which of the parts is left out, from 0.")

    @property
    def is_off(self) -> bool:
        """Whether nothing is reserved, whatever the folder holds."""
        return self.images == self.dev == self.test == self.folds == 0


def _reserve_in_words(value: Any) -> Any:
    """Return what ``auto`` and ``none`` stand for."""
    words = {"auto": {}, "none": {"images": 0.0, "dev": 0.0, "test": 0.0}}
    if value is None or (isinstance(value, str) and value not in words):
        raise ValueError("must be auto, none, or a mapping like {dev: 0.1, test: 0.2}")
    return words[value] if isinstance(value, str) else value


class DataConfig(Part):
    """Which faces, at which size, and who is held out of training to rank the trials."""

    root: str | None = Field(None, description="Folder of faces; none means generated faces.")
    layout: Annotated[str, *one_of({"auto": "by what the folder holds", **LAYOUTS})] = Field(
        "auto", description="How the folder is laid out; auto looks."
    )
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
    split_seed: int = Field(
        0, ge=0, lt=2**32, description="Seed of both splits; the same for all trials."
    )
    synthetic: SyntheticConfig = SyntheticConfig()
    reserve: Annotated[
        ReserveConfig,
        BeforeValidator(
            _reserve_in_words, json_schema_input_type=Literal["auto", "none"] | ReserveConfig
        ),
    ] = Field(
        ReserveConfig(),
        description="What is reserved for the report before the search begins: auto, none, or "
        "fractions of images, dev and test. Faces with reporting sets of their own need none.",
    )
