"""What `gqlcrud check` takes, and what it does: a target in, what is exposed and what is dangerous on standard output."""

from __future__ import annotations

import argparse
import json
from typing import Any

from gqlcrud.checking import Hazard, make_report, report_document, report_text
from gqlcrud.targets import Target, TargetError, served_api, served_graphiql

_EPILOG = (
    "exit codes: 0 all is well, or --strict is not given, 1 there are warnings, 2 the command or the target is wrong"
)


def add_check_command(commands: Any, target: str, schema: str) -> None:
    """Add the command to the parser's. target, schema: the help of what it shares with other commands."""
    text = "tell what an API exposes to whom, and warn about what is dangerous"
    command: argparse.ArgumentParser = commands.add_parser("check", help=text, description=text, epilog=_EPILOG)
    command.add_argument("target", help=target)
    command.add_argument("--schema", help=schema)
    command.add_argument("--read-only", action="store_true", help="as `serve --read-only` would serve the database")
    command.add_argument("--json", action="store_true", help="tell it as JSON, for programs")
    command.add_argument("--strict", action="store_true", help="end with exit code 1 if there is a warning")
    command.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="CODE",
        help="leave out a warning: code, or code:place for one place; may be given several times",
    )
    command.set_defaults(run=run_check)


def run_check(target: Target, options: argparse.Namespace) -> int:
    """Exit code 0, or 1 for warnings that --strict does not let pass. Raises TargetError for a code that is none."""
    codes = [each.value for each in Hazard]
    unknown = [each for each in options.ignore if each.partition(":")[0] not in codes]
    if unknown:
        raise TargetError(f"--ignore {unknown[0]} is no warning; they are: {', '.join(codes)}.")
    report = make_report(target.name, served_api(target), served_graphiql(target), options.ignore)
    if options.json:
        print(json.dumps(report_document(report), indent=2, ensure_ascii=False), flush=True)
    else:
        print(report_text(report), end="", flush=True)
    return 1 if options.strict and report.findings else 0
