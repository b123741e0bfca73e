"""What a training takes of a device's memory, told before it starts; and what the device has.

The forecast is a lower bound: it counts what is certainly held at once, not what the libraries
allocate beside it. It serves to refuse what can never fit. All sizes are in bytes.
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from facesearch.config import OptimConfig, RunConfig, as_plain
from facesearch.errors import InputError
from facesearch.heads import build_head
from facesearch.metrics.tar import tar_bytes
from facesearch.models.cost import network_cost
from facesearch.training.evaluate import EMBEDDED_AT_A_TIME, FAR
from facesearch.training.optim import build_optimizer
from facesearch.training.precision import is_bf16

# bf16 takes half of float32; masks, indices and the embedding keep their size, so this is the least
BF16_FACTOR = 0.5
_OUT_OF_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "not enough memory: you tried to allocate",
    "[enforce fail at alloc_cpu.cpp",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


@dataclass(frozen=True)
class Memory:
    """Bytes of a training, by what holds them.

    weights: of the network, and of their average.
    head: weights of the head, or its means, and of their average.
    gradients: of both.
    optimizer: what the optimiser remembers of both.
    activations: of a batch (a part of it with micro-batches), of the network and of the head.
    holds_both: whether gradients of an earlier batch are held while the next is computed.
    validation: of the faces that are held out, after an epoch: images, embeddings, scores of pairs.
    """

    weights: int
    head: int
    gradients: int
    optimizer: int
    activations: int
    holds_both: bool = False
    validation: int = 0

    @property
    def total(self) -> int:
        """Bytes held at the peak, at least.

        The backward pass frees the activations while it makes the gradients, so that the larger of
        the two is certain, and their sum is not. Validation follows when both are gone.
        """
        passing = (self.gradients, self.activations)
        step = sum(passing) if self.holds_both else max(passing)
        return self.stored + max(step, self.validation)

    @property
    def stored(self) -> int:
        """Bytes from one step to the next: what a checkpoint holds."""
        return self.weights + self.head + self.optimizer


def training_bytes(
    config: RunConfig,
    num_identities: int,
    *,
    num_faces: int | None = None,
    num_held_out: int = 0,
    micro_batches: int = 1,
    device: torch.device | None = None,
) -> Memory:
    """Return what a training takes, at least; nothing is allocated.

    Args:
        config: The training run.
        num_identities: N, those that are trained on.
        num_faces: Training faces, which may be fewer than a batch; None: enough.
        num_held_out: Faces of held-out identities, which are scored after every epoch.
        micro_batches: Parts of a batch, as for `Training`.
        device: Where it will run, which decides about bf16; None: this process's.

    """
    batch = _faces_in_batch(config, num_identities, num_faces)
    part = max(2, batch // micro_batches)
    cost = network_cost(config.model, config.data.image_px, part)
    head, head_parameters = _head_size(config, num_identities)
    parameters = 4 * (cost.parameters + head_parameters)
    device = device or default_device()
    factor = BF16_FACTOR if is_bf16(config, device) else 1.0
    copies = 2 if config.optim.ema_decay else 1
    forward = int(factor * cost.forward_bytes * min(EMBEDDED_AT_A_TIME, num_held_out) / part)
    return Memory(
        weights=copies * cost.state_bytes,
        head=copies * head,
        gradients=parameters,
        optimizer=parameters * _state_copies(config.optim),
        activations=int(factor * cost.activation_bytes) + _head_batch(config, part, num_identities),
        holds_both=batch // part > 1,
        validation=_validation(forward, num_held_out, config.model.embedding_dim, device),
    )


def available_bytes(device: torch.device, share: float = 1.0) -> int:
    """Return a share of a device's whole memory.

    The whole and not what is free: trials that run at the same time would be counted twice.

    Args:
        device: A GPU, or the CPU of this machine or container.
        share: Part of it that is asked for.

    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1] * min(1.0, share))
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(min([whole, *_cgroup_limits()]) * min(1.0, share))


@dataclass(frozen=True)
class Room:
    """The memory that one trial may take: bytes, and in words why it is no more."""

    num_bytes: float
    why: str = ""


def room_of_trial(gpus: float, at_once: int, device: torch.device | None = None) -> Room:
    """Return the memory that one trial may take of this machine.

    Args:
        gpus: GPUs of a trial; a part of one is that part of its memory. 0: there are none.
        at_once: Trials at a time, a count; on the CPU they share all memory.
        device: Where trials run; None: where this process would.

    """
    device = device or default_device()
    if device.type == "cuda":
        share = min(1.0, gpus or 1.0)
        why = f"as a trial has {share:g} of a GPU" if share < 1 else ""
    else:
        share = 1 / at_once
        why = f"as {at_once} trials run at once on this machine" if at_once > 1 else ""
    return Room(available_bytes(device, share), why)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on a GPU or on the CPU."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _OUT_OF_MEMORY)


def refuse_parts(config: RunConfig, batch_size: int, micro_batches: int) -> None:
    """Refuse to compute a batch in parts where its loss would be another one.

    Raises:
        InputError: If the head needs the whole batch, or a part would hold fewer than 2 faces.

    """
    if micro_batches > 1 and config.head.is_pair_based:
        raise InputError(
            f"head.type {config.head.type}: the loss is over all pairs of a batch, so it cannot be "
            f"computed in {micro_batches} parts; use a smaller train.batch_size."
        )
    if not 1 <= micro_batches <= batch_size // 2:
        raise InputError(
            f"a batch of {batch_size} faces in {micro_batches} parts: a part needs 2 or more."
        )


def default_device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _faces_in_batch(config: RunConfig, num_identities: int, num_faces: int | None) -> int:
    """Return the faces in a batch, as `sampling` makes it."""
    train = config.train
    batch = train.batch_size if num_faces is None else min(train.batch_size, num_faces)
    if config.sampling != "identities":
        return max(2, batch)
    faces_each = max(1, min(train.faces_per_identity, batch // 2))
    return max(2, faces_each * min(batch // faces_each, num_identities))


def _validation(forward: int, num_faces: int, embedding_dim: int, device: torch.device) -> int:
    """Return the bytes of a validation: embeddings and scores of pairs are never on a GPU."""
    if device.type == "cuda":
        return forward
    embeddings = 4 * num_faces * embedding_dim
    return embeddings + max(forward, tar_bytes(num_faces, embedding_dim, FAR))


def _head_size(config: RunConfig, num_identities: int) -> tuple[int, int]:
    """Return the bytes of the head's state, and the number of its trainable numbers."""
    dim = config.model.embedding_dim
    if config.head.is_pair_based:
        # not built: that would import its library, which takes 2 s
        return 4 * dim * num_identities * (2 if config.head.center_weight else 1), 0
    with torch.device("meta"):
        head = build_head(as_plain(config.head), embedding_dim=dim, num_identities=num_identities)
    state = sum(tensor.numel() * tensor.element_size() for tensor in head.state_dict().values())
    return state, sum(p.numel() for p in head.parameters() if p.requires_grad)


def _head_batch(config: RunConfig, batch_size: int, num_identities: int) -> int:
    """Return the bytes that the head takes for a batch: the formula of the catalogue."""
    formula = re.sub(r"(?<=[\w)]) (?=[A-Z(])", "*", config.head.memory)
    numbers = {"N": num_identities, "B": batch_size, "K": getattr(config.head, "centres", 1)}
    # a text of our own table; nothing that a user wrote
    return int(4 * float(eval(formula, {"__builtins__": {}}, numbers)))


@lru_cache(maxsize=256)
def _state_copies(optim: OptimConfig) -> int:
    """Return how many numbers the optimiser remembers for each weight: asked of itself."""
    parameter = nn.Parameter(torch.zeros(8))
    parameter.grad = torch.zeros(8)
    optimizer = build_optimizer([{"params": [parameter]}], optim)
    optimizer.step()
    entries = optimizer.state[parameter].values()
    return sum(isinstance(v, torch.Tensor) and v.shape == parameter.shape for v in entries)


def _cgroup_limits() -> list[int]:
    """Return the limits that the groups of this process set (Linux; v1 and v2), in bytes."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    files = [Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")]
    for line in lines:
        group = Path("/sys/fs/cgroup" + line.split(":", 2)[-1])
        files += [folder / "memory.max" for folder in (group, *group.parents)]
    return [int(text) for text in map(_text, files) if text.isdigit()]


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
