from pathlib import Path

import pytest

from facesearch.errors import InputError, printable
from facesearch.tracking.address import check_address, kind_of, said_again, sqlite_file
from facesearch.tracking.store import Store, resolve_store

# What MLflow 3.17 has stores of runs for.
VALID = (
    "databricks", "databricks://profile", "http://127.0.0.1:5000", "https://mlflow.example/x",
    "postgresql://user@host/db", "postgresql+psycopg2://user:word@host/db",
    "mysql+pymysql://user:word@host/db?charset=utf8", "mssql+pyodbc://user:word@host/db",
    "sqlite:////tmp/a/mlflow.db", "sqlite+pysqlite:////tmp/a/mlflow.db",
)  # fmt: skip


@pytest.mark.parametrize("uri", VALID)
def test_every_kind_of_store_that_mlflow_has_is_accepted(uri: str, tmp_path: Path) -> None:
    check_address(uri)
    assert resolve_store(uri, tmp_path).uri == uri
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry

    assert kind_of(uri) in _tracking_store_registry._registry


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("http://host:99999", "port must be 0 to 65535"),
        ("http://[::1", "unreadable"),
        ("http://", "names no host"),
        ("databricks-uc", "write databricks, and set MLFLOW_REGISTRY_URI=databricks-uc"),
        ("uc:profile", "MLFLOW_REGISTRY_URI=uc"),
        ("sqlite:relative.db", "needs an absolute path"),
        ("sqlite:///relative.db", "needs an absolute path"),
        ("sqlite://", "needs an absolute path"),
        ("ftp://host", "unknown kind; write http://host:port"),
        ("runs/mlruns", "unknown kind"),
        ("ftp://me:hush@host", r"'ftp://me:\*\*\*@host': unknown kind"),
        ("http://me:hush@host:x", r"'http://me:\*\*\*@host:x': the port"),
    ],
)
def test_a_wrong_address_is_told_with_its_cure(uri: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_address(uri)


@pytest.mark.parametrize(
    ("uri", "package"),
    [
        ("mysql+pymysql://user:word@127.0.0.1:9/db", "pymysql"),
        ("postgresql+psycopg2://user:word@127.0.0.1:9/db", "psycopg2-binary"),
        ("mssql+pyodbc://user:word@127.0.0.1:9/db", "pyodbc"),
    ],
)
def test_a_driver_that_is_missing_is_told_with_what_installs_it(uri: str, package: str) -> None:
    module = package.removesuffix("-binary")
    try:
        __import__(module)
    except ImportError:
        with pytest.raises(InputError, match=f"not installed here: pip install {package}$") as told:
            Store(uri).client()
        assert "word" not in str(told.value)
    else:
        pytest.skip(f"{module} is installed")


@pytest.mark.parametrize(
    "uri",
    [
        "http://user:hush@127.0.0.1:5000", "http://hush@127.0.0.1:5000/x",
        "postgresql+psycopg2://user:hu/hush@sh@host/db", "postgresql://host/db?password=hush&x=1",
        "mssql+pyodbc:///?odbc_connect=PWD%3Dhush", "https://host/api?access_token=hush",
    ],
)  # fmt: skip
def test_secrets_are_never_printed(uri: str) -> None:
    store = Store(uri)
    for told in (store.place, repr(store), printable(f"no, '{uri}' fails: {uri}"),
                 said_again(Path("runs"), uri)):  # fmt: skip
        assert "hush" not in told and ("***" in told or told == repr(store))


def test_addresses_without_secrets_are_told_whole() -> None:
    for uri in (*(uri for uri in VALID if "word" not in uri), "models:/name@champion"):
        assert printable(f"MLflow at {uri}: no.") == f"MLflow at {uri}: no."


def test_the_file_of_a_store() -> None:
    assert sqlite_file("sqlite:////a/b.db?x=1") == Path("/a/b.db")
    assert sqlite_file("sqlite+pysqlite:////a/b.db") == Path("/a/b.db")
    assert sqlite_file("http://host:///x") is None and sqlite_file("databricks") is None


def test_further_commands_find_what_this_one_found() -> None:
    assert said_again(Path("runs")) == ""
    told = said_again(Path("my runs"), "http://host:5000", "faces")
    assert told == " --data faces --runs 'my runs' --tracking-uri http://host:5000"
