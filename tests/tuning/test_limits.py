import pytest
import torch

from facesearch.data.faces import load_faces
from facesearch.models.cost import network_costs
from facesearch.space import SearchSpace, space_from_text
from facesearch.training.memory import Room, default_device, training_bytes
from facesearch.tuning import limits as limits_module
from facesearch.tuning.admission import limits_of
from facesearch.tuning.limits import Limits, measure_latency_ms
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.sweep import busy_slots, local_slots

SMALL, LARGE = {"model.width": 8}, {"model.width": 32}


def space(limits: str) -> SearchSpace:
    return space_from_text(
        "data: {image_px: 32}\n"
        "model: {width: {log_int: [8, 32]}, depth: 1, embedding_dim: 16}\n"
        f"search: {{limits: {limits}}}\n"
    )


def test_the_excess_is_relative_and_only_of_what_is_broken() -> None:
    plain = space("{}")
    small, large = (network_costs(plain.config(point)) for point in (SMALL, LARGE))
    most = (small["cost/mparams"] + large["cost/mparams"]) / 2
    limits = Limits(space(f"{{cost/mparams: {most}, cost/gflops: 1000}}"))
    assert limits.excess(SMALL) == {}
    expected = {"cost/mparams": pytest.approx(large["cost/mparams"] / most - 1)}
    assert limits.excess(LARGE) == expected
    assert 0 < limits.excess(LARGE)["cost/mparams"] < 1


def test_a_point_exactly_at_the_limit_may_start() -> None:
    most = network_costs(space("{}").config(LARGE))["cost/gflops"]
    assert Limits(space(f"{{cost/gflops: {most!r}}}")).excess(LARGE) == {}


def test_memory_is_judged_only_where_both_numbers_are_known() -> None:
    def needs(config: object) -> int:
        return 3_000_000_000

    assert Limits(space("{}"), needs, Room(2e9)).excess(SMALL) == {"memory": 0.5}
    assert Limits(space("{}"), needs, Room(4e9)).excess(SMALL) == {}
    assert Limits(space("{}"), needs, None).excess(SMALL) == {}
    assert Limits(space("{}"), None, Room(1.0)).excess(SMALL) == {}


def test_the_reason_is_one_line_with_the_point_the_value_and_the_limit() -> None:
    def told(room: Room) -> str:
        limits = Limits(space("{cost/mparams: 2}"), lambda config: 3_000_000_000, room)
        return limits.reason({"cost/mparams": 0.25, "memory": 0.5}, {"model.width": 32})

    reason = "width=32: cost/mparams is 2.5, above the limit 2, needs 3 GB of memory, but has 2"
    assert told(Room(2e9)) == reason
    assert told(Room(2e9, "as 4 trials run at once on this machine")) == (
        f"{reason}, as 4 trials run at once on this machine"
    )


def test_a_network_is_measured_once_whatever_else_the_point_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = []

    def measure(config: object) -> float:
        measured.append(config)
        return 12.0

    monkeypatch.setattr(limits_module, "measure_latency_ms", measure)
    with_rate = space_from_text(
        "optim: {lr: {uniform: [0.01, 0.1]}}\nsearch: {limits: {cost/latency_ms: 10}}"
    )
    limits = Limits(with_rate)
    assert limits.excess({"optim.lr": 0.01}) == {"cost/latency_ms": pytest.approx(0.2)}
    assert limits.excess({"optim.lr": 0.1}) == {"cost/latency_ms": pytest.approx(0.2)}
    assert len(measured) == 1


def test_the_latency_grows_with_the_network_and_leaves_torch_as_it_was() -> None:
    wide = space_from_text(
        "data: {image_px: 64}\nmodel: {width: {int: [4, 128]}, depth: 1, embedding_dim: 16}"
    )
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    device = torch.device("cpu")
    small = measure_latency_ms(wide.config({"model.width": 4}), device)
    large = measure_latency_ms(wide.config({"model.width": 128}), device)
    assert 0 < small < large
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_trials_of_a_sweep_share_the_memory_of_the_machine() -> None:
    plain = space("{}")
    faces = load_faces(plain.first_config().data)
    alone, four = (limits_of(plain, None, faces, 0.0, busy, is_local=True) for busy in (1, 4))
    assert alone.room is not None and four.room is not None
    device = default_device()
    share = 1 if device.type == "cuda" else 4
    assert four.room.num_bytes == pytest.approx(alone.room.num_bytes / share, rel=1e-6)
    assert four.memory_bytes is not None
    needed = four.memory_bytes(plain.config(LARGE))
    assert needed == training_bytes(
        plain.config(LARGE), len(faces.identities), num_faces=len(faces.train),
        num_held_out=len(faces.strangers),
    ).total  # fmt: skip
    # of the nodes of a cluster nothing is known
    elsewhere = limits_of(plain, None, faces, 0.0, 4, is_local=False)
    assert elsewhere.room is None and elsewhere.excess(LARGE) == {}


@pytest.mark.parametrize(
    ("slots", "trials", "repeat_top", "expected"),
    [(8, 50, 0, 8), (8, 3, 0, 3), (8, 1, 0, 1), (8, 3, 3, 6), (2, 3, 3, 2), (1, 0, 0, 1)],
)
def test_no_more_trials_run_at_once_than_are_planned(
    slots: int, trials: int, repeat_top: int, expected: int
) -> None:
    sweep = SweepRecord("s", trials, 5, repeat_top=repeat_top, repeat_seeds=3)
    assert busy_slots(slots, sweep) == expected


def test_a_space_without_dimensions_has_this_machine_for_itself() -> None:
    one = space_from_text("data: {image_px: 32}\nsearch: {trials: 50}")
    assert local_slots(one, num_cpus=16)[0] == 1
