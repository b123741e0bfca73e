import pytest
import torch

from facesearch.models.blocks import BLOCKS


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize(("stride", "side"), [(1, 9), (2, 5)])
def test_a_block_changes_channels_and_side(name: str, stride: int, side: int) -> None:
    out = BLOCKS[name](4, 6, stride)(torch.randn(2, 4, 9, 9))
    assert out.shape == (2, 6, side, side)


def test_a_residual_block_without_weights_passes_its_input() -> None:
    block = BLOCKS["residual"](4, 4, 1)
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.rand(2, 4, 5, 5)
    torch.testing.assert_close(block(x), x)
