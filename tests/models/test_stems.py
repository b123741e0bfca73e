import pytest
import torch
from torch import nn

from facesearch.config.model import STEMS as CATALOGUE
from facesearch.config.run import STEM_HALVINGS
from facesearch.models.stems import STEMS


def test_the_catalogue_names_what_is_built() -> None:
    assert list(STEMS) == list(CATALOGUE)


@pytest.mark.parametrize("name", STEMS)
def test_a_stem_halves_the_image_as_often_as_the_config_says(name: str) -> None:
    out = nn.Sequential(*STEMS[name](3, 8, "relu"))(torch.randn(2, 3, 64, 64))
    assert out.shape == (2, 8, 64 // 2 ** STEM_HALVINGS[name], 64 // 2 ** STEM_HALVINGS[name])
