import torch

from facesearch.config.model import POOLINGS as CATALOGUE
from facesearch.models.pooling import POOLINGS, GeM, GlobalDepthwise, build_pooling


def test_the_catalogue_names_what_is_built() -> None:
    assert list(POOLINGS) == list(CATALOGUE)


def test_gem_lies_between_mean_and_maximum() -> None:
    x = torch.rand(2, 3, 4, 4)
    mean, top = x.mean((2, 3)), x.amax((2, 3))
    pooled = GeM()(x)
    assert (pooled > mean).all() and (pooled < top).all()


def test_gem_stays_finite_however_large_its_exponent_grows() -> None:
    gem, x = GeM(), torch.rand(2, 3, 4, 4)
    x[:, 0] = 0  # an empty map
    torch.nn.init.constant_(gem.exponent, 9.0)
    pooled = gem(x.requires_grad_())
    pooled.sum().backward()
    assert x.grad is not None and torch.isfinite(x.grad).all()
    assert gem.exponent.grad is not None and torch.isfinite(gem.exponent.grad)
    assert (pooled <= x.amax((2, 3)) + 1e-5).all()


def test_gem_with_exponent_one_is_the_mean() -> None:
    gem = GeM()
    torch.nn.init.ones_(gem.exponent)
    x = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(gem(x), build_pooling("gap", 3, 4)[0](x))


def test_gdc_weighs_each_place_of_each_channel() -> None:
    gdc, x = GlobalDepthwise(3, 4).eval(), torch.rand(2, 3, 4, 4)
    weights = gdc.conv.weight[:, 0]
    expected = torch.stack([(x[:, c] * weights[c]).sum((1, 2)) for c in range(3)], 1)
    torch.testing.assert_close(gdc(x), expected / (1 + 1e-5) ** 0.5)
