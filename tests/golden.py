"""Expected texts kept in files, reviewed like code when they change: `pytest --regenerate` writes them anew."""

from collections.abc import Callable
from pathlib import Path

CheckGolden = Callable[[str, str], None]
"""`check_golden(path, text)`: the text is that of the file `tests/<path>`."""


def golden_checker(*, regenerate: bool) -> CheckGolden:
    def check(path: str, text: str) -> None:
        file = Path(__file__).parent / path
        if regenerate:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
        kept = file.read_text("utf-8") if file.exists() else ""
        assert text == kept, f"tests/{path} is stale: run pytest --regenerate, and look at what changes."

    return check
