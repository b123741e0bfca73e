"""Ray for a command: one of our own on this machine, or a cluster that is joined.

One of our own follows nothing that is said of other clusters, and listens on 127.0.0.1 alone.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.job_config import JobConfig

import facesearch
from facesearch.errors import ClusterError, InputError
from facesearch.tuning.address import is_own, refuse_dead_address
from facesearch.tuning.ray_folder import choose_folder
from facesearch.tuning.ray_log import ray_log

# What leads a driver to another cluster, or was meant for the jobs of one.
_ELSEWHERE = (
    "RAY_ADDRESS", "RAY_REDIS_ADDRESS", "RAY_NAMESPACE", "RAY_RUNTIME_ENV", "RAY_RUNTIME_ENV_HOOK",
    "RAY_JOB_CONFIG_JSON_ENV_VAR",
)  # fmt: skip
Say = Callable[[str], None]


@dataclass(frozen=True)
class Cluster:
    """Which Ray to use: None starts one on this machine and stops it afterwards."""

    address: str | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is started here."""
        return is_own(self.address)


@contextmanager
def ray_session(
    cluster: Cluster, say: Say | None = None, log: Path | None = None
) -> Iterator[dict[str, float]]:
    """Connect to Ray, yield its resources, disconnect.

    Args:
        cluster: Which.
        say: Called with what is worth a line.
        log: File for what Ray itself says meanwhile; None leaves that on the screen.

    Raises:
        InputError: If no cluster answers at the address, or Ray has no place for its files.
        ClusterError: If Ray does not start on this machine, twice.

    """
    is_loud = os.environ.get("RAY_BACKEND_LOG_LEVEL") == "debug"  # as by -vv
    has_log = log is not None and not is_loud
    level = logging.DEBUG if is_loud else logging.ERROR
    quiet: dict[str, Any] = {
        "logging_level": level, "log_to_driver": is_loud,
        "configure_logging": is_loud or has_log,  # else Ray takes its loggers' handlers away
    }  # fmt: skip
    logging.getLogger("ray").setLevel(level)
    with ExitStack() as stack:
        if log is not None and has_log:
            stack.enter_context(ray_log(log))
        try:
            if cluster.address is None or cluster.is_own:
                stack.enter_context(_own_surroundings(say or _nobody))
                _start_here(quiet, say or _nobody)
            else:
                _join(cluster.address, quiet)
        except KeyboardInterrupt:
            ray.shutdown()
            raise
        stack.callback(ray.shutdown)
        yield ray.cluster_resources()


def _nobody(text: str) -> None:
    """Nobody listens."""


def _join(address: str, quiet: dict[str, Any]) -> None:
    refuse_dead_address(address)
    # the server of ray:// makes the job's config itself
    job = {} if "://" in address else {"job_config": _Job()}
    try:
        ray.init(address=address.strip(), **job, **quiet)
    except Exception as error:
        raise InputError(
            f"--address {address}: the Ray there cannot be joined ({_first_line(error)})"
        ) from None


def _start_here(quiet: dict[str, Any], say: Say) -> None:
    """Start Ray on this machine; once more if it fails, as it does under a heavy load.

    Ray waits for its own processes for a limited time, and raises a plain Exception.
    """
    folder, why = choose_folder()
    if why:
        say(why)
    for is_last in (False, True):
        try:
            ray.init(
                address="local", include_dashboard=False, _node_ip_address="127.0.0.1",
                _temp_dir=None if folder is None else str(folder), job_config=_Job(), **quiet,
            )  # fmt: skip
            return
        except Exception as error:
            ray.shutdown()
            if is_last:
                raise ClusterError(
                    f"Ray did not start on this machine ({_first_line(error)}). Nothing is lost: "
                    "the same command again goes on, best when less is running; facesearch doctor "
                    "--deep tries Ray alone."
                ) from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


class _Job(JobConfig):
    """A job whose workers do not look for modules in the working directory of the command.

    Ray would put it first, so that a ``torch.py`` which lies there were taken for the library.
    """

    def __init__(self) -> None:
        super().__init__(_py_driver_sys_path=_package_folder())

    def _runtime_env_has_working_dir(self) -> bool:
        """Ray asks before it adds the script's and the working directory."""
        return True


def _package_folder() -> list[str]:
    """Return the folder of a checkout that is not installed: workers must find it too."""
    folder = Path(facesearch.__file__).resolve().parents[1]
    return [] if folder.name in ("site-packages", "dist-packages") else [str(folder)]


@contextmanager
def _own_surroundings(say: Say) -> Iterator[None]:
    """Hide what leads elsewhere, and let Ray listen on 127.0.0.1 alone."""
    names = (*_ELSEWHERE, *(() if _is_token_there() else ("RAY_AUTH_TOKEN_PATH",)))
    hidden = {name: os.environ.pop(name) for name in names if name in os.environ}
    if "RAY_ADDRESS" in hidden:
        say(
            f"RAY_ADDRESS={hidden['RAY_ADDRESS']} is not followed: Ray is started on this machine; "
            "--address auto joins the other"
        )
    # Ray turns 127.0.0.1 into the address in the network, on which others can reach its processes;
    # where it knows of no clusters, as on macOS, it leaves it
    constants = ray._private.ray_constants
    before, constants.ENABLE_RAY_CLUSTER = constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before
        os.environ.update(hidden)


def _is_token_there() -> bool:
    """Whether the file of the token that is to be shown can be read; Ray starts with none else."""
    try:
        return bool(Path(os.environ.get("RAY_AUTH_TOKEN_PATH", os.devnull)).read_text().strip())
    except (OSError, UnicodeDecodeError):
        return False


@contextmanager
def raylet_watch(on_death: Callable[[], None], poll_s: float = 1.0) -> Iterator[None]:
    """Watch the Ray processes that this one started; without them Ray waits for ever.

    Args:
        on_death: Called once, in a thread, when one has died; it should end the process.
        poll_s: Seconds between two looks.

    """
    node = getattr(ray._private.worker, "_global_node", None)
    is_done = threading.Event()

    def watch() -> None:
        while node is not None and not is_done.wait(poll_s):
            dead = {kind for kind, _ in node.dead_processes()}
            if dead & {"raylet", "gcs_server"} and not is_done.is_set():
                on_death()
                return

    thread = threading.Thread(target=watch, name="raylet-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join(2 * poll_s)
