import pytest
from networks import on_meta, size

from facesearch.config import ModelConfig
from facesearch.models.cost import network_cost


def test_mobilefacenet_has_the_published_size() -> None:
    # the paper says 0.99 million
    assert size(on_meta("mobilefacenet", 128)) / 1e6 == pytest.approx(0.99, abs=0.015)


def test_it_costs_less_than_a_twentieth_of_an_iresnet() -> None:
    small, large = (
        network_cost(ModelConfig(network=name, embedding_dim=dim), 112, 2).flops
        for name, dim in (("mobilefacenet", 128), ("iresnet50", 512))
    )
    assert small < large / 20
