"""The address of an MLflow store: which ones there are. MLflow is not imported here: it is slow."""

import shlex
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from facesearch.errors import InputError, without_secrets

# As MLflow has them; a database may name its driver, such as postgresql+psycopg2.
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_SERVERS = ("http", "https")
# Of these MLflow keeps registered models only.
_REGISTRIES = ("databricks-uc", "uc")
# What brings a driver, where it is not called as it is imported.
_PACKAGES = {
    "psycopg2": "psycopg2-binary", "psycopg": "'psycopg[binary]'", "MySQLdb": "mysqlclient",
}  # fmt: skip
_KNOWN = (
    "write http://host:port, sqlite:////path/file.db, databricks, or a database such as "
    "postgresql://user@host/name"
)


def check_address(uri: str) -> None:
    """Refuse what can be the address of no store.

    Raises:
        InputError: If it is of no known kind, cannot be read, or is a relative SQLite path.

    """
    kind = kind_of(uri)
    if kind == "sqlite":
        _check_sqlite_path(uri)
    elif kind in _SERVERS:
        _check_server(uri)
    elif kind in _REGISTRIES:
        raise InputError(
            f"tracking uri '{without_secrets(uri)}': Unity Catalog keeps registered models, not "
            f"runs; write databricks, and set MLFLOW_REGISTRY_URI={kind} for the models."
        )
    elif kind != "databricks" and kind not in _DATABASES and not _is_plugin(kind):
        raise InputError(f"tracking uri '{without_secrets(uri)}': unknown kind; {_KNOWN}")


def kind_of(uri: str) -> str:
    """Return the kind of a store: its scheme without a driver, as ``postgresql``; "" for none."""
    if uri in ("databricks", *_REGISTRIES):
        return uri
    try:
        return urlsplit(uri).scheme.partition("+")[0]
    except ValueError:
        return uri.partition(":")[0].partition("+")[0]


def is_database(uri: str) -> bool:
    """Whether a store is a database that a driver is needed for."""
    return kind_of(uri) in _DATABASES


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite store; None for other stores."""
    _, slashes, path = uri.partition(":///")
    return Path(path.partition("?")[0]) if slashes and kind_of(uri) == "sqlite" else None


def package_of(module: str) -> str:
    """Return what ``pip install`` takes to bring a driver."""
    return _PACKAGES.get(module, module)


def said_again(runs_dir: Path, tracking_uri: str | None = None, root: str | None = None) -> str:
    """Return the options that a further command needs to find what this one found.

    Args:
        runs_dir: As it was given; the default one is not told.
        tracking_uri: As it was given, or None; secrets in it are not told.
        root: Folder of the faces as it was given, or None.

    Returns:
        Quoted for a shell, with a blank before each; "" where nothing was given.

    """
    words = ["--data", root] if root else []
    words += [] if runs_dir == Path("runs") else ["--runs", str(runs_dir)]
    words += ["--tracking-uri", without_secrets(tracking_uri)] if tracking_uri else []
    return "".join(f" {shlex.quote(word)}" for word in words)


def _is_plugin(kind: str) -> bool:
    return any(found.name == kind for found in entry_points(group="mlflow.tracking_store"))


def _check_sqlite_path(uri: str) -> None:
    file = sqlite_file(uri)
    if file is None or not file.is_absolute():
        path = Path(uri.partition(":")[2].lstrip("/")).resolve()
        raise InputError(
            f"tracking uri '{uri}': a SQLite store needs an absolute path; write sqlite:///{path}"
        )


def _check_server(uri: str) -> None:
    told = without_secrets(uri)
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError as error:
        why = "the port must be 0 to 65535" if "ort " in str(error) else f"unreadable ({error})"
        raise InputError(f"tracking uri '{told}': {why}; write http://host:5000") from None
    if not parts.hostname:
        raise InputError(f"tracking uri '{told}': names no host; write http://host:5000")
