"""What a network costs, before any training: parameters, operations, memory of activations."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from facesearch.config import ModelConfig, RunConfig
from facesearch.models import build_network
from facesearch.models.network import count_parameters


@dataclass(frozen=True)
class Cost:
    """parameters and flops of one image (an addition and a multiplication are two); bytes.

    activation_bytes is what the forward pass of a batch keeps for the backward pass, in float32;
    state_bytes is what the weights and the buffers take. forward_bytes is what a forward pass of a
    batch holds at once, at least, where nothing is kept: the images, and a layer's two sides.
    """

    parameters: int
    flops: int
    activation_bytes: int
    state_bytes: int
    forward_bytes: int


def network_cost(model: ModelConfig, image_px: int, batch_size: int = 64) -> Cost:
    """Return the cost of a network without allocating it: on torch's meta device.

    Args:
        model: The network.
        image_px: Side of the images in pixels.
        batch_size: Faces for which the activations are counted, at least 2 (batch norm).

    """
    # as text: a depth that is a list has no hash; the first weights cost nothing more
    shape = model.model_copy(update={"init": None}).model_dump_json()
    return _network_cost(shape, image_px, batch_size)


def network_costs(config: RunConfig) -> dict[str, float]:
    """Return ``cost/gflops`` of an image and ``cost/mparams`` of the network of a run."""
    cost = network_cost(config.model, config.data.image_px, config.train.batch_size)
    return {"cost/gflops": cost.flops / 1e9, "cost/mparams": cost.parameters / 1e6}


@lru_cache(maxsize=4096)
def _network_cost(shape: str, image_px: int, batch_size: int) -> Cost:
    model = ModelConfig.model_validate_json(shape)
    with torch.device("meta"), _Shapes():
        network = build_network(model, image_px)
        images = torch.empty(batch_size, model.input_channels, image_px, image_px)
    with _Shapes() as counted:
        kept = _kept_bytes(network, images)
    state = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    flops = counted.flops // batch_size
    return Cost(count_parameters(network), flops, kept, state, counted.most_bytes(images))


def _kept_bytes(network: nn.Module, images: Tensor) -> int:
    """Return the bytes of all tensors that the backward pass needs, each counted once."""
    weights = {id(p) for p in [*network.parameters(), *network.buffers()]}
    # held until the end, so that no address is used twice
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        base = tensor if tensor._base is None else tensor._base
        if id(base) not in weights and not isinstance(tensor, nn.Parameter):
            kept[id(base)] = base
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(images)
    return sum(tensor.numel() * tensor.element_size() for tensor in kept.values())


class _Shapes(TorchFunctionMode):
    """Count operations of convolutions and products, and bytes; skip what changes no shape.

    Nine tenths of the time on the meta device are batch norms, which torch takes apart in Python,
    and first values that nobody sees.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0
        # the two sides of each call: where a tensor's numbers are, and how many bytes
        self.sides: list[dict[int, int]] = []
        self.held: list[Tensor] = []  # until the end, so that no address is used twice

    def most_bytes(self, images: Tensor) -> int:
        """Return the most that the sides of a call take, together with the images."""
        own = _bases([images])
        return max(sum({**own, **sides}.values()) for sides in self.sides)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        if func is F.batch_norm:
            found = _BatchNorm.apply(args[0], kwargs["weight"])
        else:
            found = func(*args, **kwargs)
        sides = [*args, found]
        self.held += [side for side in sides if isinstance(side, Tensor)]
        self.sides.append(_bases(sides))
        if func in (F.conv2d, F.linear):
            self.flops += 2 * found.numel() * args[1][0].numel()
        return found


def _bases(values: Iterable[Any]) -> dict[int, int]:
    """Return where the numbers of batches are, of any values, and their bytes."""
    batches = [
        value for value in values
        if isinstance(value, Tensor) and not isinstance(value, nn.Parameter) and value.ndim > 1
    ]  # fmt: skip
    bases = [batch if batch._base is None else batch._base for batch in batches]
    return {id(base): base.numel() * base.element_size() for base in bases}


class _BatchNorm(torch.autograd.Function):
    """What a batch norm keeps: its input, a mean and a deviation for each channel."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor | None) -> Tensor:
        channels = values.shape[1]
        ctx.save_for_backward(values, values.new_empty(channels), values.new_empty(channels))
        return torch.empty_like(values)
