import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from faces_on_disk import people as identity_folders
from models import CONFIG

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.errors import TrialFailure
from facesearch.final.plan import FineTune, Plan, Stages, member_key, member_stages
from facesearch.final.retrain import Listener, Progress, Trained, Workshop
from facesearch.training.fit import Training

TRIAL = RunConfig.model_validate({**CONFIG, "train": {"epochs": 2, "batch_size": 8}})
PLAN = Plan(seeds=2, fine_tune=FineTune(2, image_px=24, margin_factor=1.2))


def train(
    folder: Path, members: list[Stages], at_once: int = 1
) -> tuple[list[Trained], list[Progress], list[str]]:
    seen: list[Progress] = []
    notes: list[str] = []
    workshop = Workshop(folder, 1, at_once, Listener(seen.append, notes.append))
    return [one for one in workshop.train(members) if one is not None], seen, notes


def weights(trained: Trained) -> np.ndarray:
    state = trained.model.members[0].network.state_dict()
    return np.concatenate([t.detach().numpy().ravel().astype(np.float64) for t in state.values()])


def test_every_stage_of_every_member_is_trained_once(tmp_path: Path) -> None:
    members = member_stages(TRIAL, PLAN)
    trained, seen, _ = train(tmp_path, members)
    order = [(p.member, p.stage, p.result.epoch) for p in seen]
    assert order == [(m, s, e) for m in (0, 1) for s in (0, 1) for e in (1, 2)]
    assert [one.seed for one in trained] == [0, 1]
    assert trained[0].model.image_px == 24 and len(trained[0].curve) == 4
    assert not np.allclose(weights(trained[0]), weights(trained[1]))
    again, seen, _ = train(tmp_path, members)
    assert seen == []
    for before, after in zip(trained, again, strict=True):
        np.testing.assert_array_equal(weights(before), weights(after))
        assert before.curve == after.curve


def test_what_is_kept_of_earlier_commands_is_told(tmp_path: Path) -> None:
    notes: list[str] = []
    workshop = Workshop(tmp_path / "final-a", listener=Listener(on_note=notes.append))
    first, second = member_stages(TRIAL, Plan(seeds=2))
    workshop.take_over([first, second])
    assert notes == []
    workshop.train([first])
    workshop.take_over([first])
    assert notes == ["going on: 1 of 1 networks trained already"]
    workshop._folder_of(second).mkdir()
    workshop.take_over([first, second])
    assert notes[1:] == ["going on: 1 of 2 networks trained already, 1 begun"]


def test_one_stage_gives_what_a_plain_training_gives(tmp_path: Path) -> None:
    training = Training(TRIAL, load_all_faces(TRIAL.data))
    for _ in training.epochs():
        pass
    trained, _, _ = train(tmp_path, [(TRIAL,)])
    state = trained[0].model.members[0].network.state_dict()
    for name, tensor in training.best_network.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), state[name].numpy())


def test_a_damaged_member_is_trained_again_and_told(tmp_path: Path) -> None:
    members = [(TRIAL,)]
    trained, _, _ = train(tmp_path, members)
    path = next(tmp_path.glob("members/*/stage0/model/model.safetensors"))
    path.write_bytes(path.read_bytes()[:-1])
    again, seen, notes = train(tmp_path, members)
    assert len(seen) == 2 and "SHA-256 differs" in notes[0]
    np.testing.assert_array_equal(weights(trained[0]), weights(again[0]))


def wild() -> RunConfig:
    """A training that cannot go well."""
    return RunConfig.model_validate({
        **CONFIG, "head": {"type": "softmax"}, "train": {"epochs": 9, "batch_size": 8},
        "model": {**CONFIG["model"], "embedding_norm": False},
        "optim": {"lr": 100.0, "grad_clip_norm": 0.0, "warmup_fraction": 0.0},
    })  # fmt: skip


def test_a_member_that_diverges_is_left_out_but_not_the_last_one(tmp_path: Path) -> None:
    trained, _, notes = train(tmp_path, [(wild(),), (TRIAL,)])
    assert len(trained) == 1 and "diverged" in notes[0] and "left out" in notes[0]
    with pytest.raises(TrialFailure) as failure:
        train(tmp_path / "alone", [(wild(),)])
    assert failure.value.outcome == "diverged"


def test_what_a_killed_writer_has_left_does_not_spoil_the_member(tmp_path: Path) -> None:
    members = member_stages(TRIAL, Plan(fine_tune=FineTune(1, image_px=24)))
    trained, _, _ = train(tmp_path, members)
    place = next(tmp_path.glob("members/*/stage1/model"))
    # killed while the weights were written: half a bundle, and the file beside it
    (place / "manifest.json").unlink()
    (place / ".model.safetensors.77.tmp").write_bytes(b"half")
    again, seen, notes = train(tmp_path, members)
    assert [(p.stage, p.result.epoch) for p in seen] == [(1, 1)]
    assert "not a whole facesearch model" in notes[0]
    np.testing.assert_array_equal(weights(trained[0]), weights(again[0]))
    assert not list(place.glob(".*.tmp"))


def test_a_damaged_first_stage_does_not_matter_once_the_last_is_done(tmp_path: Path) -> None:
    members = member_stages(TRIAL, Plan(fine_tune=FineTune(1, image_px=24)))
    train(tmp_path, members)
    next(tmp_path.glob("members/*/stage0/model/model.safetensors")).write_bytes(b"")
    _, seen, notes = train(tmp_path, members)
    assert seen == [] and notes == []


def test_faces_that_were_moved_are_no_other_training(tmp_path: Path) -> None:
    moved = [identity_folders(tmp_path / name) for name in ("here", "there")]
    configs = [
        TRIAL.model_copy(
            update={"data": TRIAL.data.model_copy(update={"root": str(root), "image_px": 16})}
        )
        for root in moved
    ]
    keys = {member_key((c,), load_all_faces(c.data).fingerprint) for c in configs}
    assert len(keys) == 1
    half = Training(configs[0], load_all_faces(configs[0].data))
    next(half.epochs())
    half.save(tmp_path / "half.ckpt")
    rest = Training(configs[1], load_all_faces(configs[1].data))
    rest.resume(tmp_path / "half.ckpt")
    assert rest.epochs_done == 1


@pytest.mark.slow
def test_members_beside_each_other_are_those_of_one_after_the_other(tmp_path: Path) -> None:
    members = member_stages(TRIAL, Plan(seeds=3, fine_tune=FineTune(1, image_px=24)))
    beside, seen, _ = train(tmp_path / "beside", members, at_once=2)
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // 2))  # as each had: another number rounds otherwise
    try:
        after, _, _ = train(tmp_path / "after", members)
    finally:
        torch.set_num_threads(threads)
    assert sorted((p.member, p.stage, p.result.epoch) for p in seen) == [
        (m, s, e) for m in range(3) for s, e in ((0, 1), (0, 2), (1, 1))
    ]
    assert {p.member for p in seen[: len(seen) // 2]} == {0, 1}
    for one, other in zip(beside, after, strict=True):
        assert one.seed == other.seed and len(one.curve) == 3
        np.testing.assert_array_equal(weights(one), weights(other))
    _, seen, _ = train(tmp_path / "beside", members, at_once=2)
    assert seen == []


@pytest.mark.slow
def test_of_members_beside_each_other_one_may_diverge(tmp_path: Path) -> None:
    trained, seen, notes = train(tmp_path, [(wild(),), (TRIAL,)], at_once=2)
    assert [one.model.config for one in trained] == [TRIAL]
    assert {p.member for p in seen if p.result.epoch == 2} == {1}
    assert "diverged" in notes[0] and "left out" in notes[0]


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_retrain_members import MEMBERS
from facesearch.final.retrain import Listener, Workshop
def told(p):
    print(p.member, p.stage, p.result.epoch, flush=True)
Workshop(Path(sys.argv[1]), 1, 1, Listener(told)).train(MEMBERS)
"""
MEMBERS = """
from facesearch.config import RunConfig
from facesearch.final.plan import FineTune, Plan, member_stages
MEMBERS = member_stages(
    RunConfig.model_validate({config!r}),
    Plan(seeds=2, epochs=3, fine_tune=FineTune(2, image_px=24, margin_factor=1.2)))
"""


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    (tmp_path / "test_retrain_members.py").write_text(
        MEMBERS.format(config=TRIAL.model_dump(mode="json"))
    )
    killed, whole = ([sys.executable, "-c", SCRIPT, str(tmp_path / name), str(tmp_path)]
                     for name in ("killed", "whole"))  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "2"}
    told: list[list[str]] = []
    for killed_after in (2, 4):
        process = subprocess.Popen(killed, stdout=subprocess.PIPE, text=True, env=env)
        assert process.stdout is not None
        told += [process.stdout.readline().split() for _ in range(killed_after)]
        os.kill(process.pid, signal.SIGKILL)
        told += [line.split() for line in process.stdout.read().splitlines()]
        process.wait()
        process.stdout.close()
    done = subprocess.run(killed, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    told += [line.split() for line in done.stdout.splitlines()]
    # told before it is saved, none of ten epochs is left out; at a kill one may be trained again
    assert len({tuple(line) for line in told}) == 10 and told[-1] == ["1", "1", "2"]
    assert len(told) <= 10 + 2
    subprocess.run(whole, capture_output=True, check=True, env=env, timeout=300)
    files = sorted(tmp_path.glob("whole/members/*/stage1/model/model.safetensors"))
    assert len(files) == len(list(tmp_path.glob("killed/members/*/stage1/model"))) == 2
    for file in files:
        other = tmp_path / "killed" / file.relative_to(tmp_path / "whole")
        assert other.read_bytes() == file.read_bytes()
