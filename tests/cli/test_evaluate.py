import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from faces_on_disk import hw2p2_s23, people, picture
from models import untrained

from facesearch.cli import cli
from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle, save_bundle


@pytest.fixture
def model(tmp_path: Path) -> str:
    save_bundle(tmp_path / "model", untrained(identities=tuple("abcdefgh")))
    return str(tmp_path / "model")


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *map(str, words)], catch_exceptions=False)


def test_evaluate_prints_writes_and_freezes(model: str, tmp_path: Path) -> None:
    root = hw2p2_s23(tmp_path / "s23")
    words = ["evaluate", model, "--data", str(root)]
    out = CliRunner().invoke(
        cli, [*words, "--freeze", str(tmp_path / "out"), "--report", str(tmp_path / "r.json")],
        catch_exceptions=False,
    ).output  # fmt: skip
    assert "unknown_dev/rank1" in out and "note: " in out
    told = json.loads((tmp_path / "r.json").read_text())
    fars = [name for name in told["figures"] if "/tar_at_far_" in name]
    shown = [name for name in told["figures"] if f"\n{name} " in f"\n{out}"]
    assert len(shown) < len(told["figures"]) and len(set(shown) & set(fars)) == 1
    assert f"{len(told['figures']) - len(shown)} more figures: in {tmp_path / 'r.json'}" in out
    detail = [*words, "-v", "--freeze", str(tmp_path / "again")]
    every = CliRunner().invoke(cli, detail, catch_exceptions=False).output
    assert all(name in every for name in told["figures"]) and "more figures" not in every
    assert "unknown_dev/rank1" in told["figures"]
    assert "rejection" in load_bundle(tmp_path / "out").thresholds
    printed = CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False).output
    assert set(json.loads(printed)["figures"]) <= set(told["figures"])


def test_any_folder_two_folders_or_a_list(model: str, tmp_path: Path) -> None:
    others = people(tmp_path / "others", "klmnop")
    found = run(model, "--data", others, "--seed", "3", "-v")
    assert "unknown_dev/rank1" in found.stdout
    assert "brings no reporting sets (seed 3)" in found.stderr
    assert "LEAK" not in found.output
    known = people(tmp_path / "known", "kl", each=1)
    asked = tmp_path / "asked"
    for name, seed in (("k", 71), ("l", 72), ("stranger", 73)):
        picture(asked / f"{name}.jpg", seed)
    found = run(model, "--gallery", known, "--probes", asked, "--json")
    told = json.loads(found.stdout)
    assert told["figures"]["unknown_dev/rank1"]["num_faces"] == 2
    assert "2 mated probes, 1 non-mated probes of 1 further identities" in told["notes"][0]
    rows = ["k/k_0001.jpg,k/k_0002.jpg,1", "k/k_0001.jpg,l/l_0001.jpg,0"]
    (tmp_path / "list.csv").write_text("\n".join(["path_a,path_b,same", *rows]))
    found = run(model, "--pairs", tmp_path / "list.csv", "--data", others, "-v")
    assert "pairs/auc" in found.stdout and "unknown_dev" not in found.output


def test_identities_of_training_are_told_before_the_figures(model: str, tmp_path: Path) -> None:
    found = run(model, "--data", people(tmp_path / "others", "abklmn"), "-q")
    assert found.stderr.startswith("LEAK: 2 names of known are names of training too (a, b)")
    assert found.output.index("LEAK") < found.output.index("unknown_dev/rank1")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "which faces"),
        (("--gallery", "a"), "belong together"),
        (("--probes", "a", "--data", "b"), "belong together"),
        (("--gallery", "a", "--probes", "b", "--data", "c"), "--data beside --gallery"),
        (("--gallery", "a", "--probes", "b", "--pairs", "c"), "--pairs beside --gallery"),
        (("--pairs", "nothing.csv"), "nothing.csv: no such file"),
    ],
)
def test_what_is_asked_about_must_be_clear(
    model: str, words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FACESEARCH_DATA", raising=False)
    with pytest.raises(InputError, match=message):
        run(model, *words)
