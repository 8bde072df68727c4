"""The command line: `gqlcrud serve`, `sdl`, `check`, `import`, `export` and `sync`. A mistake is one line and exit code 2."""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.routing import NoMatchFound

from gqlcrud.commands import add_check_command, add_file_commands
from gqlcrud.fastapi import ROUTE_NAME
from gqlcrud.graphiql import is_built
from gqlcrud.targets import Target, TargetError, read_target

_MISTAKE = 2
_NO_START = 3
_PATH = "/graphql"
_BACKLOG = 2048
_GRACE = 5
"""Seconds that running requests are given when the server is told to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, 2 for a mistake that is told on standard error, 3 for an app that fails to start."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    options.given = given
    try:
        said = {name: getattr(options, name, False) for name in ("read_only", "debug")}
        target = read_target(options.target, schema=options.schema, **said)
        return int(options.run(target, options))
    except TargetError as error:
        print("gqlcrud:", *str(error).splitlines(), file=sys.stderr)
        return _MISTAKE
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # whoever reads the output has seen enough; nothing more is to be flushed to it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gqlcrud", description="A GraphQL API from SQLAlchemy models or a database.")
    commands = parser.add_subparsers(title="commands", required=True)
    target = "an Api or an app as module:attribute, or a database URL (sqlite:///path.db, postgresql://user@host/name)"
    schema = "the schema of the database to serve; by default the connection's own"

    serve = commands.add_parser("serve", help="serve an API, with GraphiQL for browsers")
    serve.add_argument("target", help=target)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument(
        "--port", type=int, default=8000, help="port to listen on, 0 for any free one (default: %(default)s)"
    )
    serve.add_argument("--read-only", action="store_true", help="open the database so that it refuses every write")
    serve.add_argument("--schema", help=schema)
    serve.add_argument(
        "--debug",
        action="store_true",
        help="show the SQL behind each answer to whoever reaches the port: for development",
    )
    serve.add_argument("--open", action="store_true", help="open GraphiQL in the browser")
    serve.set_defaults(run=_serve)

    sdl = commands.add_parser("sdl", help="print the GraphQL schema")
    sdl.add_argument("target", help=target)
    sdl.add_argument("--schema", help=schema)
    sdl.set_defaults(run=_sdl)

    add_check_command(commands, target, schema)
    add_file_commands(commands, target, schema)
    return parser


def _sdl(target: Target, _: argparse.Namespace) -> int:
    if target.api is None:
        raise TargetError(f"{target.name} is an app; name its Api to print the schema.")
    print(target.api.sdl(), end="", flush=True)
    return 0


def _serve(target: Target, options: argparse.Namespace) -> int:
    if importlib.util.find_spec("uvicorn") is None:
        raise TargetError("uvicorn is not installed: pip install 'gqlcrud[serve]'.")
    import uvicorn

    app = target.app or _app(target)
    listener = _listen(options.host, options.port)
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = f"http://{host}:{listener.getsockname()[1]}"
    for line in _report(target, app, url):
        print(line, flush=True)
    if options.open:
        # the socket listens already; a browser for terminals returns when it is left
        threading.Thread(target=webbrowser.open, args=[f"{url}{_path(app) or '/'}"], daemon=True).start()
    # uvicorn ends gracefully on SIGINT and SIGTERM, then sends itself the signal again
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    gc.collect()
    gc.freeze()  # what an app is made of stays, and need not be looked through each time
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_GRACE))
    server.run(sockets=[listener])
    return 0 if server.started else _NO_START


def _app(target: Target) -> FastAPI:
    """The smallest app that serves an Api; its root leads to GraphiQL. At the end it closes the target's connections."""
    assert target.api is not None, "a target is an Api or an app"

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if target.engine is not None:
            await target.engine.dispose()

    app = FastAPI(title=target.api.title, openapi_url=None, lifespan=lifespan)
    app.include_router(target.api.router(), prefix=_PATH)

    @app.get("/")
    def root() -> RedirectResponse:
        return RedirectResponse(_PATH.removeprefix("/"))

    return app


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens already: a port that is taken is found before anything is said to be served."""
    with ExitStack() as failing:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listener = failing.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            reason = str(getattr(error, "strerror", None) or error).rstrip(".")
            raise TargetError(f"Cannot listen on {host}:{port}: {reason}.") from error
        failing.pop_all()
    return listener


def _report(target: Target, app: Callable[..., Any], url: str) -> list[str]:
    """What is served, what is not and why, and where to look at it."""
    lines = [f"Serving {target.name}"]
    if target.api is not None:
        models = target.api.catalog.models
        lines.append(f"{len(models)} models, {sum(len(each.relations) for each in models)} relations")
    if target.left_out:
        lines.append("Left out:")
        lines += [f"  {each.name}: {each.reason}" for each in target.left_out]
    if not is_built():
        lines.append("GraphiQL is not built; build it with: python -m gqlcrud.graphiql.build")
    path = _path(app)
    return [*lines, f"GraphiQL: {url}{path}" if path is not None else f"Listening on {url}"]


def _path(app: Any) -> str | None:
    """The path at which an app serves an API of ours, None if it cannot tell."""
    try:
        return str(app.url_path_for(ROUTE_NAME))
    except (AttributeError, NoMatchFound):
        return None


if __name__ == "__main__":
    sys.exit(main())
