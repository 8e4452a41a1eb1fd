"""``qe-kg completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion", epilog="""\b
Examples:
  qe-kg completion bash >> ~/.bashrc
  qe-kg completion zsh >> ~/.zshrc
  qe-kg completion fish > ~/.config/fish/completions/qe-kg.fish""")  # fmt: skip
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, names and queries in a shell."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "qe-kg", "_QE_KG_COMPLETE").source())
