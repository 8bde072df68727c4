"""The pages of the documentation: their code blocks read, and run as a reader would run them.

python: the blocks of a page run in their order in one module, `await` included; a `text` block right after one is what
it prints, wrapped freely. graphql: an operation, run on the page's `api`, or on the bookshop's where the page makes
none; `json variables` may follow, and a `json` block is the answer. graphql schema: definitions, or parts of them, of
the page's `api`.
"""

import ast
import contextlib
import inspect
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from graphql import parse, print_ast
from graphql.language import ast as nodes
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from gqlcrud.http import answer
from gqlcrud.media_types import GRAPHQL_RESPONSE

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"^```([\w ]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DATABASE = re.compile(r"sqlite\+aiosqlite:///(\w+)\.sqlite")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced code block. kind: what stands after the fence. line: where its first line is in the file."""

    kind: str
    text: str
    line: int


def read_blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [Block(match[1], match[2], text.count("\n", 0, match.start(2)) + 1) for match in _BLOCK.finditer(text)]


@dataclass(slots=True)
class Reader:
    """Runs the blocks of one page. `database`: the name in a SQLite URL of the page -> the URL to use instead."""

    page: Path
    bookshop: Api
    database: Callable[[str], str]

    async def run(self) -> None:
        """Every block of the page; an AssertionError names the line of the block that does not hold."""
        blocks = read_blocks(self.page)
        with self._module() as module:
            try:
                for place, block in enumerate(blocks):
                    following = blocks[place + 1 : place + 3]
                    await self._run(block, following, module)
            finally:
                for engine in vars(module).values():
                    if isinstance(engine, AsyncEngine):
                        await engine.dispose()

    async def _run(self, block: Block, following: list[Block], module: ModuleType) -> None:
        match block.kind:
            case "python":
                printed = await self._execute(block, module)
                expected = following[0].text if following and following[0].kind == "text" else ""
                assert printed.split() == expected.split(), self._at(block)
            case "graphql":
                variables = [each for each in following[:1] if each.kind == "json variables"]
                (expected_answer,) = [each for each in following[len(variables) :][:1] if each.kind == "json"]
                given = json.loads(variables[0].text) if variables else None
                api: Api = getattr(module, "api", self.bookshop)
                assert await answer_of(api, block.text, given) == json.loads(expected_answer.text), self._at(block)
            case "graphql schema":
                assert undefined(block.text, module.api) == [], self._at(block)

    async def _execute(self, block: Block, module: ModuleType) -> str:
        source = _DATABASE.sub(lambda match: self.database(match[1]), block.text)
        lines = "\n" * (block.line - 1)
        code = compile(lines + source, str(self.page), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            result = eval(code, vars(module))
            if inspect.isawaitable(result):
                await result
        return output.getvalue()

    @contextlib.contextmanager
    def _module(self) -> Iterator[ModuleType]:
        """The module of the page, which annotations are looked up in."""
        module = ModuleType(f"page_{self.page.stem}")
        sys.modules[module.__name__] = module
        try:
            yield module
        finally:
            del sys.modules[module.__name__]

    def _at(self, block: Block) -> str:
        return f"{self.page.relative_to(ROOT)}:{block.line}"


async def answer_of(api: Api, query: str, variables: dict[str, Any] | None = None) -> Any:
    """The answer to an operation, as it goes over HTTP."""
    return json.loads(answer(await api.execute(query, variables), GRAPHQL_RESPONSE).body)


def undefined(text: str, api: Api) -> list[str]:
    """The definitions in a text of GraphQL's schema language, and their members, that the schema of `api` lacks.

    Members may be left out, as may all arguments of a field.
    """
    known = _definitions(api.sdl())
    missing: list[str] = []
    for name, node in _definitions(text).items():
        if name not in known or _head(known[name]) != _head(node):
            missing.append(_head(node))
            continue
        missing += _descriptions(node, known[name])
        members = _members(known[name])
        missing += [
            f"{name}.{member}{arguments}: {kind}"
            for member, (arguments, kind) in _members(node).items()
            if member not in members or kind != members[member][1] or arguments not in ("", members[member][0])
        ]
    return missing


def _descriptions(part: Any, whole: Any) -> list[str]:
    """What `part` is described by, and its members, where `whole` says otherwise; none need be described."""
    members = {each.name.value: each for each in _member_nodes(whole)}
    pairs = [(part, whole)] + [(each, members.get(each.name.value)) for each in _member_nodes(part)]
    return [
        f"{one.name.value}: {one.description.value}"
        for one, other in pairs
        if one.description and (not other or not other.description or one.description.value != other.description.value)
    ]


def _definitions(text: str) -> dict[str, Any]:
    return {node.name.value: node for node in parse(text).definitions if isinstance(node, nodes.TypeDefinitionNode)}


def _head(node: Any) -> str:
    marks = [*(getattr(node, "interfaces", None) or ()), *(node.directives or ())]
    return " ".join([node.kind, node.name.value, *map(print_ast, marks)])


def _members(node: Any) -> dict[str, tuple[str, str]]:
    """Name -> (arguments, type), both as text."""
    return {each.name.value: (_arguments(each), _type(each)) for each in _member_nodes(node)}


def _member_nodes(node: Any) -> Any:
    return getattr(node, "fields", None) or getattr(node, "values", None) or ()


def _arguments(node: Any) -> str:
    return ", ".join(f"{each.name.value}: {_type(each)}" for each in getattr(node, "arguments", None) or ())


def _type(node: Any) -> str:
    return print_ast(node.type) if hasattr(node, "type") else ""
