"""Files as rows: CSV, JSON and JSON Lines, where each row stands, and what is wrong with the form of one."""

import gzip
import io
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gqlcrud.files import FileError
from gqlcrud.files.documents import json_text, read_array, read_lines
from gqlcrud.files.rows import SourceRow
from gqlcrud.files.separated import Separated, read_separated, separated_line
from gqlcrud.files.streams import Input, format_of, open_input, open_output


def opened(text: str | bytes, encoding: str = "utf-8") -> Input:
    content = text.encode() if isinstance(text, str) else text
    return Input(io.BytesIO(content), io.BytesIO(content), encoding, len(content))


def separated(text: str | bytes, delimiter: str | None = None) -> tuple[tuple[str, ...], list[SourceRow]]:
    file: Separated = read_separated(opened(text), delimiter)
    return file.header, list(file.rows)


def cells(text: str | bytes, delimiter: str | None = None) -> list[tuple[int, tuple[str | None, ...] | None]]:
    return [(row.line, row.cells) for row in separated(text, delimiter)[1]]


def problems(rows: Iterator[SourceRow] | list[SourceRow]) -> list[tuple[int, str | None]]:
    return [(row.line, row.problem) for row in rows]


# ---------- names and streams ----------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(("a.csv", "csv"), ("a.TSV", "csv"), ("b/a.json", "json"), ("a.jsonl", "jsonl")),
        *(("a.ndjson.gz", "jsonl"), ("a.csv.gz", "csv")),
    ],
)
def test_the_suffix_tells_the_format(path: str, expected: str) -> None:
    assert format_of(path) == expected
    assert format_of(path, "json") == "json"


def test_a_name_that_tells_no_format_needs_one() -> None:
    with pytest.raises(
        FileError, match=r"^Standard input and output have no suffix that tells the format; give it: csv,"
    ):
        format_of("-")
    with pytest.raises(FileError, match=r"^books\.xlsx has no suffix that tells the format"):
        format_of("books.xlsx")


def test_a_compressed_file_is_read_and_equal_rows_make_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with open_output(str(tmp_path / f"{name}.csv.gz")) as file:
            file.write("titel\nÄpfel\n")
    with open_input(str(tmp_path / "a.csv.gz")) as source:
        lines = list(source.lines())

    assert lines == ["titel\n", "Äpfel\n"]
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv.gz", "b.csv.gz"]


def test_a_file_that_is_not_written_whole_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("before")
    with pytest.raises(RuntimeError), open_output(str(tmp_path / "a.csv")) as file:
        file.write("half")
        raise RuntimeError

    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"a.csv": "before"}


def test_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"missing\.csv cannot be read: No such file or directory\.$"):
        open_input(str(tmp_path / "missing.csv")).__enter__()
    with pytest.raises(FileError, match=r"cannot be written: No such file or directory\.$"):
        open_output(str(tmp_path / "missing" / "a.csv")).__enter__()


@pytest.mark.parametrize(
    ("cut", "reason"), [(slice(None, -12), "ended before"), (slice(5, None), "Not a gzipped file")]
)
def test_a_compressed_file_that_is_damaged_is_told(tmp_path: Path, cut: slice, reason: str) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a\n" * 100)[cut])

    with open_input(str(path)) as source, pytest.raises(FileError, match=reason) as raised:
        list(source.lines())
    assert raised.value.line is not None


def test_how_much_is_read_is_known_of_files_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n" * 10)
    with open_input(str(path)) as source:
        assert list(source.lines()) == ["a\n"] * 10
        assert source.part_read() == 1.0


def test_standard_input_and_output_are_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("ä\r\nb".encode())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out := io.BytesIO()))
    with open_input("-") as source, open_output("-") as file:
        for line in source.lines():
            file.write(line)
        assert source.part_read() is None

    assert out.getvalue() == "ä\r\nb".encode()


def test_an_encoding_has_lines() -> None:
    with pytest.raises(FileError, match=r"^There is no encoding 'klingon'\.$"):
        open_input("a.csv", "klingon").__enter__()
    with pytest.raises(FileError, match=r"^Files in utf-16 cannot be read by lines; save the file as UTF-8\.$"):
        open_input("a.csv", "utf-16").__enter__()
    with pytest.raises(FileError, match=r"^The file is in UTF-16; save it as UTF-8\.$"):
        separated("a\n".encode("utf-16"))


# ---------- CSV ----------


def test_rows_have_the_line_that_they_begin_at() -> None:
    header, rows = separated('\ufefftitle , note\r\nEmma,"two\r\nlines, ""quoted"""\r\n\r\n\nPersuasion,x')

    assert header == ("title", "note")
    assert [(row.line, row.cells, row.problem) for row in rows] == [
        (2, ("Emma", 'two\r\nlines, "quoted"'), None),
        (6, ("Persuasion", "x"), None),
    ]


def test_an_empty_cell_is_none_and_a_quoted_one_is_an_empty_text() -> None:
    text = 'a,b,c\n,"",x\n"",,""\n"""",,"x"""\n"a,"",b",,""\n"x\n"",""",,""\n'

    assert cells(text) == [
        (2, (None, "", "x")),
        (3, ("", None, "")),
        (4, ('"', None, 'x"')),
        (5, ('a,",b', None, "")),
        (6, ('x\n","', None, "")),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    text = 'a,"b;;,,\t\t",c\n1,2,3\n'.replace(",", delimiter) if delimiter != "," else 'a,"b;;;\t\t\t",c\n1,2,3\n'

    assert separated(text)[1][0].cells == ("1", "2", "3")


def test_a_delimiter_can_be_given() -> None:
    assert cells("a|b,c\n1|2\n", "|") == [(2, ("1", "2"))]
    assert cells("a,b,c\td\n1\t2\n", "tab") == [(2, ("1", "2"))]
    for wrong in ("", "||", '"', "\n"):
        with pytest.raises(FileError, match=r"^A delimiter is one character, or 'tab'"):
            separated("a\n", wrong)


def test_a_file_without_a_header_is_refused() -> None:
    with pytest.raises(FileError, match=r"^The file is empty: there is no header\.$"):
        separated("")
    with pytest.raises(FileError, match=r"^The header cannot be read: ',' expected after '\"'\.$"):
        separated('"a"b\n')
    with pytest.raises(FileError, match=r"^Line 1 is not UTF-8, from byte 2 on \(--encoding\)\.$"):
        separated(b"a\xff,b\n")


def test_a_row_that_cannot_be_read_leaves_the_others_alone() -> None:
    text = b'a,b\n1\n1,2,3\n"x"y,2\n\xe9,"\n\xe9"\n"\n\xe9",z\n7,8\n"open,\n9'

    assert problems(separated(text)[1]) == [
        (2, "The row has 1 cells, the header has 2."),
        (3, "The row has 3 cells, the header has 2."),
        (4, "The row is no CSV: ',' expected after '\"'."),
        (5, "Line 5 is not UTF-8, from byte 1 on (--encoding)."),
        (7, "Line 8 is not UTF-8, from byte 1 on (--encoding)."),
        (9, None),
        (10, "The row is no CSV: unexpected end of data."),
    ]


def test_another_encoding_is_read() -> None:
    file = read_separated(opened("näme\nÄpfel\n".encode("cp1252"), "cp1252"))

    assert (file.header, [row.cells for row in file.rows]) == (("näme",), [("Äpfel",)])


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
texts |= st.text('",;\n\r a', max_size=6)


@given(st.lists(st.lists(st.none() | texts, min_size=2, max_size=2), max_size=5))
def test_what_is_written_as_csv_is_read_the_same(rows: list[list[str | None]]) -> None:
    """A carriage return within a cell is kept as it is."""
    text = "a,b\n" + "".join(map(separated_line, rows))

    assert [each for _, each in cells(text, ",")] == [tuple(row) for row in rows]


# ---------- JSON ----------


def test_lines_of_objects_are_rows() -> None:
    text = b'\xef\xbb\xbf{"a": 1.10}\r\n\n {"a": [{}]} \n[1]\n{"a": \n{} {}\n{"a": "\xff"}\n{"b": null}'
    rows = list(read_lines(opened(text)))

    assert [(row.line, row.fields, row.problem) for row in rows] == [
        (1, {"a": Decimal("1.10")}, None),
        (3, {"a": [{}]}, None),
        (4, None, 'The row is no object, such as {"title": "Emma"}.'),
        (5, None, "The line is no JSON: Expecting value (character 8)."),
        (6, None, "After the object there is more in the line."),
        (7, None, "Line 7 is not UTF-8, from byte 8 on (--encoding)."),
        (8, {"b": None}, None),
    ]


def test_an_array_is_read_item_by_item() -> None:
    rows = list(read_array(opened('\n [ {"a": "]"} ,\n{"a": {"b": [1, 2]}}, 7, "x" ] \n')))

    assert [(row.line, row.unit, row.fields, row.problem) for row in rows] == [
        (1, "item", {"a": "]"}, None),
        (2, "item", {"a": {"b": [1, 2]}}, None),
        (3, "item", None, 'The row is no object, such as {"title": "Emma"}.'),
        (4, "item", None, 'The row is no object, such as {"title": "Emma"}.'),
    ]
    assert list(read_array(opened(" [ ] "))) == []


@pytest.mark.parametrize(
    ("text", "number", "message"),
    [
        ("", None, "The file is no array of JSON: it does not begin with '['. For an object in each line: jsonl."),
        ("{}", None, "The file is no array of JSON: it does not begin with '['. For an object in each line: jsonl."),
        ("[", 1, "The item is no JSON: Expecting value (character 1)."),
        ("[{}", 2, "After the item there is the end of the file instead of ',' or ']'."),
        ("[{} {}]", 2, "After the item there is '{' instead of ',' or ']'."),
        ("[{},]", 2, "The item is no JSON: Expecting value (character 1)."),
        ("[{}] {}", 2, "After the array there is more in the file."),
        ('[{"a": "x]', 1, "The item is no JSON: Unterminated string starting at (character 7)."),
    ],
)
def test_an_array_that_is_broken_is_told_where(text: str, number: int | None, message: str) -> None:
    with pytest.raises(FileError) as raised:
        list(read_array(opened(text)))

    assert (raised.value.line, str(raised.value)) == (number, message)


def test_an_item_with_bytes_that_are_no_text_is_a_problem_of_its_own() -> None:
    rows = list(read_array(opened(b'[{"a": "\xff"}, {"a": "\xc3\xa4"}]')))

    assert problems(rows) == [(1, "The item is not UTF-8 throughout."), (2, None)]


class Drops(io.BytesIO):
    """Gives a few bytes at a time, as a pipe may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(3)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=5)
    | st.sampled_from(["]", '"', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(st.lists(st.dictionaries(st.text(max_size=3), values, max_size=3), max_size=5), st.sampled_from([None, 1]))
def test_an_array_is_read_the_same_wherever_its_pieces_end(items: list[dict[str, object]], indent: int | None) -> None:
    text = json.dumps(items, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")
    source = Input(Drops(text), Drops(text), "utf-8", None)

    assert [row.fields for row in read_array(source)] == items


def test_an_array_in_one_line_is_never_in_memory_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The item that is too long is one that never ends."""
    monkeypatch.setattr("gqlcrud.files.documents._MAX_ITEM", 1000)
    with pytest.raises(FileError, match="The item is no JSON: Unterminated string"):
        list(read_array(Input(Drops(b'[{"a": "' + b"x" * 5000), Drops(), "utf-8", None)))


def test_a_surrogate_in_json_is_written_as_it_is_escaped(tmp_path: Path) -> None:
    with open_output(str(tmp_path / "a.jsonl")) as file:
        file.write(json_text({"a": "\ud800ä"}))

    assert (tmp_path / "a.jsonl").read_text("utf-8") == '{"a": "\\ud800ä"}'
