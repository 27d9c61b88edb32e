"""How help is laid out: paragraphs fill the terminal's width, and a switch is not shown as if it took a value."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command with readable help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Called by Typer to print the help."""
        _prepare(self, ctx)
        super().format_help(ctx, formatter)


class Group(TyperGroup):
    """A group of commands with readable help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Called by Typer to print the help."""
        _prepare(self, ctx)
        super().format_help(ctx, formatter)


def readable(app: typer.Typer) -> None:
    """Give an app and all below it readable help. Call it when every command is registered. A group of a class of its own derives
    it from `Group`."""
    if not isinstance(app.info.cls, type):
        app.info.cls = Group
    for command in app.registered_commands:
        command.cls = Command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            readable(group.typer_instance)


def filled(text: str) -> str:
    """Paragraphs on one line each, so that they break where the terminal ends and not where the source does."""
    return "\n\n".join(re.sub(r"\s*\n\s*", " ", paragraph.strip()) for paragraph in text.split("\n\n"))


def _prepare(command: Any, ctx: Any) -> None:
    command.help = filled(command.help) if command.help else command.help
    for parameter in command.get_params(ctx):
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
