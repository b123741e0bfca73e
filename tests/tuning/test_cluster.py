import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import ray
from chaos import Sweep

from facesearch.errors import ClusterError, InputError
from facesearch.tuning import cluster
from facesearch.tuning.cluster import Cluster, ray_session

ELSEWHERE = {
    "RAY_ADDRESS": "127.0.0.1:1",
    "RAY_NAMESPACE": "theirs",
    "RAY_RUNTIME_ENV_HOOK": "no.such.hook",
    "RAY_JOB_CONFIG_JSON_ENV_VAR": '{"runtime_env": {"working_dir": "gcs://_ray_pkg_0.zip"}}',
}


class FakeRay:
    """Notes how Ray is started, and fails as often as asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int = 0) -> None:
        self.failures, self.calls = failures, list[str]()
        self.given: dict[str, Any] = {}
        self.environment: dict[str, str] = {}
        monkeypatch.setattr(ray, "init", self.init)
        monkeypatch.setattr(ray, "shutdown", lambda: self.calls.append("shutdown"))
        monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2.0})

    def init(self, **given: Any) -> None:
        self.calls.append("init")
        self.given, self.environment = given, dict(os.environ)
        self.has_clusters = ray._private.ray_constants.ENABLE_RAY_CLUSTER
        if self.calls.count("init") <= self.failures:
            raise Exception("The current node timed out during startup.\nmore")


@pytest.mark.parametrize("address", [None, "local"])
def test_a_ray_of_our_own_follows_nothing_that_is_set(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    fake, notes = FakeRay(monkeypatch), list[str]()
    with ray_session(Cluster(address), notes.append):
        assert fake.given["address"] == "local" and not fake.has_clusters
        assert not {*ELSEWHERE} & {*fake.environment}
        assert not {*ELSEWHERE} & {*os.environ}  # nor what it starts later
    assert {name: os.environ[name] for name in ELSEWHERE} == ELSEWHERE
    assert ray._private.ray_constants.ENABLE_RAY_CLUSTER
    assert [note for note in notes if "RAY_ADDRESS=127.0.0.1:1 is not followed" in note]


@pytest.mark.parametrize(("text", "is_hidden"), [(None, True), ("", True), ("abc", False)])
def test_the_file_of_a_token_counts_if_it_holds_one(
    text: str | None, is_hidden: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "token").write_text(text)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    fake = FakeRay(monkeypatch)
    with ray_session(Cluster()):
        assert ("RAY_AUTH_TOKEN_PATH" not in fake.environment) == is_hidden


def test_an_address_where_nothing_listens_is_refused_and_nothing_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeRay(monkeypatch)
    with pytest.raises(InputError, match=r"--address 127.0.0.1:9: no Ray answers"):
        with ray_session(Cluster("127.0.0.1:9")):
            raise AssertionError("there is no cluster")
    assert fake.calls == []


def test_a_cluster_that_cannot_be_joined_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "refuse_dead_address", lambda address: None)
    FakeRay(monkeypatch, failures=1)
    with pytest.raises(InputError, match=r"cannot be joined \(The current node .*startup\.\)$"):
        with ray_session(Cluster("head:6379")):
            raise AssertionError("there is no cluster")


@pytest.mark.parametrize("failures", [1, 2])
def test_ray_that_does_not_start_is_asked_once_more(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeRay(monkeypatch, failures)
    if failures == 1:
        with ray_session(Cluster()) as resources:
            assert resources == {"CPU": 2.0} and fake.calls == ["init", "shutdown", "init"]
    else:
        with (
            pytest.raises(ClusterError, match=r"\(The current node timed out .*startup\.\)"),
            ray_session(Cluster()),
        ):
            pass
        assert fake.calls == ["init", "shutdown"] * 2


def test_a_long_temporary_folder_is_left_for_a_short_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake, notes = FakeRay(monkeypatch), list[str]()
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / ("x" * 80)))
    with ray_session(Cluster(), notes.append):
        assert fake.given["_temp_dir"].startswith("/tmp/ray")
    assert "too long for Unix sockets" in notes[-1]


def test_under_uv_run_the_working_directory_is_not_packed() -> None:
    script = (
        "import facesearch.tuning, ray; "
        "print(ray._private.ray_constants.RAY_ENABLE_UV_RUN_RUNTIME_ENV)"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "False"


def listening(pids: set[int]) -> set[str]:
    """Return the addresses on which some processes listen."""
    psutil = pytest.importorskip("psutil")
    found = [c for c in psutil.net_connections("inet") if c.status == "LISTEN" and c.pid in pids]
    return {connection.laddr.ip.removeprefix("::ffff:") for connection in found}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_sweep_in_hostile_surroundings_loses_a_worker(tmp_path: Path) -> None:
    """Another cluster in the environment, long paths, files named like libraries, and a kill."""
    sweep = Sweep(tmp_path / "sweep", "none")
    for name in ("torch", "ray", "random", "numpy"):
        (sweep.folder / f"{name}.py").write_text("raise RuntimeError('the wrong one')\n")
    long = tmp_path / ("long" * 15)
    long.mkdir()
    process = sweep.start("--trials", "3", env={**ELSEWHERE, "TMPDIR": str(long)})
    sweep.wait_for(lambda: sweep.records().epochs_spent >= 2 or process.poll() is not None, 300)
    heard = listening({*sweep.processes()})
    assert sweep.kill("worker", random.Random(0)), sweep.log
    assert process.wait(timeout=300) == 0, sweep.log[-3000:]
    sweep.wait_gone()

    assert heard == {"127.0.0.1"}
    records, screen = sweep.records(), sweep.log
    assert len(records.trials) == 3 and max(t.attempts for t in records.trials.values()) == 2
    assert "RAY_ADDRESS=127.0.0.1:1 is not followed" in screen
    assert f"TMPDIR={long}" in screen and "too long for Unix sockets" in screen
    told = [line for line in screen.splitlines() if "its worker process ended" in line]
    assert "runs/small-0001/ray.log" in told[0]
    for words in (
        "raylet",
        "Traceback",
        "Trial task failed",
        "did not complete",
        "Failed to fetch",
    ):
        assert words not in screen
    file = (sweep.runs / "ray.log").read_text()
    for words in ("(raylet) A worker died", "Trial task failed", "Traceback"):
        assert words in file
