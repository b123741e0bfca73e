"""The command line, in this process."""

from click.testing import CliRunner

from facesearch.cli import cli


def run(*words: str) -> str:
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output
