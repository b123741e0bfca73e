"""Which points are not worth a start: too dear by the limits of the sweep, or too large to fit.

Not here: how a sampler learns from a refused point (`samplers.py`).
"""

import statistics
import time
from collections.abc import Callable, Mapping

import torch

from facesearch.config import RunConfig
from facesearch.models import build_network
from facesearch.models.cost import network_costs
from facesearch.space import Point, SearchSpace
from facesearch.training.memory import Room, default_device
from facesearch.tuning.records import describe_point, format_number

LATENCY, MEMORY = "cost/latency_ms", "memory"
_PASSES = 5


class Limits:
    """Judges a point before it is started."""

    def __init__(
        self,
        space: SearchSpace,
        memory_bytes: Callable[[RunConfig], int] | None = None,
        room: Room | None = None,
    ) -> None:
        """Take the limits of a space.

        Args:
            space: The space, with `search.limits`.
            memory_bytes: What a training holds in memory, if that is to be judged.
            room: What there is of it for one trial; None if that is not known.

        """
        self.space, self.limits = space, dict(space.settings.search.limits)
        self.memory_bytes, self.room = memory_bytes, room
        self._latency_ms: dict[tuple[str, int], float] = {}

    def excess(self, point: Point) -> dict[str, float]:
        """Return by how much a point is beyond each limit that it breaks.

        Returns:
            The limit's name (``memory`` for the memory) to value / limit - 1, above 0.

        """
        config = self.space.config(point)
        costs = self._costs(config)
        parts = {name: costs[name] / most - 1 for name, most in self.limits.items()}
        if self.memory_bytes and self.room:
            parts[MEMORY] = self.memory_bytes(config) / self.room.num_bytes - 1
        return {name: part for name, part in parts.items() if part > 0}

    def reason(self, excess: Mapping[str, float], point: Point) -> str:
        """Return one line that says why a point is not started."""
        faults = ", ".join(self._fault(name, part) for name, part in excess.items())
        return f"{describe_point(point)}: {faults}"

    def _fault(self, name: str, part: float) -> str:
        if name == MEMORY and self.room:
            gigabytes = self.room.num_bytes / 1e9
            told = f"needs {gigabytes * (1 + part):.3g} GB of memory, but has {gigabytes:.3g}"
            return f"{told}, {self.room.why}" if self.room.why else told
        most = self.limits[name]
        return f"{name} is {format_number(most * (1 + part))}, above the limit {most:g}"

    def _costs(self, config: RunConfig) -> dict[str, float]:
        """Return the limited costs; each network is measured once."""
        costs = network_costs(config) if self.limits else {}
        if LATENCY in self.limits:
            key = (config.model.model_dump_json(), config.data.image_px)
            if key not in self._latency_ms:
                self._latency_ms[key] = measure_latency_ms(config)
            costs[LATENCY] = self._latency_ms[key]
        return costs


@torch.inference_mode()
def measure_latency_ms(config: RunConfig, device: torch.device | None = None) -> float:
    """Return the milliseconds in which the network embeds one image: the median of 5 passes.

    Args:
        config: The run; the weights do not matter.
        device: Where; the GPU if there is one, else the CPU, with one thread. What else runs there
            disturbs the measurement.

    """
    device = device or default_device()
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        network = build_network(config.model, config.data.image_px).to(device).eval()
    side = config.data.image_px
    image = torch.zeros(1, config.model.input_channels, side, side, device=device)
    try:
        torch.set_num_threads(1)
        network(image)
        return statistics.median(_pass_ms(network, image) for _ in range(_PASSES))
    finally:
        torch.set_num_threads(threads)


def _pass_ms(network: torch.nn.Module, image: torch.Tensor) -> float:
    _wait_for(image.device)
    start = time.perf_counter()
    network(image)
    _wait_for(image.device)
    return (time.perf_counter() - start) * 1000


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
