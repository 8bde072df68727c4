"""From a title, an endpoint and the built front-end to the HTML of GraphiQL and its files; knows no web framework."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path

STATIC = Path(__file__).parent / "static"

# Monaco and Radix set style attributes and add style elements; fonts and cursors are data: URLs in the style sheets.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_ENTRY = "src/main.jsx"
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_HASHED_NAME = re.compile(r".+-[A-Za-z0-9_-]{8}\.[a-z0-9]+")
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="data:,">
{styles}
<script type="application/json" id="gqlcrud-config">{config}</script>
<script type="module" src="{script}"></script>
</head>
<body>
<div id="gqlcrud-graphiql"><noscript>GraphiQL needs JavaScript.</noscript></div>
</body>
</html>
"""

_UNBUILT_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
</head>
<body>
<p>GraphiQL is not built: run <code>pip install -e .</code> or <code>python -m gqlcrud.graphiql.build</code>
in a checkout of gqlcrud, then reload this page.</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the built front-end.

    `digest` is the SHA-256 of `content` in hexadecimal, fit for an ETag. `immutable` says that the file's name
    holds a hash of what is in it, so that a client may keep it for ever.
    """

    content: bytes
    media_type: str
    digest: str
    immutable: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A document that the page offers. variables: JSON, empty where it takes none."""

    title: str
    query: str
    variables: str = ""


def is_built(static: Path = STATIC) -> bool:
    """Whether the front-end's files are there to be served."""
    return (static / "manifest.json").is_file()


def graphiql_page(
    *, title: str, endpoint: str, assets: str, examples: Sequence[Example] = (), static: Path = STATIC
) -> str:
    """The HTML page; one that tells how to build GraphiQL if its files are missing.

    `endpoint` is the URL that operations are posted to; empty, it is the path of the page itself. `assets` is the
    URL below which `read_asset` answers, absolute or relative to the page: `graphql/graphiql` for a page at
    `/graphql` holds under any prefix that a proxy strips. The first of `examples` stands in the editor on
    the first visit; without any it is GraphiQL's own welcome.
    """
    if not is_built(static):
        return _UNBUILT_PAGE.format(title=escape(title))
    entry = json.loads((static / "manifest.json").read_text("utf-8"))[_ENTRY]
    location = escape(assets.rstrip("/"))
    return _PAGE.format(
        title=escape(title),
        styles="\n".join(f'<link rel="stylesheet" href="{location}/{name}">' for name in entry["css"]),
        config=_script_json({"title": title, "endpoint": endpoint, "examples": [asdict(each) for each in examples]}),
        script=f"{location}/{entry['file']}",
    )


def read_asset(name: str, static: Path = STATIC) -> Asset | None:
    """The built file of that name, or None; a name with a folder in it is never found."""
    path = static / name
    if not _FILE_NAME.fullmatch(name) or path.suffix not in _MEDIA_TYPES or not path.is_file():
        return None
    return _load_asset(path)


@lru_cache(maxsize=64)
def _load_asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(
        content=content,
        media_type=_MEDIA_TYPES[path.suffix],
        digest=sha256(content).hexdigest(),
        immutable=_HASHED_NAME.fullmatch(path.name) is not None,
    )


def _script_json(config: Mapping[str, object]) -> str:
    """JSON that holds no character with a meaning inside a script element.

    Source: HTML Living Standard, section 4.12.1.3 "Restrictions for contents of script elements".
    """
    text = json.dumps(config)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
