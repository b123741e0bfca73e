import pytest
import torch

from facesearch.config.model import ACTIVATIONS as CATALOGUE
from facesearch.models.activations import ACTIVATIONS, build_activation

# Values at -1 and at 2, from the definitions.
VALUES = {
    "relu": (0.0, 2.0),
    "leaky_relu": (-0.01, 2.0),
    "prelu": (-0.25, 2.0),
    "silu": (-0.268941, 1.761594),
    "gelu": (-0.158655, 1.954500),
    "hardswish": (-1 / 3, 5 / 3),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_has_the_values_of_its_definition(name: str) -> None:
    found = build_activation(name, 1)(torch.tensor([[-1.0], [2.0]])).flatten().tolist()
    assert found == pytest.approx(VALUES[name], abs=1e-5)


def test_the_catalogue_names_what_is_built() -> None:
    assert ["auto", *ACTIVATIONS] == list(CATALOGUE)
