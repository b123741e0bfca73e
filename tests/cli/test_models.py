import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner
from faces_on_disk import hw2p2, people, picture
from models import untrained

from facesearch.cli import models as commands
from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.matching import Gallery, classify_pictures, verify_pairs
from facesearch.final.model import Temperature, Threshold
from facesearch.final.views import VIEWS
from facesearch.metrics.thresholds import Calibration

TRAINED = tuple(f"n00000{person}" for person in range(5))
THRESHOLDS = {
    "eer": Threshold(0.25, "eer", "unknown_dev"),
    "rejection": Threshold(0.999, "rejection", "unknown_dev"),
}


@click.group()
def cli() -> None:
    """The commands, before they stand beside the others."""


for _name in ("verify", "identify", "embed", "classify", "predict"):
    cli.add_command(getattr(commands, _name))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    model = untrained(identities=TRAINED, thresholds=THRESHOLDS, calibration=Calibration(8.0, -2.0))
    save_bundle(root / "model", model)
    save_bundle(root / "bare", untrained(identities=TRAINED))
    people(root / "known", ["anna", "bo"], 2)
    for number in range(4):
        picture(root / f"{number}.jpg", 50 + number)
    (root / "text.jpg").write_text("<html>")
    (root / "nobody").mkdir()
    return root


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def told(*words: str, code: int = 0) -> Any:
    return json.loads(run(*words, "--json", code=code))


def paths(*names: str) -> list[Path]:
    return [Path(name) for name in names]


# --- answers ----------------------------------------------------------------------------


def test_verify_says_score_threshold_rule_verdict_and_probability() -> None:
    model = load_bundle(Path("model"))
    match = verify_pairs(model, [(Path("0.jpg"), Path("1.jpg"))])[0]
    verdict = "same person" if match.is_same else "different persons"
    assert run("verify", "model", "0.jpg", "1.jpg").splitlines() == [
        "0.jpg  1.jpg",
        f"  {verdict}: score {match.score:.4f}, threshold 0.2500 (rule even_odds, fitted on "
        f"unknown_dev); probability of one person {match.probability:.3f}, the threshold asks for "
        "more than 0.500",
        "probabilities hold where as many pairs are of one person as of two",
    ]
    row = told("verify", "model", "0.jpg", "1.jpg")[0]
    assert row["decision"] == match.decision and row["asked_probability"] == 0.5


def test_verify_answers_several_pairs_and_exits_with_0_whatever_the_answer_is() -> None:
    rows = told("verify", "model", "0.jpg", "0.jpg", "1.jpg", "2.jpg", "--threshold", "0.9999999")
    assert [row["is_same"] for row in rows] == [True, False]
    assert [(row["first"], row["second"]) for row in rows] == [
        ("0.jpg", "0.jpg"), ("1.jpg", "2.jpg"),
    ]  # fmt: skip
    assert rows[0]["score"] == 1.0
    assert rows[0]["threshold"]["value"] == 0.9999999 and rows[0]["threshold"]["rule"] == "given"
    assert rows[0]["probability"] == pytest.approx(1 / (1 + np.exp(-6.0)))
    text = run("verify", "model", "0.jpg", "0.jpg", "1.jpg", "2.jpg", "--threshold", "1")
    assert text.count("different persons: score ") == 2 and "threshold 1.0000 as given" in text


def test_verify_without_a_threshold_prints_the_score_and_decides_nothing() -> None:
    text = run("verify", "bare", "0.jpg", "1.jpg", code=5)
    assert "  no threshold: cannot decide: score 0." in text and "--threshold" in text
    assert "same person" not in text and "different persons" not in text
    row = told("verify", "bare", "0.jpg", "1.jpg", code=5)[0]
    assert row["decision"] == "undecided" and row["score"] < 1
    assert row["threshold"] is row["is_same"] is row["probability"] is None


def test_identify_prints_a_table_for_each_query() -> None:
    found = Gallery(load_bundle(Path("model")), "known").identify(["0.jpg", "known/bo/bo_0001.jpg"])
    lines = run("identify", "model", "--gallery", "known", "0.jpg", "known/bo/bo_0001.jpg")
    best = found[0].candidates
    assert lines.splitlines() == [
        "2 known people with 4 pictures; threshold 0.9990 (rule rejection, fitted on unknown_dev)",
        f"0.jpg: {found[0].identity or 'unknown'}",
        "  rank  identity  score",
        f"     1  {best[0].identity:<8}  {best[0].score:.4f}",
        f"     2  {best[1].identity:<8}  {best[1].score:.4f}",
        "known/bo/bo_0001.jpg: bo",
        "  rank  identity  score",
        "     1  bo        1.0000",
        f"     2  anna      {found[1].candidates[1].score:.4f}",
    ]


def test_identify_says_unknown_below_the_threshold() -> None:
    text = run("identify", "model", "--gallery", "known", "0.jpg", "--threshold", "1")
    assert "0.jpg: unknown" in text
    row = told("identify", "model", "--gallery", "known", "0.jpg", "--threshold", "1", "--top", "1")
    assert row[0]["identity"] is None and len(row[0]["candidates"]) == 1
    assert row[0]["candidates"][0]["picture"].startswith("known/")
    assert row[0]["decision"] == "unknown"
    row = told("identify", "model", "--gallery", "known", "0.jpg", "--threshold", "-1")[0]
    assert row["decision"] == "identified"
    assert row["identity"] == row["candidates"][0]["identity"]


def test_identify_without_a_threshold_names_nobody() -> None:
    lines = run("identify", "bare", "--gallery", "known", "0.jpg", code=5).splitlines()
    assert "; no threshold: cannot decide. Give one with --threshold, or fit" in lines[0]
    assert lines[1] == "0.jpg: undecided" and lines[3].split()[0] == "1"
    row = told("identify", "bare", "--gallery", "known", "0.jpg", code=5)[0]
    assert row["decision"] == "undecided" and row["identity"] is row["threshold"] is None
    assert len(row["candidates"]) == 2


def test_a_known_identity_that_is_left_out_is_told_at_the_top(tmp_path: Path) -> None:
    root = people(tmp_path / "known", ["anna", "bo"], 1)
    (root / "zoe").mkdir()
    (root / "zoe/1.heic").write_bytes(b"x")
    words = ("identify", "model", "--gallery", str(root), "0.jpg")
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert result.stdout.splitlines()[1] == (
        "NOT in the gallery: 1 identity has no usable image: zoe. Whoever is one of them is "
        "unknown here, or taken for somebody else."
    )
    note = result.stderr.splitlines()[-1]
    assert f"note: {root}: no image is read of 1 folder: zoe; left out: 1 of a kind" in note
    assert note.endswith(f"(more: facesearch data check {root})")
    result = CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False)
    assert json.loads(result.stdout)[0]["not_in_gallery"] == ["zoe"]
    for command in ("embed", "classify"):
        more = ("--out", str(tmp_path / "e.npz")) if command == "embed" else ()
        result = CliRunner().invoke(cli, [command, "model", str(root), *more])
        assert "left out: 1 of a kind that is not read (zoe/1.heic)" in result.stderr


def test_embed_writes_what_numpy_reads_without_pickle(tmp_path: Path) -> None:
    out = tmp_path / "out/e.npz"
    assert run("embed", "model", "0.jpg", "known", "--out", str(out)) == (
        f"{out}: 5 embeddings of 8 numbers\n"
    )
    with np.load(out, allow_pickle=False) as file:
        assert file["names"].tolist() == [
            "0.jpg", "known/anna/anna_0001.jpg", "known/anna/anna_0002.jpg",
            "known/bo/bo_0001.jpg", "known/bo/bo_0002.jpg",
        ]  # fmt: skip
        assert file["embeddings"].shape == (5, 8) and file["embeddings"].dtype == np.float32
    table = tmp_path / "e.csv"
    assert told("embed", "model", "known", "--out", str(table))["num_pictures"] == 4
    assert len(table.read_text().splitlines()) == 5


def test_classify_prints_who_it_may_be() -> None:
    guesses = classify_pictures(load_bundle(Path("model")), paths("0.jpg"), top=2)[0]
    assert run("classify", "model", "0.jpg", "--top", "2").splitlines() == [
        "probabilities are not calibrated; somebody else gets one of these identities, too",
        f"0.jpg: {guesses[0].identity}",
        "  rank  identity  probability",
        f"     1  {guesses[0].identity}   {guesses[0].probability:.4f}",
        f"     2  {guesses[1].identity}   {guesses[1].probability:.4f}",
    ]
    row = told("classify", "model", "0.jpg")[0]
    assert row["picture"] == "0.jpg" and len(row["guesses"]) == 5
    assert sum(guess["probability"] for guess in row["guesses"]) == pytest.approx(1)
    assert row["is_calibrated"] is False


def test_classify_says_what_its_probabilities_were_calibrated_on(tmp_path: Path) -> None:
    model = untrained(identities=TRAINED, temperature=Temperature(2.0, "dev of f22"))
    save_bundle(tmp_path / "model", model)
    text = run("classify", str(tmp_path / "model"), "0.jpg")
    assert text.startswith("probabilities are calibrated on dev of f22; somebody else gets one")
    assert told("classify", str(tmp_path / "model"), "0.jpg")[0]["is_calibrated"] is True


def test_predict_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, out = hw2p2(tmp_path / "faces"), tmp_path / "out"
    text = run("predict", "bare", "--data", str(root), "--out", str(out))
    assert text.splitlines() == [
        f"{out / 'classification.csv'}: 1 pictures",
        f"{out / 'verification.csv'}: 1 queries, 0 of them strangers",
    ]
    monkeypatch.setenv("FACESEARCH_DATA", str(root))
    shutil.rmtree(root / "verification")
    row = told("predict", "bare", "--out", str(out))
    assert row["classification"] == str(out / "classification.csv")
    assert row["verification"] is None and "is left out" in row["notes"][0]
    shutil.rmtree(root / "classification/test")
    with pytest.raises(InputError, match=r"(?s)classification.*left out.*verification.*left out"):
        run("predict", "bare", "--out", str(out))


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "model", "0.jpg", "1.jpg"),
        ("identify", "model", "0.jpg", "--gallery", "known"),
        ("classify", "model", "0.jpg"),
    ],
)
def test_other_views_give_other_scores(words: tuple[str, ...]) -> None:
    assert set(commands.VIEWS) == set(VIEWS)
    answers = {json.dumps(told(*words, "--views", views)) for views in commands.VIEWS}
    assert len(answers) == len(VIEWS)
    assert told(*words) == told(*words, "--views", "flip"), "the model's own"


# --- bad input --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify", "model", "0.jpg"), "1 pictures; give two, or several pairs"),
        (("verify", "model", "0.jpg", "x.jpg"), r"1 of 2 pictures cannot be read:\n  x.jpg: empty"),
        (("verify", "model", "text.jpg", "x.jpg"), "(?s)2 of 2 .*no JPEG, PNG.*x.jpg"),
        (("verify", "model", "0.jpg", "known"), "known: is a folder; give a picture"),
        (
            ("verify", "model", "0.jpg", "1.jpg", "--threshold", "era"),
            "the model has: eer, even_odds, reject",
        ),
        (("verify", "model", "0.jpg", "1.jpg", "--threshold", "7"), "a number from -1 to 1"),
        (("verify", "nothing", "0.jpg", "1.jpg"), "there is no MLflow store"),
        (("verify", "./nothing", "0.jpg", "1.jpg"), "no such folder"),
        (("verify", "known", "0.jpg", "1.jpg"), "known: no model in it"),
        (("verify", "models:/facesearch", "0.jpg", "1.jpg"), "write models:/NAME@ALIAS"),
        (("identify", "model", "0.jpg", "--gallery", "nobody"), "nobody: no pictures"),
        (("identify", "model", "0.jpg", "--gallery", "x"), "x: no such folder"),
        (("identify", "model", "text.jpg", "--gallery", "known"), "no JPEG, PNG"),
        (("identify", "model", "nobody", "--gallery", "known"), "nobody: no pictures"),
        (("embed", "model", "0.jpg", "--out", "e.pkl"), r"written as \.npz or \.csv"),
        (("classify", "model", "x.jpg"), "x.jpg: empty or missing"),
        (("predict", "model"), "which faces"),
        (("predict", "model", "--data", "known"), "layout identity-folders; predict writes"),
        (("predict", "model", "--data", "known", "--layout", "lfw"), "predict reads hw2p2-f22"),
    ],
)
def test_bad_input_is_one_message(words: tuple[str, ...], message: str) -> None:
    before = sorted(Path().rglob("*"))
    with pytest.raises(InputError, match=message):
        run(*words)
    assert sorted(Path().rglob("*")) == before, "nothing may be written"


def test_no_altered_model_is_used(tmp_path: Path) -> None:
    shutil.copytree("model", tmp_path / "model")
    weights = tmp_path / "model/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(InputError, match="damaged or altered, its SHA-256 differs"):
        run("verify", str(tmp_path / "model"), "0.jpg", "1.jpg")


@pytest.mark.parametrize("words", [("verify", "model"), ("identify", "model", "0.jpg")])
def test_what_click_refuses_exits_with_2(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(cli, list(words)).exit_code == 2


def test_names_of_files_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    evil = "e\x1b[31m\nsame person\u202e.jpg"
    picture(tmp_path / "a.jpg", 1).rename(tmp_path / evil)
    (tmp_path / "g").mkdir()
    shutil.copy(tmp_path / evil, tmp_path / "g" / evil)
    name, gallery = str(tmp_path / evil), str(tmp_path / "g")
    raw = os.fsdecode(b"\xff.jpg")
    shutil.copy(tmp_path / evil, tmp_path / raw)
    for words in (
        ("verify", "model", name, str(tmp_path / raw)),
        ("identify", "model", name, "--gallery", gallery),
        ("classify", "model", name),
    ):
        for more in ((), ("--json",)):
            text = run(*words, *more)
            assert not {"\x1b", "\u202e", "\r"} & set(text)
            assert not any(line.startswith("same person") for line in text.splitlines())
    rows = told("classify", "model", name)
    assert rows[0]["picture"] == name


def test_help_needs_nothing_heavy() -> None:
    script = (
        "import sys; from facesearch.cli.models import verify; "
        "verify.main(['--help'], standalone_mode=False); "
        "print([m for m in ('torch', 'numpy', 'mlflow', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name, command in cli.commands.items():
        text = CliRunner().invoke(command, ["--help"]).output
        assert any(line.strip().startswith(f"facesearch {name} ") for line in text.splitlines())
        assert "--json" in text and "--views" in text and "--tracking-uri" in text
    assert "not calibrated" in CliRunner().invoke(cli, ["classify", "--help"]).output
    assert "exit code is 0" in CliRunner().invoke(cli, ["verify", "--help"]).output
    words = CliRunner().invoke(cli, ["identify", "--help"]).output.split()
    assert "the exit code is 5" in " ".join(words)
