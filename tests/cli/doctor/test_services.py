import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path

import pytest

from facesearch.cli.doctor.services import look_at_ray, look_at_store, schema_versions


def test_the_newest_schema_is_that_which_mlflow_writes(tmp_path: Path) -> None:
    from facesearch.tracking.store import resolve_store

    store = resolve_store(None, tmp_path)
    store.client().search_experiments()
    newest, known = schema_versions()
    assert newest in known and len(known) > 20
    (finding,) = look_at_store(None, tmp_path)
    assert finding.state == "ok" and finding.found.endswith(f"schema {newest}")


@pytest.fixture
def server() -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"3.17.2" if self.path == "/version" else b"2.9.0")

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_a_server_is_asked_for_its_version(server: str, tmp_path: Path) -> None:
    (finding,) = look_at_store(server, tmp_path)
    assert metadata.version("mlflow").startswith("3.") and finding.state == "ok"
    (finding,) = look_at_store(f"{server}/old", tmp_path)
    assert finding.state == "note" and "2.9.0" in finding.found


@pytest.mark.parametrize(
    ("uri", "state"),
    [
        ("http://127.0.0.1:9", "wrong"), ("ftp://x", "wrong"), ("sqlite:///here.db", "wrong"),
        ("postgresql://h/db", "note"), ("http://h:99999", "wrong"), ("uc:profile", "wrong"),
        ("HTTP://127.0.0.1:9", "wrong"), ("sqlite+pysqlite:///here.db", "wrong"), ("uc", "wrong"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_wrong(uri: str, state: str, tmp_path: Path) -> None:
    (finding,) = look_at_store(uri, tmp_path)
    assert finding.state == state and finding.mend


def test_the_variable_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/a.db")
    findings = list(look_at_store(None, tmp_path))
    assert [f.about for f in findings] == ["MLflow", "MLflow store"]


def test_ray_is_judged() -> None:
    (finding,) = look_at_ray({"error": "no answer in 60 s"})
    assert finding.state == "wrong" and finding.mend
    (finding,) = look_at_ray({"version": "2.60", "resources": {"CPU": 2.0}})
    assert finding.state == "ok" and "2 CPU" in finding.found


def test_every_address_that_is_accepted_is_looked_at(server: str, tmp_path: Path) -> None:
    (finding,) = look_at_store(server.replace("http", "HTTP"), tmp_path)
    assert finding.state == "ok"
    (finding,) = look_at_store(f"sqlite+pysqlite:///{tmp_path}/a.db", tmp_path)
    assert finding.state == "ok" and str(tmp_path / "a.db,") in finding.found
    assert list(tmp_path.iterdir()) == []


def test_no_secret_of_an_address_is_told(tmp_path: Path) -> None:
    for uri in ("postgresql://u:secret@h/db", "http://u:secret@127.0.0.1:9", "ftp://u:secret@h"):
        assert "secret" not in repr(list(look_at_store(uri, tmp_path)))
