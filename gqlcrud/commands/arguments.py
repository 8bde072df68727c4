"""What `gqlcrud import`, `export` and `sync` take: options in, a parser that knows them out."""

from __future__ import annotations

import argparse
from typing import Any

from gqlcrud.commands.running import run_export, run_import, run_sync
from gqlcrud.files import BATCH

_EPILOG = (
    "exit codes: 0 all is well, 1 some rows were rejected, 2 the command, the target or the file is wrong, "
    "3 nothing was written, 70 an error of the program, 130 interrupted, or the database was lost, before the end of the file"
)
_FORMATS = ("csv", "json", "jsonl")


def add_file_commands(commands: Any, target: str, schema: str) -> None:
    """Add the commands to the parser's. target, schema: the help of what they share with other commands."""
    _add_import(_command(commands, "import", "write the rows of a file as records", target, schema))
    _add_export(_command(commands, "export", "write records to a file", target, schema))
    _add_sync(_command(commands, "sync", "make the records equal to the rows of a file", target, schema))


def _command(commands: Any, name: str, text: str, target: str, schema: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, epilog=_EPILOG)
    command.add_argument("target", help=target)
    command.add_argument("model", help="the name of the model, as its class is called")
    command.add_argument("--schema", help=schema)
    command.add_argument("--format", choices=_FORMATS, help="the format of the file; by default its suffix tells it")
    command.add_argument("--null", metavar="TEXT", help="the text of NULL in CSV; by default a cell that is empty")
    command.add_argument(
        "--batch-size", type=int, default=BATCH, metavar="N", help="rows that are read and written together"
    )
    command.add_argument("--quiet", action="store_true", help="tell no progress and no summary, errors alone")
    return command


def _add_import(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--upsert-on", type=_names, default=(), metavar="NAMES", help="a unique key: records that are there are changed"
    )
    command.add_argument(
        "--start-at", type=int, default=1, metavar="LINE", help="go on at this line, or item of a JSON array"
    )
    _add_reading(command)
    command.set_defaults(run=run_import)


def _add_sync(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--key",
        type=_names,
        required=True,
        metavar="NAMES",
        help="the unique key by which rows and records are the same",
    )
    command.add_argument("--delete-missing", action="store_true", help="delete the records that the file does not have")
    command.add_argument("--allow-empty", action="store_true", help="let a file without rows delete all records")
    _add_reading(command)
    command.set_defaults(run=run_sync)


def _add_reading(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", help="a .csv, .json or .jsonl file, with .gz a compressed one; - for standard input")
    command.add_argument(
        "--map",
        type=_pair,
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="what a column of the file is for",
    )
    command.add_argument("--ignore-unknown", action="store_true", help="leave out columns that the model does not have")
    command.add_argument(
        "--on-error",
        choices=("abort", "continue"),
        default="abort",
        help="whether a row that cannot be written undoes everything, or is left out (default: %(default)s)",
    )
    command.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
    command.add_argument(
        "--rejects", metavar="FILE", help="a CSV file for the rows that were not written, with reasons"
    )
    command.add_argument(
        "--delimiter", metavar="CHARACTER", help="between the cells of CSV; by default it is found out"
    )
    command.add_argument("--encoding", default="utf-8", help="of the file (default: %(default)s)")


def _add_export(command: argparse.ArgumentParser) -> None:
    command.add_argument("--where", metavar="JSON", help='a condition, such as \'{"price": {"lt": 20}}\'')
    command.add_argument(
        "--fields", type=_names, metavar="NAMES", help="dotted names, with commas; by default the columns of an import"
    )
    command.add_argument("-o", "--output", default="-", metavar="FILE", help="the file; by default standard output")
    command.set_defaults(run=run_export)


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not (column and equals and field):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form column=field")
    return column, field.strip()
