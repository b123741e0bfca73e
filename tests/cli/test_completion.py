import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import run

from facesearch.cli import cli


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_for_each_shell(shell: str) -> None:
    script = run("completion", shell)
    assert f"_FACESEARCH_COMPLETE={shell}_complete" in script and "%(" not in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_another_shell_is_refused() -> None:
    assert CliRunner().invoke(cli, ["completion", "tcsh"]).exit_code == 2


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_bash_completes_a_space(tmp_path: Path) -> None:
    (tmp_path / "heads.yaml").write_text("")
    (tmp_path / "script").write_text(run("completion", "bash"))
    command = tmp_path / "facesearch"
    command.write_text(f"#!{sys.executable}\nfrom facesearch.cli import main\nmain()\n")
    command.chmod(0o755)
    lines = (
        "source ./script; COMP_WORDS=(facesearch tune hea); COMP_CWORD=2; "
        "_facesearch_completion facesearch; echo ${COMPREPLY[@]}"
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", lines], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert done.stdout.strip() == "heads.yaml", done.stderr
