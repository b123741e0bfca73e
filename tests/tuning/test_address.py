import functools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ray._private import services

from facesearch.errors import InputError
from facesearch.tuning.address import is_own, noted_cluster, refuse_dead_address, silence

SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))


@contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """Listen on a port of this machine and answer so; None: accept, and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_over = threading.Event()

        def serve() -> None:
            guest, _ = server.accept()
            with guest:
                guest.recv(100)
                if answer is None:
                    is_over.wait(10)
                else:
                    guest.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        is_over.set()
        thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "localhost:{}", "ray://127.0.0.1:{}"])
def test_an_address_where_nothing_listens_is_refused(address: str, closed_port: int) -> None:
    with pytest.raises(InputError, match=r"--address .*no Ray answers.*refused.*ray start --head"):
        refuse_dead_address(address.format(closed_port))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("head", "is no address"),
        ("127.0.0.1", "is no address"),
        ("127.0.0.1:99999", "is no address"),
        ("127.0.0.1:0", "is no address"),
        (":6379", "is no address"),
        ("a:b:c", "is no address"),
        ("head:6379/x", "is no address"),
        ("http://127.0.0.1:8265", "http:// is the address of Ray's dashboard"),
        ("redis://127.0.0.1:6379", "redis:// is the address"),
    ],
)
def test_what_is_no_address_is_refused(address: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        refuse_dead_address(address)
    assert "leave --address out" in str(refusal.value)


def test_a_name_that_means_no_machine_is_refused() -> None:
    with pytest.raises(InputError, match=r"nowhere\.invalid:6379: no Ray answers there"):
        refuse_dead_address("nowhere.invalid:6379")


def test_what_speaks_grpc_is_taken_for_ray() -> None:
    with listener(SETTINGS) as port:
        refuse_dead_address(f"ray://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "another program"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "another program"),
        (b"", "another program"),
        (None, "no response in 0.2 s"),
    ],
)
def test_another_program_is_no_ray(answer: bytes | None, reason: str) -> None:
    with listener(answer) as port:
        assert reason in silence("127.0.0.1", port, 0.2)


def test_auto_says_whence_it_has_a_dead_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed_port: int
) -> None:
    monkeypatch.setattr(services, "find_gcs_addresses", functools.cache(lambda: set()))
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(InputError, match="--address auto: no Ray runs on this machine"):
        refuse_dead_address("auto")
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray/ray_current_cluster").write_text(f"127.0.0.1:{closed_port}")
    with pytest.raises(InputError, match=r"from .*ray_current_cluster.*`ray stop` forgets"):
        refuse_dead_address("auto")
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{closed_port}")
    with pytest.raises(InputError, match=r"from RAY_ADDRESS"):
        refuse_dead_address("auto")


def test_the_noted_cluster_is_read(tmp_path: Path) -> None:
    assert noted_cluster(tmp_path) == ""
    (tmp_path / "ray_current_cluster").write_text("10.0.0.1:6379\n")
    assert noted_cluster(tmp_path) == "10.0.0.1:6379"
    (tmp_path / "ray_current_cluster").write_bytes(b"\xff\xfe")
    assert noted_cluster(tmp_path) == ""


def test_only_no_address_and_local_ask_for_a_ray_of_our_own() -> None:
    assert is_own(None) and is_own("local")
    assert not any(map(is_own, ("", "auto", "127.0.0.1:6379")))
