import subprocess
import sys

import pytest
import torch

from facesearch.config.model import BLOCKS as CATALOGUE
from facesearch.models.blocks import BLOCKS, BlockSettings, ShortcutBlock, conv_norm

WITH_SHORTCUT = sorted(set(BLOCKS) - {"plain"})


def test_the_catalogue_names_what_is_built() -> None:
    assert list(BLOCKS) == list(CATALOGUE)


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("squeeze_excite", [False, True])
@pytest.mark.parametrize(("stride", "side"), [(1, 9), (2, 5)])
def test_a_block_changes_channels_and_side(
    name: str, squeeze_excite: bool, stride: int, side: int
) -> None:
    settings = BlockSettings(squeeze_excite=squeeze_excite)
    block = BLOCKS[name](8, 12, stride, settings)
    out = block(torch.randn(2, 8, 10 if name == "convnext" and stride == 2 else 9, 9 + stride - 1))
    assert out.shape[:2] == (2, 12) and out.shape[2] == side
    plain = BLOCKS[name](8, 12, stride, BlockSettings())
    counts = [sum(p.numel() for p in b.parameters()) for b in (block, plain)]
    assert (counts[0] > counts[1]) == squeeze_excite


@pytest.mark.parametrize("name", WITH_SHORTCUT)
def test_with_zero_init_a_block_starts_as_its_input(name: str) -> None:
    block = BLOCKS[name](8, 8, 1, BlockSettings(zero_init=True))
    x = torch.rand(2, 8, 5, 5)
    torch.testing.assert_close(block(x), x)


@pytest.mark.parametrize("name", WITH_SHORTCUT)
def test_a_skipped_face_is_its_input_and_the_mean_stays(name: str) -> None:
    torch.manual_seed(0)
    block = BLOCKS[name](8, 8, 1, BlockSettings(drop_path=0.5, activation="leaky_relu"))
    x = torch.rand(1, 8, 5, 5).repeat(400, 1, 1, 1)
    out = block(x)
    is_skipped = (block(x) - x).abs().amax((1, 2, 3)) < 1e-6
    assert 120 < is_skipped.sum() < 280
    block.eval()
    assert not torch.equal(block(x)[:1], x[:1])
    assert out.shape == x.shape


def test_squeeze_and_excitation_reweighs_whole_channels() -> None:
    branch = torch.nn.Sequential(torch.nn.Identity())
    settings = BlockSettings(squeeze_excite=True)
    zero = torch.nn.Sequential(conv_norm(4, 4))
    torch.nn.init.zeros_(zero[0][0].weight)  # type: ignore[index, arg-type]
    torch.manual_seed(0)
    block = ShortcutBlock(branch, zero.eval(), torch.nn.Identity(), 4, settings)
    x = torch.rand(1, 4, 3, 3) + 0.5
    ratio = block(x) / x
    torch.testing.assert_close(ratio, ratio[:, :, :1, :1].expand_as(ratio))
    assert ((ratio > 0) & (ratio < 1)).all()


def test_a_bottleneck_costs_less_than_a_residual_block() -> None:
    counts = [
        sum(p.numel() for p in BLOCKS[name](64, 64, 1, BlockSettings()).parameters())
        for name in ("bottleneck", "residual")
    ]
    assert counts[0] == 64 * 16 * 2 + 16 * 16 * 9 + 2 * (16 + 16 + 64)
    assert counts[0] < counts[1] / 10


def test_the_shortcut_equals_a_convolution_with_a_stride() -> None:
    block = BLOCKS["residual"](6, 8, 2, BlockSettings())
    conv = block.shortcut[1][0]
    x = torch.randn(2, 6, 9, 9)
    expected = torch.nn.functional.conv2d(x, conv.weight, stride=2)
    torch.testing.assert_close(conv(block.shortcut[0](x)), expected)


@pytest.mark.parametrize(("channels", "side_px"), [(4, 64), (8, 64), (12, 96)])
def test_few_channels_in_float32_do_not_crash(channels: int, side_px: int) -> None:
    """oneDNN 3.12 writes past its memory where such a gradient meets a stride of 2."""
    script = (
        "import torch\n"
        "from facesearch.models.blocks import BLOCKS, BlockSettings\n"
        f"block = BLOCKS['residual']({channels}, {2 * channels}, 2, BlockSettings())\n"
        "block = block.to(memory_format=torch.channels_last)\n"
        "for _ in range(3):\n"
        f"    x = torch.randn(16, {channels}, {side_px}, {side_px})\n"
        "    x = x.to(memory_format=torch.channels_last).requires_grad_()\n"
        "    block(x).sum().backward()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
