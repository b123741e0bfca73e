"""In which numbers a network computes: bf16 where the hardware has it, else float32.

Of the project it needs the config alone, so that the doctor can ask it quickly.
"""

import torch

from facesearch.config import RunConfig


def has_fast_bf16(device: torch.device) -> bool:
    """Whether ``device`` multiplies bf16 in hardware (elsewhere bf16 is slower than fp32)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(
        torch.backends.cpu.get_cpu_capability() == "AVX512"
        and torch.cpu._is_avx512_bf16_supported()
    )


def is_bf16(config: RunConfig, device: torch.device) -> bool:
    """Whether the network of ``config`` computes in bf16 on ``device``."""
    precision = config.train.precision
    return precision == "bf16" or (precision == "auto" and has_fast_bf16(device))
