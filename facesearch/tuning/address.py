"""Whether a Ray cluster answers at an address, found out in seconds; Ray itself tries for minutes.

Ray is imported only to find what ``auto`` means.
"""

import os
import re
import socket
from pathlib import Path

from facesearch.errors import InputError

KNOCK_S = 5.0
# HTTP/2's greeting and an empty frame of settings; what speaks gRPC answers with its own settings.
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_FRAME_HEAD, _SETTINGS = 9, 4
_WRITE = (
    "Write auto for the one on this machine, or its HOST:PORT (6379 unless `ray start --port` says "
    "otherwise), or leave --address out: facesearch then starts a Ray of its own."
)


def is_own(address: str | None) -> bool:
    """Whether an address asks for a Ray of our own."""
    return address is None or address.strip() == "local"


def refuse_dead_address(address: str, knock_s: float = KNOCK_S) -> None:
    """Find out whether a cluster is there.

    Args:
        address: ``auto``, HOST:PORT or ray://HOST:PORT.
        knock_s: Seconds that it has for an answer.

    Raises:
        InputError: If it is no address, or if no Ray answers.

    """
    told, target = f"--address {address}", address.strip()
    if not target:
        raise InputError(f"--address is empty. {_WRITE}")
    if target == "auto":
        target, origin = _meant_by_auto()
        told = f"--address auto: {target} ({origin})"
    host, port = _host_and_port(told, target)
    reason = silence(host, port, knock_s)
    if reason:
        stale = (
            " `ray stop` forgets a cluster that has died." if "ray_current_cluster" in told else ""
        )
        raise InputError(
            f"{told}: no Ray answers there ({reason}).{stale} Start one with `ray start --head`. "
            f"{_WRITE}"
        )


def silence(host: str, port: int, knock_s: float = KNOCK_S) -> str:
    """Return why no Ray answers at a host and port; empty if one does."""
    try:
        with socket.create_connection((host, port), timeout=knock_s) as knock:
            if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
                return ""  # its certificates are Ray's own business
            knock.settimeout(knock_s)
            knock.sendall(_GREETING)
            head = knock.recv(_FRAME_HEAD)
    except TimeoutError:
        return f"no response in {knock_s:g} s"
    except OSError as error:
        return error.strerror or str(error)
    is_grpc = len(head) > 3 and head[3] == _SETTINGS and not head.startswith(b"HTTP")
    return "" if is_grpc else "what listens there is another program"


def noted_cluster(folder: Path) -> str:
    """Return the address that `ray start` noted in Ray's folder of this machine; empty if none."""
    try:
        return (folder / "ray_current_cluster").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _meant_by_auto() -> tuple[str, str]:
    """Return the address that Ray takes for ``auto``, and where it has it from."""
    variable = os.environ.get("RAY_ADDRESS", "").strip()
    if variable and variable != "auto":
        return variable, "from RAY_ADDRESS"
    from ray._common.utils import get_ray_address_file
    from ray._private.services import find_gcs_addresses, get_ray_address_from_environment

    find_gcs_addresses.cache_clear()
    try:
        found = str(get_ray_address_from_environment("auto", None))
    except ConnectionError:
        raise InputError(f"--address auto: no Ray runs on this machine. {_WRITE}") from None
    file = get_ray_address_file(None)
    is_noted = found == noted_cluster(Path(file).parent)
    return found, f"from {file}" if is_noted else "found on this machine"


def _host_and_port(told: str, target: str) -> tuple[str, int]:
    """Take an address apart; Ray takes this machine's own name for its address in the network."""
    scheme, _, rest = target.rpartition("://")
    if scheme not in ("", "ray"):
        raise InputError(
            f"{told}: {scheme}:// is the address of Ray's dashboard or of its jobs. {_WRITE}"
        )
    match = re.fullmatch(r"\[?([^\s/\[\]]+?)\]?:(\d{1,5})", rest)
    if match is None or not 0 < int(match[2]) < 2**16:
        raise InputError(f"{told}: is no address of a Ray cluster. {_WRITE}")
    host = match[1]
    if not scheme:
        from ray._private.services import resolve_ip_for_localhost

        host = str(resolve_ip_for_localhost(host))
    return host, int(match[2])
