import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from faces_on_disk import jpeg, noise
from models import untrained
from PIL import Image

from facesearch.data.decode import decode_image
from facesearch.data.synthetic import draw_faces
from facesearch.errors import InputError
from facesearch.final import serving
from facesearch.final.bundle import save_bundle
from facesearch.final.serving import (
    FaceServer,
    decode_bytes,
    example,
    png,
    read_request,
    requirements,
    save_pyfunc,
)

FACES, _ = draw_faces(3, 1, 16, seed=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    save_bundle(folder / "bundle", untrained())
    save_pyfunc(folder / "bundle", folder / "model")
    return folder / "model"


def table(*cells: Any) -> pd.DataFrame:
    return pd.DataFrame({"image": list(cells)})


@pytest.mark.parametrize("form", ["bytes", "base64", "array"])
def test_a_request_is_read(form: str) -> None:
    files = [png(face) for face in FACES]
    request = {
        "bytes": table(*files),
        "base64": table(*[base64.b64encode(file).decode() for file in files]),
        "array": FACES,
    }[form]
    np.testing.assert_array_equal(read_request(request, 16), FACES)
    assert read_request(table(), 16).shape == (0, 16, 16, 3)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (table(png(FACES[0]), b"hello"), "image 1: no JPEG, PNG"),
        (table(b""), "image 0: empty"),
        (table(png(FACES[0])[:100]), "image 0: damaged picture"),
        (table("!!!"), "image 0: neither bytes nor base64"),
        (table(7), "image 0: must be the bytes of a picture file, not int"),
        (pd.DataFrame({"picture": [b""]}), "a column 'image'"),
        ([1], "a column 'image'"),
        (table(*[b""] * 1025), "1025 pictures; send at most 1024"),
        (FACES[:, :8], r"uint8 \[N, 16, 16, 3\], but got uint8 \[3, 8, 16, 3\]"),
        (FACES.astype(np.float32), "but got float32"),
    ],
)
def test_a_bad_request_is_told(request_: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_request(request_, 16)


@pytest.mark.parametrize("kind", ["jpeg", "png", "palette", "grey16", "rotated", "transparent"])
def test_bytes_are_decoded_as_files_are(tmp_path: Path, kind: str) -> None:
    path, image = tmp_path / "a", noise(3, 40).resize((40, 30))
    if kind == "jpeg":
        path.write_bytes(jpeg(3))
    elif kind == "rotated":
        exif = Image.Exif()
        exif[0x0112] = 6
        image.save(path, "JPEG", exif=exif)
    else:
        wide = Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 200)
        changed = {
            "png": image, "palette": image.quantize(16), "grey16": wide,
            "transparent": image.convert("RGBA"),
        }  # fmt: skip
        changed[kind].save(path, "PNG")
    np.testing.assert_array_equal(decode_bytes(path.read_bytes(), 16, "a"), decode_image(path, 16))


def test_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="20000001 bytes"):
        decode_bytes(bytes(20_000_001), 16, "a")
    big = png(np.zeros((5001, 5000, 3), np.uint8))
    with pytest.raises(InputError, match="5000 x 5001; at most 25000000 pixels"):
        decode_bytes(big, 16, "a")


def test_no_pickle_and_no_photograph_is_written(served: Path) -> None:
    suffixes = {path.suffix for path in served.rglob("*") if path.is_file()}
    texts = {".py", ".typed", ".json", ".yaml", ".txt", ".css", ".jinja"}
    assert suffixes <= {"", ".safetensors", *texts}
    assert (served / "code" / "facesearch" / "final" / "serving.py").is_file()
    sent = json.loads((served / "serving_input_example.json").read_text())
    picture = base64.b64decode(sent["dataframe_split"]["data"][0][0])
    np.testing.assert_array_equal(
        decode_bytes(picture, 16, "example"), draw_faces(1, 1, 16, seed=0)[0][0]
    )
    assert picture == example(16)["image"][0]


@pytest.mark.slow
def test_what_answers_imports_only_what_is_required() -> None:
    code = "import sys, facesearch.final.serving_model; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"ray", "optuna", "pytest", "onnx", "onnxruntime"}
    required = {line.partition("==")[0] for line in requirements()}
    assert {"torch", "mlflow", "safetensors", "pillow", "filelock", "pyyaml"} <= required


def test_a_server_without_a_bundle_says_so() -> None:
    with pytest.raises(serving.MlflowException, match="load_context first"):
        FaceServer().predict(None, table())


@pytest.mark.parametrize("members", [1, 2])
def test_a_request_is_one_pass_through_each_network(tmp_path: Path, members: int) -> None:
    save_bundle(tmp_path / "bundle", untrained(members, views="plain"))
    server = FaceServer()
    server.load_context(SimpleNamespace(artifacts={"bundle": str(tmp_path / "bundle")}))
    assert server._model is not None
    passes: list[int] = []
    for member in server._model.members:
        member.network.register_forward_hook(lambda *told: passes.append(len(told[2])))
    rows = server.predict(None, table(*[png(face) for face in FACES]))
    assert passes == [len(FACES)] * members
    alone = untrained(members, views="plain")
    np.testing.assert_allclose(np.array(rows["embedding"].tolist()), alone.embed(FACES), rtol=1e-5)
    best, share = alone.classify(FACES)
    assert rows["identity"].tolist() == [alone.identities[n] for n in best[:, 0]]
    np.testing.assert_allclose(rows["share"], share[:, 0], rtol=1e-5)


# --- over HTTP --------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def wait_until_up(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            if ask(port, "/health")[0] == 200:
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


def members_of(group: int) -> list[int]:
    """Processes of a group that are alive (a zombie is not)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
def test_it_is_really_served(served: Path, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    command = [str(scripts / "mlflow"), "models", "serve", "-m", str(served)]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=out, stderr=out, start_new_session=True
        )
    try:
        wait_until_up(port, server, log)
        cells = [[base64.b64encode(png(face)).decode()] for face in FACES]
        good = {"dataframe_split": {"columns": ["image"], "data": cells}}
        status, text = ask(port, "/invocations", json.dumps(good).encode())
        assert status == 200, text
        rows, model = json.loads(text)["predictions"], untrained()
        found = np.array([row["embedding"] for row in rows])
        assert (1 - (found * model.embed(FACES)).sum(1)).max() <= 1e-4
        best, share = model.classify(FACES)
        assert [row["identity"] for row in rows] == [model.identities[n] for n in best[:, 0]]
        np.testing.assert_allclose([row["share"] for row in rows], share[:, 0], rtol=1e-4)
        bad = {"dataframe_split": {"columns": ["image"], "data": [["aGVsbG8="]]}}
        for body in (json.dumps(bad).encode(), b"no JSON", b'{"dataframe_records": [{"a": 1}]}'):
            status, text = ask(port, "/invocations", body)
            assert status == 400 and "stack_trace" not in text and "Traceback" not in text
        text = ask(port, "/invocations", json.dumps(bad).encode())[1]
        assert "image 0: no JPEG, PNG" in text
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(30)
    end = time.monotonic() + 30
    while members_of(server.pid) and time.monotonic() < end:
        time.sleep(0.2)
    assert members_of(server.pid) == []
