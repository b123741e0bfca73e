"""The forecast of a training's memory is at most what it takes, and takes none itself."""

import json
import resource
import subprocess
import sys
from typing import Any

import pytest
import torch

from facesearch.config import HEAD_CONFIGS, RunConfig
from facesearch.config.optim import OPTIMIZERS
from facesearch.data.faces import Faces, load_faces
from facesearch.errors import InputError
from facesearch.training.fit import Training
from facesearch.training.memory import (
    Memory,
    Room,
    available_bytes,
    is_out_of_memory,
    refuse_parts,
    room_of_trial,
    training_bytes,
)

CPU = torch.device("cpu")
MEASURE = """
import json, resource, sys
import numpy as np, torch
from facesearch.config import RunConfig
from facesearch.data.faces import load_faces
from facesearch.training.fit import Training
config = RunConfig.model_validate(json.loads(sys.argv[1]))
faces = load_faces(config.data)
if len(sys.argv) > 2 and int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)

def peak_kb():  # ru_maxrss would begin with that of the process that started this one
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

what = sys.argv[3] if len(sys.argv) > 3 else "train"
if what == "validate":
    training = Training(config, faces)
    before = peak_kb()
    training.score()
else:
    before = peak_kb()
    training = Training(config, faces)
    training._train_epoch(1)
print((peak_kb() - before) * 1024)
"""


PLAIN = {"batch_size": 64, "precision": "fp32"}


def config_of(**parts: dict[str, Any]) -> RunConfig:
    data = {"image_px": 48, "synthetic": {"num_identities": 40, "faces_per_identity": 5}}
    train = PLAIN
    return RunConfig.model_validate({"data": data, "train": train} | parts)


def run(config: RunConfig, *more: int | str) -> subprocess.CompletedProcess[str]:
    words = [json.dumps(config.model_dump(mode="json")), *map(str, more)]
    return subprocess.run([sys.executable, "-c", MEASURE, *words], capture_output=True, text=True)


@pytest.mark.parametrize("network", ["cnn", "iresnet18", "mobilefacenet"])
def test_the_measured_peak_is_that_of_the_forecast_or_above(network: str) -> None:
    config = config_of(model={"network": network}, optim={"type": "adamw", "lr": 0.001})
    done = run(config)
    assert done.returncode == 0, done.stderr
    measured, told = int(done.stdout), training_bytes(config, 30, device=CPU).total
    # above: the libraries' own buffers, and gradients beside activations. A little below: pages
    # that the imports have freed are used again
    assert 0.9 * told < measured < 3 * told


@pytest.mark.parametrize("network", ["cnn", "iresnet18"])
def test_the_measured_peak_of_a_validation_is_that_of_the_forecast_or_above(network: str) -> None:
    faces = {"num_identities": 600, "faces_per_identity": 5}
    config = config_of(
        data={"image_px": 64, "synthetic": faces}, model={"network": network}, train=PLAIN
    )
    done = run(config, 0, "validate")
    assert done.returncode == 0, done.stderr
    held = len(load_faces(config.data).strangers)
    told = training_bytes(config, 500, num_held_out=held, device=CPU).validation
    assert held > 256 and 0.9 * told < int(done.stdout) < 3 * told


def test_a_training_above_the_limit_of_its_process_runs_out_of_memory() -> None:
    done = run(config_of(data={"image_px": 112}, train={"batch_size": 64}), 1 << 30)
    assert done.returncode == 1
    name, _, text = done.stderr.strip().splitlines()[-1].partition(": ")
    assert is_out_of_memory({"RuntimeError": RuntimeError, "MemoryError": MemoryError}[name](text))


def test_a_network_of_billions_of_weights_is_told_without_being_allocated() -> None:
    model = {"width": 512, "num_stages": 5, "depth": 48}
    config = config_of(model=model, train={"batch_size": 4096})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = training_bytes(config, 10_000_000, device=CPU)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert told.weights > 100e9 and told.total > 1e12


@pytest.fixture(scope="module")
def faces() -> Faces:
    return load_faces(config_of().data)


def size(states: list[dict[str, Any]]) -> int:
    return sum(t.numel() * t.element_size() for state in states for t in state.values())


@pytest.mark.parametrize("center_weight", [0.0, 0.1])
@pytest.mark.parametrize("head", HEAD_CONFIGS)
def test_the_weights_of_every_head_are_counted(
    faces: Faces, head: str, center_weight: float
) -> None:
    model = {"width": 4, "num_stages": 1, "embedding_dim": 8}
    config = config_of(model=model, head={"type": head, "center_weight": center_weight})
    training = Training(config, faces, CPU)
    told = training_bytes(config, len(faces.identities), device=CPU)
    assert told.head == size([training.head.state_dict()])
    trained = [p for g in training.optimizer.param_groups for p in g["params"]]
    assert told.gradients == 4 * sum(p.numel() for p in trained)


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("optim", OPTIMIZERS)
def test_the_state_of_every_optimiser_is_counted(
    faces: Faces, optim: str, momentum: float, ema_decay: float
) -> None:
    config = config_of(
        model={"width": 4, "num_stages": 1, "embedding_dim": 8},
        optim={"type": optim, "lr": 1e-3, "momentum": momentum, "ema_decay": ema_decay},
    )  # fmt: skip
    training = Training(config, faces, CPU)
    for group in training.optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    training.optimizer.step()
    found = size([{k: v for k, v in entry.items() if isinstance(v, torch.Tensor) and v.ndim}
                  for entry in training.optimizer.state.values()])  # fmt: skip
    told = training_bytes(config, len(faces.identities), device=CPU)
    assert told.optimizer == found
    copies = 2 if ema_decay else 1
    assert told.weights == copies * size([training.network.state_dict()])
    assert told.head == copies * size([training.head.state_dict()])


def test_the_activations_follow_the_batch_as_it_will_be() -> None:
    whole = training_bytes(config_of(), 30, device=CPU).activations
    half = training_bytes(config_of(), 30, device=CPU, micro_batches=2)
    assert half.activations == pytest.approx(whole / 2, rel=0.01) and half.holds_both
    few = training_bytes(config_of(), 30, device=CPU, num_faces=16).activations
    assert few == pytest.approx(whole / 4, rel=0.01)
    # 4 identities of 4 faces, although the batch could hold 64
    pairs = training_bytes(config_of(head={"type": "supcon"}), 4, device=CPU).activations
    assert pairs == pytest.approx(whole / 4, rel=0.02)
    bf16 = config_of(train={"batch_size": 64, "precision": "bf16"})
    assert training_bytes(bf16, 30, device=CPU).activations == pytest.approx(whole / 2, rel=0.01)


def test_the_total_is_what_is_held_at_once() -> None:
    memory = Memory(weights=1, head=2, gradients=4, optimizer=8, activations=16)
    assert (memory.stored, memory.total) == (11, 27)
    assert Memory(1, 2, 4, 8, 16, holds_both=True).total == 31
    # validation follows when a step is over
    assert Memory(1, 2, 4, 8, 16, validation=15).total == 27
    assert Memory(1, 2, 4, 8, 16, validation=100).total == 111
    assert Memory(1, 2, 4, 8, 16, validation=100).stored == 11


def test_validation_takes_what_follows_from_the_faces_that_are_held_out() -> None:
    config = config_of()
    none, few, many = (
        training_bytes(config, 30, num_held_out=held, device=CPU).validation
        for held in (0, 64, 50_000)
    )
    assert none == 0 < few < many
    # 50,000 faces: embeddings twice, and not the 5 GB of all their pairs
    assert 2 * 4 * 50_000 * 256 < many < 400e6
    gpu = training_bytes(
        config_of(train={"precision": "fp32"}), 30, num_held_out=50_000, device=torch.device("cuda")
    )
    # images and the two sides of a layer; embeddings and pairs are on the host
    assert 256 * 4 * 3 * 48 * 48 < gpu.validation < 1e9
    assert training_bytes(config, 30, device=CPU).total <= (
        training_bytes(config, 30, num_held_out=50_000, device=CPU).total
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0."), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("not enough memory: you tried to allocate"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_running_out_of_memory_is_recognised(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_what_the_allocator_says_itself_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 55, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_a_share_of_the_machine_is_available() -> None:
    whole = available_bytes(CPU)
    assert 100e6 < whole < 1e15
    assert available_bytes(CPU, 0.25) == whole // 4 and available_bytes(CPU, 8.0) == whole


def test_trials_at_a_time_share_the_memory_of_the_cpu() -> None:
    whole = available_bytes(CPU)
    assert room_of_trial(0.0, 1, CPU) == Room(whole, "")
    four = room_of_trial(0.0, 4, CPU)
    assert four == Room(whole // 4, "as 4 trials run at once on this machine")
    # a GPU that is asked for elsewhere gives this machine no more memory
    assert room_of_trial(1.0, 4, CPU) == four


def test_trials_on_a_gpu_have_their_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1, 80_000_000_000))
    gpu = torch.device("cuda")
    assert room_of_trial(0.5, 8, gpu) == Room(40_000_000_000, "as a trial has 0.5 of a GPU")
    for gpus in (0.0, 1.0, 2.0):
        assert room_of_trial(gpus, 8, gpu) == Room(80_000_000_000, "")


def test_what_cannot_be_computed_in_parts_is_refused() -> None:
    refuse_parts(config_of(head={"type": "triplet"}), 8, 1)
    refuse_parts(config_of(), 8, 4)
    with pytest.raises(InputError, match=r"head\.type triplet: the loss is over all pairs"):
        refuse_parts(config_of(head={"type": "triplet"}), 8, 2)
    for parts in (0, 5):
        with pytest.raises(InputError, match=f"8 faces in {parts} parts: a part needs 2"):
            refuse_parts(config_of(), 8, parts)
