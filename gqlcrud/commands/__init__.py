"""The commands that work on files, and the one that checks: their options, and what they tell of their work."""

from gqlcrud.commands.arguments import add_file_commands
from gqlcrud.commands.checking import add_check_command

__all__ = ["add_check_command", "add_file_commands"]
