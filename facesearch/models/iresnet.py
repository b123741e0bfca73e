"""ArcFace's IResNet: pre-norm blocks, a map of a sixteenth, all its places to the embedding.

Source: ArcFace (arXiv:1801.07698), sec. 3.1; IResNet (arXiv:2004.04989).
"""

from torch import nn

from facesearch.config import ModelConfig
from facesearch.models.blocks import BlockSettings, ir_block
from facesearch.models.network import FaceNetwork, initialise, map_side_px
from facesearch.models.stems import small_stem

DEPTHS = {
    "iresnet18": (2, 2, 2, 2),
    "iresnet34": (3, 4, 6, 3),
    "iresnet50": (3, 4, 14, 3),
    "iresnet100": (3, 13, 30, 3),
}


def build_iresnet(model: ModelConfig, image_px: int) -> FaceNetwork:
    """Return an IResNet for images of ``image_px``; 112 px and 512 numbers in the paper.

    We depart in the first weights: He's for the authors' N(0, 0.1), with which the 100 layers give
    numbers beyond float32 until the batch norms' statistics have settled.
    """
    stages: list[nn.Module] = [nn.Sequential(*small_stem(model.input_channels, 64, "prelu"))]
    depths = DEPTHS[model.network]
    in_channels, number, last = 64, 0, sum(depths) - 1
    for stage, depth in enumerate(depths):
        channels, blocks = 64 * 2**stage, []
        for index in range(depth):
            settings = BlockSettings("prelu", drop_path=model.drop_path * number / last)
            blocks.append(ir_block(in_channels, channels, 2 if index == 0 else 1, settings))
            in_channels, number = channels, number + 1
        stages.append(nn.Sequential(*blocks))
    side_px = map_side_px(stages, model.input_channels, image_px)
    pooling = nn.Sequential(nn.BatchNorm2d(512), nn.Dropout(model.dropout), nn.Flatten())
    norm = nn.BatchNorm1d(model.embedding_dim)
    # As in the reference: the heads normalise, so the last norm's scale has nothing to learn.
    norm.weight.requires_grad_(False)
    embedding = nn.Linear(512 * side_px**2, model.embedding_dim)
    network = FaceNetwork(stages, pooling, embedding, norm, model.input_channels)
    initialise(network)
    return network
