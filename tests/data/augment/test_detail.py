import math

import pytest
import torch
from augment_cases import dice

from facesearch.data.augment import Augment


def test_a_blurred_spot_is_a_gaussian() -> None:
    batch = torch.full((64, 3, 21, 21), 0.0)
    batch[:, :, 10, 10] = 1.0
    blurred = Augment(blur_sigma_px=2.0)(batch, dice())
    torch.testing.assert_close(blurred.sum((2, 3)), torch.ones(64, 3), atol=1e-4, rtol=0)
    place = torch.arange(21) - 10.0
    variance = (blurred[:, 0].sum(1) * place**2).sum(1)
    assert 1.6 < variance.max().sqrt() <= 2.0 and variance.min().sqrt() < 0.5
    for number in (0, 1, 2):
        # the shape along a row follows exp(-x^2 / 2 sigma^2) of the image's own sigma
        row = blurred[number, 0, 10]
        ratio = (row[11] / row[10]).log(), (row[12] / row[10]).log()
        if row[12] > 1e-4:
            assert (ratio[1] / ratio[0]).item() == pytest.approx(4.0, rel=0.02)


def test_low_resolution_takes_the_fine_and_leaves_the_coarse() -> None:
    stripes = torch.ones(64, 3, 32, 32)
    stripes[..., ::2] = -1.0
    ramp = torch.linspace(-1, 1, 32).expand(64, 3, 32, 32)
    augment = Augment(low_resolution=0.7)
    left = augment(stripes, dice())[:, 0, 8:-8, 8:-8].std((1, 2))
    assert (left < 0.3).float().mean() > 0.5 and (left > 0.9).any()
    torch.testing.assert_close(augment(ramp, dice())[..., 4:-4], ramp[..., 4:-4], atol=0.1, rtol=0)


def test_a_hidden_square_is_grey_and_no_larger_than_asked() -> None:
    hidden = Augment(cutout_fraction=0.5)(torch.ones(300, 3, 40, 40), dice()) == 0
    sides = hidden[:, 0].any(1).sum(1)
    assert 17 <= sides.max() <= 21 and sides.min() <= 2
    assert math.isclose(hidden.float().amax().item(), 1.0)
