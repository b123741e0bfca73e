"""The command that prints the completion of a shell."""

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_FACESEARCH_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands, spaces, sweeps and models in a shell.

    \b
    eval "$(facesearch completion bash)"             in ~/.bashrc; zsh: in ~/.zshrc
    facesearch completion fish > ~/.config/fish/completions/facesearch.fish
    """
    from facesearch.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None  # click brings these three
    # not source(): for bash it runs a bash, and complains when that is old
    maker = kind(cli, {}, "facesearch", _VARIABLE)
    click.echo(maker.source_template % maker.source_vars())
