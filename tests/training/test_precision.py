import subprocess
import sys

import torch

from facesearch.config import RunConfig
from facesearch.training.precision import has_fast_bf16, is_bf16

CPU = torch.device("cpu")


def test_the_precision_follows_the_device_unless_it_is_given() -> None:
    for precision, expected in (("auto", has_fast_bf16(CPU)), ("fp32", False), ("bf16", True)):
        config = RunConfig.model_validate({"train": {"precision": precision}})
        assert is_bf16(config, CPU) is expected


def test_to_ask_loads_no_networks() -> None:
    script = (
        "import sys; import facesearch.training.precision; "
        "print([m for m in ('torchvision', 'facesearch.models', 'ray') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
