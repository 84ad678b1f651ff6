"""Parameters of a notebook: what its `parameters` cell declares, and values checked against that.

A parameter is an assignment in the cell: its annotation is the type, its value the default, its
comment the help. The cell is parsed and never executed.
"""

from __future__ import annotations

import ast
import json
import re
import tokenize
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Any, Optional, Union

from workbench.errors import InputError, RunError, UnknownNameError

SIMPLE = {"str": str, "int": int, "float": float, "bool": bool, "Any": Any}
"""Type names that an annotation may use, besides list, dict, Optional, Union and `|`."""

BOOLEANS = {"true": True, "yes": True, "on": True, "1": True}
BOOLEANS |= {"false": False, "no": False, "off": False, "0": False}
NOTHING = {"", "none", "null"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: its name, type, default as Python source, and help."""

    name: str
    type: Any
    default: str
    help: str

    @property
    def value(self) -> Any:
        """The default as an object; its Python source when it is an expression to compute.

        >>> Parameter("start", str, "'2015'", "").value
        '2015'
        """
        try:
            return ast.literal_eval(self.default)
        except ValueError:
            return self.default

    @property
    def type_name(self) -> str:
        """The type as people write it.

        >>> Parameter("symbols", list[str] | None, "None", "").type_name
        'list[str] | None'
        """
        return type_name(self.type)


def declared(cell: str) -> dict[str, Parameter]:
    """The parameters that the source of a `parameters` cell declares, by name.

    Raises RunError when the cell is no Python or an annotation is not a supported type.

    >>> declared('window: int = 14  # bars')["window"]
    Parameter(name='window', type=<class 'int'>, default='14', help='bars')
    """
    try:
        statements = ast.parse(cell).body
    except SyntaxError as error:
        raise RunError(
            f"the parameters cell is not Python: line {error.lineno}, {error.msg}"
        ) from None
    comments = _comments(cell)
    found = {}
    for statement in statements:
        target, annotation, value = _assignment(statement)
        if target is None or value is None:
            continue
        kind = _type(annotation, target) if annotation else _type_of_default(value)
        help_text = comments.get(statement.end_lineno or 0, "")
        found[target] = Parameter(target, kind, ast.unparse(value), help_text)
    return found


def _assignment(statement: ast.stmt) -> tuple[str | None, ast.expr | None, ast.expr | None]:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            return name, annotation, value
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, None, value
    return None, None, None


def _comments(cell: str) -> dict[int, str]:
    """Line number → comment, without its hash."""
    tokens = tokenize.generate_tokens(StringIO(cell).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def _type(node: ast.expr, parameter: str) -> Any:
    match node:
        case ast.Name(id=name) if name in SIMPLE:
            return SIMPLE[name]
        case ast.Name(id="list" | "List"):
            return list[Any]
        case ast.Name(id="dict" | "Dict"):
            return dict[str, Any]
        case ast.Constant(value=None):
            return None
        case ast.Constant(value=str(text)) if quoted := _parsed(text):
            return _type(quoted, parameter)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Union[_type(left, parameter), _type(right, parameter)]  # noqa: UP007
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return Optional[_type(inner, parameter)]  # noqa: UP045
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=members)):
            return Union[tuple(_type(member, parameter) for member in members)]  # noqa: UP007
        case ast.Subscript(value=ast.Name(id="list" | "List"), slice=inner):
            return list[_type(inner, parameter)]  # type: ignore[misc]
        case ast.Subscript(value=ast.Name(id="dict" | "Dict"), slice=ast.Tuple(elts=[_, inner])):
            return dict[str, _type(inner, parameter)]  # type: ignore[misc]
    raise RunError(
        f"parameter {parameter!r} is declared as {ast.unparse(node)!r}; allowed are "
        f"{', '.join(SIMPLE)}, list[…], dict[str, …], Optional[…] and Union[…]"
    )


def _parsed(annotation: str) -> ast.expr | None:
    try:
        return ast.parse(annotation, mode="eval").body
    except SyntaxError:
        return None


def _type_of_default(value: ast.expr) -> Any:
    try:
        default = ast.literal_eval(value)
    except ValueError:
        return Any
    kinds: dict[type, Any] = {list: list[Any], dict: dict[str, Any]}
    kind = type(default)
    return kind if kind in (str, int, float, bool) else kinds.get(kind, Any)


def type_name(kind: Any) -> str:
    """A type as people write it.

    >>> type_name(Union[list[str], str, None])
    'list[str] | str | None'
    """
    if _is_union(kind):
        return " | ".join(type_name(member) for member in typing.get_args(kind))
    if kind is types.NoneType:
        return "None"
    if typing.get_origin(kind):
        inner = ", ".join(type_name(member) for member in typing.get_args(kind))
        return f"{typing.get_origin(kind).__name__}[{inner}]"
    return str(kind.__name__) if isinstance(kind, type) else "Any"


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in (Union, types.UnionType)


def from_text(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, Any]:
    """Values read from text, as a command line gives it, each as its parameter's declared type.

    A list is `AAPL,MSFT` or JSON; an optional parameter takes `none`; text declared as str stays
    as it is, so 0005, NO, NAN and dates survive. Raises InputError and UnknownNameError.

    >>> from_text(declared("symbols: list[str] = []"), {"symbols": "AAPL,NO"})
    {'symbols': ['AAPL', 'NO']}
    """
    return _each(parameters, given, read)


def validated(parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values given as Python objects, each checked against its parameter's declared type.

    A date becomes its ISO text, an int a float, a tuple a list where that is what is declared.
    Raises InputError and UnknownNameError.

    >>> validated(declared("window: int = 14"), {"window": 20})
    {'window': 20}
    """
    return _each(parameters, given, accept)


def _each(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    convert: Callable[[Any, Any], Any],
) -> dict[str, Any]:
    values = {}
    for name, value in given.items():
        if name not in parameters:
            raise UnknownNameError("parameter", str(name), parameters)
        kind = parameters[name].type
        try:
            values[name] = convert(value, kind)
        except (ValueError, TypeError):
            raise InputError(
                f"{name}={value!r} does not fit; {name} takes {type_name(kind)}{_example(kind)}"
            ) from None
    return values


def _example(kind: Any) -> str:
    examples = {list[str]: "AAPL,MSFT", bool: "true or false", int: "14", float: "0.5"}
    kinds = typing.get_args(kind) if _is_union(kind) else (kind,)
    fitting = [examples[k] for k in kinds if k in examples]
    return f", for example {fitting[0]}" if fitting else ""


def read(text: str, kind: Any) -> Any:
    """`text` as a value of type `kind`; ValueError when it is not one.

    The members of a union are tried in their order, None first.

    >>> read("0005", str), read("0005", int), read("none", str | None), read("[1, 2]", list[int])
    ('0005', 5, None, [1, 2])
    """
    if _is_union(kind):
        return _read_union(text, typing.get_args(kind))
    if kind in (str, Any):
        return text
    if kind is types.NoneType:
        if text.strip().lower() in NOTHING:
            return None
        raise ValueError(text)
    if kind is bool:
        if text.strip().lower() in BOOLEANS:
            return BOOLEANS[text.strip().lower()]
        raise ValueError(text)
    if kind in (int, float):
        if not re.fullmatch(r"\s*[+-]?[\w.]+([eE][+-]?\d+)?\s*", text) or "_" in text:
            raise ValueError(text)
        return kind(text)
    if typing.get_origin(kind) is list and not text.lstrip().startswith("["):
        inner = typing.get_args(kind)[0]
        return [read(part.strip(), inner) for part in text.split(",")] if text.strip() else []
    return accept(json.loads(text), kind)


def _read_union(text: str, members: tuple[Any, ...]) -> Any:
    for member in sorted(members, key=lambda m: m is not types.NoneType):
        try:
            return read(text, member)
        except ValueError:
            continue
    raise ValueError(text)


def accept(value: Any, kind: Any) -> Any:
    """`value` when it is of type `kind`, dates as ISO text; TypeError when it is not.

    >>> accept(date(2015, 3, 2), str)
    '2015-03-02'
    """
    if _is_union(kind):
        return _accept_union(value, typing.get_args(kind))
    if isinstance(value, date | datetime) and kind in (str, Any):
        return value.isoformat()
    if kind is Any:
        return _plain(value)
    if kind is float and type(value) is int:
        return float(value)
    if typing.get_origin(kind) is list and isinstance(value, list | tuple):
        return [accept(item, typing.get_args(kind)[0]) for item in value]
    if typing.get_origin(kind) is dict and isinstance(value, dict):
        inner = typing.get_args(kind)[1]
        return {accept(key, str): accept(item, inner) for key, item in value.items()}
    if typing.get_origin(kind) is None and type(value) is kind:
        return value
    raise TypeError(value)


def _accept_union(value: Any, members: tuple[Any, ...]) -> Any:
    for member in sorted(members, key=lambda m: type(value) is not m):
        try:
            return accept(value, member)
        except TypeError:
            continue
    raise TypeError(value)


def _plain(value: Any) -> Any:
    """`value` when a notebook can be given it as source: text, numbers, lists and dicts of them."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {accept(key, str): _plain(item) for key, item in value.items()}
    raise TypeError(value)
