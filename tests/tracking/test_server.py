import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from processes import living

from facesearch.errors import InputError
from facesearch.tracking import server
from facesearch.tracking.server import is_remote, remote_version, serving
from facesearch.tracking.store import Store


@contextlib.contextmanager
def answering(text: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as serves:
        threading.Thread(target=serves.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serves.server_port}"
        serves.shutdown()


def test_a_server_is_asked_for_its_version() -> None:
    with answering(b"3.20.1") as uri:
        assert remote_version(uri + "/") == "3.20.1"
    assert remote_version(uri) == "unknown"
    assert is_remote(Store(uri)) and not is_remote(Store("sqlite:////a.db"))


def test_a_port_in_use_is_refused_and_the_usual_one_is_the_same_each_time(db: Path) -> None:
    store = Store(f"sqlite:///{db}")
    usual = server._usual_port(store)
    assert server._usual_port(store) == usual
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", usual))
        taken.listen()
        with pytest.raises(InputError, match=f"--port {usual}: cannot listen there"):
            server._free_port(usual)
        assert server._usual_port(store) != usual


def test_an_interface_that_does_not_start_says_why(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    path.write_text("this is no database, and longer than a hundred bytes " * 9)
    with (
        pytest.raises(InputError, match=r"ended at once(.|\n)*not a database"),
        serving(Store(f"sqlite:///{path}")),
    ):
        pass


@pytest.mark.slow
def test_the_interface_of_a_store_ends_with_its_block(db: Path) -> None:
    with serving(Store(f"sqlite:///{db}")) as served:
        with urlopen(f"{served.address}/version") as answer:
            assert answer.read().decode().startswith("3.")
        group = served.process.pid
    assert living(group) == {}
