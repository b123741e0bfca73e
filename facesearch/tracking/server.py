"""MLflow's interface on this machine: started, watched, and ended with all its processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from facesearch.errors import InputError
from facesearch.tracking import guard
from facesearch.tracking.store import Store

HOST = "127.0.0.1"
START_S = 180.0
STOP_S = 3.0


@dataclass(frozen=True)
class Server:
    """A running interface: its address, without a slash at its end, and its first process."""

    address: str
    process: "subprocess.Popen[bytes]"

    def wait(self) -> None:
        """Return when it has ended by itself, which it should not."""
        self.process.wait()


def is_remote(store: Store) -> bool:
    """Whether the store is a server with an interface of its own."""
    return store.uri.startswith(("http://", "https://"))


def local_version() -> str:
    """Return the version of MLflow that is installed here."""
    return version("mlflow")


def remote_version(uri: str) -> str:
    """Return the version of MLflow on a server, or ``unknown`` if it does not tell."""
    try:
        with urlopen(f"{uri.rstrip('/')}/version", timeout=10) as answer:
            return str(answer.read(100).decode().strip())
    except (OSError, ValueError):
        return "unknown"


@contextlib.contextmanager
def serving(store: Store, port: int | None = None) -> Iterator[Server]:
    """Start the interface of a store; it ends with the block, or with this process.

    Args:
        store: No server.
        port: Where to listen on this machine's own address; None: one that stays the same for a
            store, so that a browser keeps what was folded, widened and closed there; if another
            program has it, any that is free.

    Raises:
        InputError: If the port is in use, or the interface does not start; its last words follow.

    """
    port = _free_port(port) if port else _usual_port(store)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = _start(store, port, folder, output)
        try:
            address = f"http://{HOST}:{port}"
            _await(process, address, log)
            yield Server(address, process)
        finally:
            _stop(process)


def _usual_port(store: Store) -> int:
    usual = 20_000 + zlib.crc32(store.uri.encode()) % 10_000
    try:
        return _free_port(usual)
    except InputError:
        return _free_port(0)


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(
                f"--port {port}: cannot listen there ({error.strerror}); leave --port out for one "
                "that is free."
            ) from None
        return int(probe.getsockname()[1])


def _start(store: Store, port: int, folder: str, output: IO[bytes]) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port),
        "--workers", "1", "--allowed-hosts", f"{HOST}:{port},localhost:{port}",
    ]  # fmt: skip
    if store.artifacts:
        command += ["--artifacts-destination", store.artifacts]
    # the address of a database may hold a password, which others could read on a command line
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": store.uri}
    environment |= {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    environment.pop("MLFLOW_TRACKING_URI", None)
    return subprocess.Popen(
        [sys.executable, "-I", str(guard.__file__), *command],
        stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, cwd=folder,
        env=environment, start_new_session=True,
    )  # fmt: skip


def _await(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(URLError, OSError), urlopen(f"{address}/health", timeout=5):
            return
        time.sleep(0.1)
    lines = log.read_text(errors="replace").strip().splitlines()[-5:]
    why = "ended at once" if process.poll() is not None else f"does not answer in {START_S:.0f} s"
    raise InputError("\n".join([f"MLflow's interface {why}; its last lines:", *lines]))


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the whole group: by SIGTERM, and by SIGKILL what is still there some seconds later."""
    try:
        _signal(process, signal.SIGTERM)
        end = time.monotonic() + STOP_S
        while time.monotonic() < end:
            process.poll()  # one that ended counts as there until it is asked for
            if not _signal(process, 0):
                break
            time.sleep(0.05)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
        if process.stdin:
            process.stdin.close()


def _signal(process: "subprocess.Popen[bytes]", number: int) -> bool:
    """Send a signal to the process's group; return whether anybody is in it."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
