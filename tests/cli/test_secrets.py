"""No command prints the password or token of a store's address."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from finals import small_final
from sweeps import TEXT, simulated_sweep

from facesearch.cli import cli
from facesearch.errors import FacesearchError, printable

ADDRESSES = (
    "http://user:hush@127.0.0.1:9", "http://hush@127.0.0.1:9/x", "http://user:hush@[::1",
    "mysql+nodriver://user:hush@127.0.0.1:9/db", "ftp://user:hush@host",
)  # fmt: skip
COMMANDS = (
    ("runs",), ("runs", "--json"), ("show", "made-up"), ("show", "3f2b91c0"), ("ui", "--no-open"),
    ("diff", "made-up", "3f2b91c0"), ("report", "made-up"), ("report", "3f2b91c0"), ("models",),
    ("models", "show", "3f2b91c0"), ("verify", "3f2b91c0", "a.jpg", "b.jpg"),
    ("finalize", "--run-id", "3f2b91c0"), ("sync", "made-up"),
    ("extend", "nobody", "--trials", "2"), ("export", "models:/NAME@champion", "out"),
    ("doctor",), ("doctor", "--json"),
)  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    simulated_sweep(folder / "runs", trials=2)
    small_final(folder / "runs" / "final-12345678")
    (folder / "space.yaml").write_text(TEXT)
    return folder


@pytest.mark.parametrize("uri", ADDRESSES)
def test_secrets_stay_where_they_are(
    world: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.chdir(world)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr("facesearch.tuning.sync.sync_sweep", lambda folder, store, tell: True)
    told = ""
    for words in COMMANDS:
        if words[0] == "doctor" and uri != ADDRESSES[0]:
            continue  # it takes seconds
        result = CliRunner().invoke(cli, ["-v", *words])
        told += result.output
        if isinstance(result.exception, FacesearchError):
            told += printable(str(result.exception))  # as `main` does
        else:
            assert isinstance(result.exception, (SystemExit, type(None))), result.exception
    assert "hush" not in told
    assert uri.partition("://")[0] in told and "***@" in told
