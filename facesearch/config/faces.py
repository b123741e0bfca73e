"""Which faces, at which size, and who is held out."""

from typing import Annotated

from pydantic import Field

from facesearch.config.part import Part, one_of

LAYOUTS = {
    "hw2p2-f22": "CMU 11-785 F22: classification/{train,dev,test}, verification/{known,unknown_*}",
    "hw2p2-s23": "CMU 11-785 S23 to S24: the same with strangers that must be rejected",
    "identity-folders": "one folder a person: <identity>/<picture>.jpg",
    "image-list": "faces.csv with columns path, identity and optionally group",
    "lfw": "lfw/<name>/<name>_0001.jpg, with pairs.txt beside the names or above them",
    "insightface": "train.rec, train.idx, property and verification *.bin (no mxnet needed)",
}


class SyntheticConfig(Part):
    """The generated faces that stand in when no folder is given."""

    num_identities: int = Field(96, ge=4, le=100_000, description="Generated people, a count.")
    faces_per_identity: int = Field(16, ge=3, le=1000, description="Pictures of each, a count.")
    seed: int = Field(
        0, ge=0, lt=2**32, description="Seed of the generator; another seed, other people."
    )


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
