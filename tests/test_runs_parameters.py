"""Parameters of notebooks: what a cell declares, and which values it lets in."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbench.errors import InputError, RunError, UnknownNameError
from workbench.running import notebooks
from workbench.running.parameters import accept, declared, from_text, read, validated

CELL = """
from typing import Optional, Union
plain = "text"  # no annotation
count: int = 14  # how many
share: float = 0.5
really: bool = False
code: str = "0005"
names: list[str] = []  # a list
either: Union[list[str], str, None] = None
quoted: "Optional[dict[str, float]]" = None
piped: int | None = None
many = [
    1,
    2,
]  # over several lines, with a = sign
anything = None
computed: int = 2 ** 10
"""


def test_a_cell_declares_names_types_defaults_and_help() -> None:
    found = declared(CELL)
    assert {p.name: (p.type_name, p.default, p.help) for p in found.values()} == {
        "plain": ("str", "'text'", "no annotation"),
        "count": ("int", "14", "how many"),
        "share": ("float", "0.5", ""),
        "really": ("bool", "False", ""),
        "code": ("str", "'0005'", ""),
        "names": ("list[str]", "[]", "a list"),
        "either": ("list[str] | str | None", "None", ""),
        "quoted": ("dict[str, float] | None", "None", ""),
        "piped": ("int | None", "None", ""),
        "many": ("list[Any]", "[1, 2]", "over several lines, with a = sign"),
        "anything": ("Any", "None", ""),
        "computed": ("int", "2 ** 10", ""),
    }


def test_declaring_never_executes_the_cell(tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    cell = f"x: __import__('pathlib').Path({str(witness)!r}).touch() = 1"
    with pytest.raises(RunError, match="declared as"):
        declared(cell)
    declared(f"x: int = __import__('pathlib').Path({str(witness)!r}).touch()")
    assert not witness.exists()


@pytest.mark.parametrize("cell", ["x: int = ", "%matplotlib inline", "x: 'list[' = 1"])
def test_a_cell_that_is_not_python_is_refused(cell: str) -> None:
    with pytest.raises(RunError, match=r"not Python|declared as"):
        declared(cell)


@pytest.mark.parametrize(
    "text", ["0005", "NO", "ON", "NAN", "null?", "1_000", "2015-03-02", "1:30"]
)
def test_text_for_a_str_stays_as_it_is(text: str) -> None:
    assert from_text(declared('code: str = ""'), {"code": text}) == {"code": text}
    assert from_text(declared("names: list[str] = []"), {"names": text}) == {"names": [text]}
    assert from_text(declared("x: Optional[str] = None"), {"x": text}) == {"x": text}


@pytest.mark.parametrize(
    ("declaration", "text", "value"),
    [
        ("int", "0005", 5),
        ("int", "-7", -7),
        ("float", "1e-3", 0.001),
        ("float", "inf", float("inf")),
        ("bool", "yes", True),
        ("bool", "OFF", False),
        ("list[str]", "AAPL, MSFT", ["AAPL", "MSFT"]),
        ("list[str]", '["AAPL", "A,B"]', ["AAPL", "A,B"]),
        ("list[str]", "", []),
        ("list[int]", "1,2", [1, 2]),
        ("list[float]", "[1, 2.5]", [1.0, 2.5]),
        ("dict[str, int]", '{"a": 1}', {"a": 1}),
        ("Optional[int]", "none", None),
        ("Optional[int]", "", None),
        ("Union[list[str], str, None]", "AAPL,MSFT", ["AAPL", "MSFT"]),
        ("Union[list[str], str, None]", "None", None),
        ("Union[int, str]", "12", 12),
        ("Union[int, str]", "x12", "x12"),
    ],
)
def test_text_is_read_as_the_declared_type(declaration: str, text: str, value: Any) -> None:
    given = from_text(declared(f"x: {declaration} = None"), {"x": text})["x"]
    assert given == value
    assert type(given) is type(value)


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        ("int", "1_000"),
        ("int", "1.5"),
        ("int", "none"),
        ("int", ""),
        ("float", "half"),
        ("bool", "2"),
        ("list[int]", "1,x"),
        ("list[int]", "[1, 2"),
        ("dict[str, int]", "a=1"),
        ("dict[str, int]", '{"a": "1"}'),
    ],
)
def test_text_of_another_type_is_refused_in_one_line(declaration: str, text: str) -> None:
    with pytest.raises(InputError) as refused:
        from_text(declared(f"x: {declaration} = None"), {"x": text})
    message = str(refused.value)
    assert repr(text) in message
    assert declaration in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("declaration", "value", "kept"),
    [
        ("str", date(2015, 3, 2), "2015-03-02"),
        ("Optional[str]", datetime(2015, 3, 2, 16), "2015-03-02T16:00:00"),  # noqa: DTZ001
        ("float", 1, 1.0),
        ("list[str]", ("AAPL",), ["AAPL"]),
        ("Union[list[str], str]", "AAPL", "AAPL"),
        ("Union[float, int]", 3, 3),
        ("Any", {"a": [1, None]}, {"a": [1, None]}),
        ("bool", True, True),
    ],
)
def test_objects_are_accepted_as_declared(declaration: str, value: Any, kept: Any) -> None:
    found = validated(declared(f"x: {declaration} = None"), {"x": value})["x"]
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        ("str", 5),
        ("int", "5"),
        ("int", True),
        ("int", 5.0),
        ("bool", 1),
        ("list[str]", "AAPL"),
        ("list[str]", [1]),
        ("str", None),
        ("Any", object()),
        ("dict[str, int]", {1: 1}),
    ],
)
def test_objects_of_another_type_are_refused(declaration: str, value: Any) -> None:
    with pytest.raises(InputError, match="x takes"):
        validated(declared(f"x: {declaration} = None"), {"x": value})


def test_unknown_and_unsafe_names_are_refused_with_the_list() -> None:
    parameters = declared("window: int = 14\nsymbol: str = ''")
    for name in ("windw", "import os; os", "window\nimport os"):
        with pytest.raises(UnknownNameError, match="Known: window, symbol"):
            from_text(parameters, {name: "1"})
    with pytest.raises(UnknownNameError, match="did you mean 'window'"):
        validated(parameters, {"windw": 1})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_whatever_json_can_say_survives_as_any(value: Any) -> None:
    assert accept(value, Any) == value


@given(st.lists(st.text()))
def test_a_json_list_of_text_survives(texts: list[str]) -> None:
    assert read(json.dumps(texts), list[str]) == texts


def project(folder: Path, **cells: str) -> Path:
    (folder / "notebooks").mkdir()
    for name, cell in cells.items():
        tagged = new_code_cell(cell, metadata={"tags": ["parameters"]})
        title = new_markdown_cell(f"# {name}\n\nSays {name}.\nMore.")
        nbformat.write(new_notebook(cells=[title, tagged]), folder / "notebooks" / f"{name}.ipynb")
    return folder


def test_notebooks_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    root = project(tmp_path, one="x: int = 1", two="")
    first = root / "notebooks" / "one.ipynb"
    assert notebooks.notebooks(root) == {"one": first, "two": first.with_name("two.ipynb")}
    for given_as in ("one", "one.ipynb", "notebooks/one.ipynb", first, str(first)):
        assert notebooks.find(given_as, root) == first
    assert notebooks.summary(first) == "Says one."
    assert notebooks.parameters(first.with_name("two.ipynb")) == {}


@pytest.mark.parametrize("name", ["oen", "missing.ipynb"])
def test_an_unknown_notebook_names_those_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownNameError, match="Known: one, two"):
        notebooks.find(name, project(tmp_path, one="", two=""))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"cells": 3}'])
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(RunError, match="is not a notebook"):
        notebooks.parameters(path)


def test_what_papermill_infers_is_what_we_infer() -> None:
    path = Path(__file__).parent.parent / "notebooks" / "ingest_bars.ipynb"
    inferred = papermill.inspect_notebook(path)
    ours = notebooks.parameters(path)
    assert {n: p["help"] for n, p in inferred.items()} == {n: p.help for n, p in ours.items()}
    assert list(ours) == ["source", "symbols", "timeframe", "start", "end", "dry_run"]
