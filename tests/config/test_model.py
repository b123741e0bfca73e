from typing import Any

import pytest
from pydantic import ValidationError

from facesearch.config import RunConfig


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"block": "residul"}, "unknown name 'residul'; did you mean 'residual'"),
        ({"network": "iresnet50", "depth": 3}, "depth is fixed by network iresnet50; remove it"),
        ({"num_stages": 3, "depth": [1, 2]}, "2 numbers for num_stages 3"),
        ({"block": "plain", "drop_path": 0.1}, "drop_path needs a block with a shortcut"),
        ({"block": "plain", "zero_init": True}, "zero_init needs a block with a shortcut"),
        ({"network": "resnet18", "drop_path": 0.1}, "resnet18 of torchvision has no stochastic"),
        ({"init": "torchvision"}, "not for cnn"),
        ({"input_channels": 2}, "Input should be 1 or 3"),
    ],
)
def test_a_network_that_does_not_fit_together_is_refused(raw: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RunConfig.model_validate({"model": raw})
