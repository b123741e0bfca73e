"""Heads and faces for the tests of heads, in float64."""

from typing import Any

import torch

from facesearch.heads import build_head


def make(name: str, **kwargs: Any) -> Any:
    torch.manual_seed(0)
    return build_head({"type": name, **kwargs}, embedding_dim=6, num_identities=5).double()


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    faces = torch.randn(9, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    return faces, torch.tensor([0, 1, 2, 3, 4, 0, 2, 1, 3])
