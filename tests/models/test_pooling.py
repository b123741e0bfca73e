import torch

from facesearch.models.pooling import GeM, build_pooling


def test_gem_lies_between_mean_and_maximum() -> None:
    x = torch.rand(2, 3, 4, 4)
    mean, top = x.mean((2, 3)), x.amax((2, 3))
    pooled = GeM()(x)
    assert (pooled > mean).all() and (pooled < top).all()


def test_gem_with_exponent_one_is_the_mean() -> None:
    gem = GeM()
    torch.nn.init.ones_(gem.exponent)
    x = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(gem(x), build_pooling("gap")(x))
