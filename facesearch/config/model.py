"""What a network is made of. The tables are the catalogue; `facesearch.models` builds the names."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from facesearch.config.part import Conflicts, Part, one_of, rule

BLOCKS = {
    "plain": "two 3x3 convolutions, as in VGG",
    "residual": "two 3x3 convolutions beside a shortcut, as in ResNet-18",
    "bottleneck": "1x1, 3x3, 1x1 with a quarter of the channels inside, as in ResNet-50",
    "ir": "pre-norm residual with PReLU, as in ArcFace's IResNet",
    "inverted": "1x1 up, depthwise 3x3, 1x1 down, as in MobileFaceNet",
    "convnext": "depthwise 7x7, then 1x1 up and down, as in ConvNeXt (with batch norm)",
}
STEMS = {
    "small": "3x3, stride 1: for 32 to 64 px",
    "large": "3x3, stride 2: for 80 to 128 px",
    "resnet": "7x7, stride 2, then max pooling, stride 2: for 160 to 224 px",
    "patch": "4x4, stride 4, as in ConvNeXt: for 112 to 224 px",
}
ACTIVATIONS = {
    "auto": "what the block's paper has: prelu in ir, gelu in convnext, relu in the others",
    "relu": "max(0, x)",
    "leaky_relu": "x, or x / 100 below 0",
    "prelu": "x, or a learnt factor a channel below 0",
    "silu": "x sigmoid(x)",
    "gelu": "x Phi(x)",
    "hardswish": "a cheap silu",
}
POOLINGS = {
    "gap": "mean over the places: position is forgotten",
    "gem": "generalised mean with a learnt exponent",
    "gdc": "learnt weight a place and channel (global depthwise convolution)",
    "flatten": "all places, one after the other",
}
NETWORKS = {
    "cnn": "the configurable network: block, stem, depth, width and the rest of model",
    "resnet18": "ResNet-18 of torchvision, 11.2 M parameters below its classifier",
    "resnet34": "ResNet-34 of torchvision, 21.3 M",
    "resnet50": "ResNet-50 of torchvision, 23.5 M",
    "iresnet18": "ArcFace's IResNet-18, 24.0 M at 112 px and 512 numbers",
    "iresnet34": "ArcFace's IResNet-34, 34.1 M",
    "iresnet50": "ArcFace's IResNet-50, 43.6 M",
    "iresnet100": "ArcFace's IResNet-100, 65.2 M",
    "mobilefacenet": "MobileFaceNet, 1.0 M at 112 px and 128 numbers",
    "convnext_tiny": "ConvNeXt-T of torchvision, 27.8 M",
}
# What a named network has decided already.
_STRUCTURE = (
    "block", "stem", "num_stages", "depth", "width", "activation", "squeeze_excite", "pooling",
    "zero_init", "embedding_norm",
)  # fmt: skip


_Blocks = Annotated[int, Field(ge=1, le=48)]


class ModelConfig(Part):
    """The network: image in, embedding out."""

    network: Annotated[str, *one_of(NETWORKS)] = Field(
        "cnn", description="cnn, or a named network that fixes the structure."
    )
    block: Annotated[str, *one_of(BLOCKS)] = Field("residual", description="What a stage is of.")
    stem: Annotated[str, *one_of(STEMS)] = Field("small", description="The first layers.")
    num_stages: int = Field(4, ge=1, le=5, description="Stages; each halves the image, a count.")
    depth: Annotated[
        Annotated[_Blocks, Tag("a number")]
        | Annotated[list[_Blocks], Field(min_length=1, max_length=5), Tag("a list")],
        # what was written decides what is wrong with it
        Discriminator(lambda depth: "a list" if isinstance(depth, list) else "a number"),
    ] = Field(1, description="Blocks in each stage, a count, or a list with one for each stage.")
    width: int = Field(32, ge=4, le=512, description="Channels of the first stage, a count.")
    activation: Annotated[str, *one_of(ACTIVATIONS)] = Field(
        "auto", description="Between the layers."
    )
    squeeze_excite: bool = Field(False, description="Reweigh the channels in every block (SE).")
    pooling: Annotated[str, *one_of(POOLINGS)] = Field("gap", description="Map to vector.")
    embedding_dim: int = Field(256, ge=2, le=4096, description="Numbers in an embedding.")
    embedding_norm: bool = Field(True, description="Batch norm as the last layer.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Chance to drop a pooled feature.")
    drop_path: float = Field(
        0.0, ge=0, lt=1, description="Chance to skip the last block; earlier ones less often."
    )
    zero_init: bool = Field(False, description="Blocks with a shortcut start as the identity.")
    input_channels: Literal[1, 3] = Field(3, description="3: colours; 1: the luminance only.")
    init: str | None = Field(
        None, description="Weights to start from: a file, a model folder, or torchvision."
    )

    @rule
    def _fixed_by_a_named_network(self) -> Conflicts:
        if self.network == "cnn":
            return
        for name in [name for name in _STRUCTURE if name in self.model_fields_set]:
            if getattr(self, name) != ModelConfig.model_fields[name].default:
                yield (
                    name, f"is fixed by network {self.network}; remove it, or write network: cnn"
                )  # fmt: skip

    @rule
    def _a_depth_for_each_stage(self) -> Conflicts:
        if self.network == "cnn" and isinstance(self.depth, list):
            if len(self.depth) != self.num_stages:
                yield "depth", f"has {len(self.depth)} numbers for num_stages {self.num_stages}"

    @rule
    def _paths_to_drop(self) -> Conflicts:
        if self.drop_path > 0 and self.network in RESNETS:
            yield (
                "drop_path",
                f"has no effect: {self.network} of torchvision has no stochastic depth; write 0",
            )
        if self.drop_path > 0 and self.network == "cnn" and self.block == "plain":
            yield "drop_path", "needs a block with a shortcut; plain has none"

    @rule
    def _shortcuts_to_start_from(self) -> Conflicts:
        if self.zero_init and self.network == "cnn" and self.block == "plain":
            yield "zero_init", "needs a block with a shortcut; plain has none"

    @rule
    def _pretrained_weights(self) -> Conflicts:
        if self.init == "torchvision" and self.network not in TORCHVISION:
            yield (
                "init", f"torchvision is for {', '.join(TORCHVISION)}, not for {self.network}"
            )  # fmt: skip


RESNETS = ("resnet18", "resnet34", "resnet50")
TORCHVISION = (*RESNETS, "convnext_tiny")


def weights_file(init: str) -> Path | None:
    """Return the file that ``model.init`` names, or None if it names no file.

    A relative path is taken from the working directory; of the folder of a final model, it is the
    file of its weights.
    """
    if init == "torchvision":
        return None
    path = Path(init).expanduser()
    return path / "model.safetensors" if path.is_dir() else path
