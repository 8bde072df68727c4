"""What the tests of the command line share: `gqlcrud` in a process of its own, warnings being errors."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_PYTHON = (sys.executable, "-W", "error")
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended: its exit code, what it printed, what it complained of."""

    code: int
    output: str
    complaint: str


def run_command(*arguments: str, folder: Path = ROOT) -> Finished:
    """`gqlcrud` with these arguments, in a folder."""
    return run_python("-m", "gqlcrud", *arguments, folder=folder)


def run_python(*arguments: str, folder: Path = ROOT) -> Finished:
    done = subprocess.run(
        [*_PYTHON, *arguments], cwd=folder, env=_environment(), capture_output=True, text=True, timeout=_SECONDS
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Serving:
    """A running `gqlcrud serve`. lines: what it printed until it served. url: the last word of them."""

    process: subprocess.Popen[str]
    lines: list[str]

    @property
    def url(self) -> str:
        return self.lines[-1].split()[-1]

    def post(self, query: str) -> Any:
        """The document that a query is answered with."""
        body = json.dumps({"query": query}).encode()
        headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
        with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=_SECONDS) as response:
            return json.load(response)

    def get(self, accept: str, url: str | None = None) -> tuple[str, str]:
        """The URL after redirections and the text of a GET request."""
        request = urllib.request.Request(url or self.url, headers={"accept": accept})
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            return response.url, response.read().decode()

    def stop(self, number: signal.Signals) -> Finished:
        """The process after a signal; `output` is what it printed since it served."""
        self.process.send_signal(number)
        output, complaint = self.process.communicate(timeout=_SECONDS)
        return Finished(self.process.returncode, output, complaint)


@contextmanager
def serving(target: str, *options: str, folder: Path = ROOT) -> Iterator[Serving]:
    """`gqlcrud serve` on a free port until the block is left."""
    command = [*_PYTHON, "-m", "gqlcrud", "serve", target, "--port", "0", *options]
    with subprocess.Popen(
        command, cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith(("GraphiQL: ", "Listening on ")):
                line = process.stdout.readline()
                assert line, (lines, process.stderr and process.stderr.read())
                lines.append(line.rstrip("\n"))
            yield Serving(process, lines)
        finally:
            process.kill()


def _environment() -> dict[str, str]:
    """The package is found from any folder, and what is printed is UTF-8 and not held back."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
