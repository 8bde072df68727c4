"""The commands that work on files: their options, and what they tell of their work."""

from gqlcrud.commands.arguments import add_file_commands

__all__ = ["add_file_commands"]
