"""What makes two calls of a memoized function the same call: code, globals, closures, arguments."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import itertools
import math
import operator
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.errors import InputError
from workbench.memoization.fingerprint import fingerprint
from workbench.memoization.releases import installed, release


def of(value: object) -> str:
    return fingerprint({"value": value})


def function(source: str, **known: Any) -> FunctionType:
    """The function `f` that a source makes, with `known` as its globals."""
    space = {"__name__": "somewhere_of_mine", **known}
    exec(source, space)
    return space["f"]


class Point(NamedTuple):
    x: int
    y: int


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Model:
    scale: float
    offset: float = 0.0

    def apply(self, x: float) -> float:
        return self.scale * x + self.offset


FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
SERIES = pd.Series([1.0, 2.0], index=pd.date_range("2024", periods=2, tz="UTC"), name="s")

DISTINCT = [
    None, False, True, 0, 1, -1, 2**70, 0.0, -0.0, 1.0, math.nan, math.inf, 1j, "", "1", b"1", "a",
    [], (), {}, set(), frozenset(), [1], (1,), {1}, frozenset({1}), {1: 1}, [1.0], [True], [[1]],
    [1, 2], [2, 1], ["ab", "c"], ["a", "bc"], ["abc"], [["a"], "b"], [["a", "b"]],
    {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": {"b": 1}}, ...,
    np.float64(1), np.float32(1), np.int64(1), np.bool_(True), np.array(1.0), np.array([1.0]),
    np.array([[1.0]]), np.array([1]), np.array([True]), np.array(["a"]), np.array(["a"], "O"),
    np.array([0.0]), np.array([-0.0]), np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(0),
    np.zeros((0, 1)), np.array(["2024"], "M8[D]"), np.array(["2024"], "M8[s]"),
    np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2).T, np.array([1], ">i4"),
    np.array([1], "<i4"), np.dtype("f8"), np.dtype("f4"),
    FRAME, FRAME * 2, FRAME.rename(columns={"a": "c"}), FRAME.set_axis([5, 6]), FRAME[["b", "a"]],
    FRAME.astype({"a": "f4"}), FRAME.rename_axis(index="i"), FRAME.iloc[:1], FRAME.iloc[::-1],
    SERIES, SERIES.rename("t"), SERIES.tz_convert("Asia/Tokyo"), SERIES.shift(1), SERIES.to_frame(),
    SERIES.index, pd.MultiIndex.from_tuples([("a", 1)]), pd.Index(["a"]), pd.RangeIndex(3),
    pd.Categorical(["a", "b"]), pd.Categorical(["a", "b"], ["b", "a"]), pd.array([1, None]),
    pd.Timestamp("2024"), pd.Timestamp("2024", tz="UTC"), pd.Timedelta(1, "D"), pd.NaT, pd.NA,
    pd.Period("2024", "M"), pd.offsets.BDay(2), dt.date(2024, 1, 1), dt.datetime(2024, 1, 1),  # noqa: DTZ001
    dt.timedelta(1), decimal.Decimal("1.0"), decimal.Decimal("1.00"), Path("a"), range(3), range(4),
    slice(1, 2), Point(1, 2), Point(2, 1), Colour.RED, Colour.BLUE, Model(1.0), Model(2.0),
    Model(1.0, 1.0), Model(1.0).apply, Model(2.0).apply, int, float, Model, Colour, len, max,
    np.add, np.mean, np.nanmean, operator.itemgetter(1), functools.partial(max, 1),
    functools.partial(max, 2), np.random.default_rng(1), np.random.default_rng(2), wb.ta.rsi,
    wb.ta.sma, "a".upper,
]  # fmt: skip


def test_different_values_have_different_keys() -> None:
    found: dict[str, object] = {}
    for value in DISTINCT:
        key = of(value)
        assert key not in found, f"{value!r} has the key of {found[key]!r}"
        found[key] = value


def copied(value: Any) -> Any:
    """The same content somewhere else in memory."""
    if isinstance(value, list | tuple) and type(value) is not Point:
        return type(value)(copied(item) for item in value)
    if isinstance(value, dict):
        return {copied(name): copied(item) for name, item in reversed(value.items())}
    return value.copy() if isinstance(value, pd.DataFrame | pd.Series) else value


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=12,
)


def described(value: Any) -> Any:
    """Plain data with the types written out: equal exactly when the content is."""
    if isinstance(value, list | tuple):
        return type(value).__name__, *map(described, value)
    if isinstance(value, dict):
        pairs = [(described(name), described(item)) for name, item in value.items()]
        return "dict", *sorted(pairs, key=repr)
    return type(value).__name__, value.hex() if isinstance(value, float) else repr(value)


@given(PLAIN, PLAIN)
def test_keys_are_equal_exactly_when_the_content_is(one: Any, other: Any) -> None:
    assert (of(one) == of(other)) == (described(one) == described(other))
    assert of(one) == of(copied(one))


@pytest.mark.parametrize("value", [FRAME, SERIES, FRAME.to_dict("list"), [FRAME, SERIES]])
def test_copies_and_pickles_have_the_same_key(value: Any) -> None:
    assert of(value) == of(copied(value))


def test_what_the_workbench_writes_into_attrs_is_not_content_but_other_attrs_are() -> None:
    marked, priced = FRAME.copy(), FRAME.copy()
    marked.attrs["freshness"] = object()
    priced.attrs["currency"] = "EUR"
    assert of(marked) == of(FRAME) != of(priced)


def test_values_that_contain_themselves() -> None:
    def endless(first: int) -> list[Any]:
        made: list[Any] = [first]
        made.append({"again": made})
        return made

    assert of(endless(1)) == of(endless(1)) != of(endless(2))


def test_sharing_an_item_is_not_content() -> None:
    item = [1]
    assert of([item, item]) == of([[1], [1]])


SOURCES = [
    "def f(x): return x",
    "def f(x): return x + 1",
    "def f(x): return x + 1.0",
    "def f(x): return x + True",
    "def f(x): return x - 1",
    "def f(x, y=1): return x",
    "def f(x, y=2): return x",
    "def f(x, *, y=1): return x",
    "def f(x, *, y=2): return x",
    "def f(x): return x.mean()",
    "def f(x): return x.std()",
    "def f(x): return len(x)",
    "def f(x): return max(x)",
    "def f(x): return [i + 1 for i in x]",
    "def f(x): return [i + 2 for i in x]",
    "def f(x): return (lambda y: y + 3)(x)",
    "def f(x): return x + CONSTANT",
    "def f(x): return other(x)",
    "def f(x): return np.log(x)",
    "def f(x): return np.exp(x)",
    "def f(x):\n    import math\n    return math.log(x)",
    "def f(x):\n    try: return 1 / x\n    except ZeroDivisionError: return 0",
    "def f(x):\n    try: return 1 / x\n    except ValueError: return 0",
]


def test_every_edit_of_the_code_is_another_key() -> None:
    known = {"CONSTANT": 1, "other": function("def f(x): return x"), "np": np}
    keys = [of(function(source, **known)) for source in SOURCES]
    assert len(set(keys)) == len(SOURCES)
    assert keys == [of(function(source, **known)) for source in SOURCES]


def test_where_the_code_stands_and_what_it_does_not_use_is_no_part_of_the_key() -> None:
    source = "def f(x): return x + CONSTANT"
    moved = function("\n\n# a comment\n" + source, CONSTANT=1, unused=threading.Lock())
    assert of(moved) == of(function(source, CONSTANT=1))


GLOBALS = [1, 1.0, True, "1", [1], (1,), np.ones(2), np.ones(3), FRAME, FRAME * 2, Model(1.0)]


def test_every_global_that_it_uses_is_part_of_the_key() -> None:
    source = "def f(x): return x, CONSTANT"
    keys = [of(function(source, CONSTANT=value)) for value in GLOBALS]
    assert len({*keys, of(function(source))}) == len(GLOBALS) + 1


def test_functions_are_followed_however_deep_and_in_circles() -> None:
    def chain(deepest: str) -> FunctionType:
        third = function(f"def f(x): return {deepest}")
        second = function("def f(x): return third(x)", third=third)
        return function("def f(x): return [second(i) for i in x]", second=second)

    assert of(chain("x + 1")) == of(chain("x + 1")) != of(chain("x + 2"))

    def circle(step: str) -> FunctionType:
        even = function("def f(n): return n == 0 or odd(n - 1)")
        odd = function(f"def f(n): return n != 0 and even(n - {step})", even=even)
        even.__globals__["odd"] = odd
        return even

    assert of(circle("1")) == of(circle("1")) != of(circle("3"))
    even = circle("1")
    odd = even.__globals__["odd"]
    assert of({"a": even, "b": odd}) == of({"b": odd, "a": even}) != of({"a": odd, "b": even})


def test_many_functions_that_all_call_each_other() -> None:
    def crowd(step: int) -> FunctionType:
        names = [f"g{number}" for number in range(20)]
        calls = " + ".join(f"{name}(n - {step})" for name in names)
        members = [function(f"def f(n): return n < 0 or {calls}") for _ in names]
        for member in members:
            member.__globals__.update(zip(names, members, strict=True))
        return members[0]

    assert of(crowd(1)) == of(crowd(1)) != of(crowd(2))


def test_functions_in_sets_and_registries_that_they_look_into() -> None:
    def registry(source: str, kind: type) -> FunctionType:
        looking = function("def f(x): return [g(x) for g in REGISTRY]")
        looking.__globals__["REGISTRY"] = kind([looking, function(source)])
        return looking

    for kind in (set, list, tuple):
        assert of(registry(SOURCES[0], kind)) == of(registry(SOURCES[0], kind))
        assert of(registry(SOURCES[0], kind)) != of(registry(SOURCES[1], kind))
    one, other = function(SOURCES[0]), function(SOURCES[1])
    assert of(({one, other}, one)) != of(({one, other}, other))


def test_closures_decorators_and_wrappers_are_followed() -> None:
    def scaled(by: float) -> Any:
        return lambda x: by * x

    assert of(scaled(2.0)) == of(scaled(2.0)) != of(scaled(3.0))

    def decorated(source: str) -> Any:
        inner = function(source)

        @functools.wraps(inner)
        def outer(*args: Any) -> Any:
            return inner(*args)

        return outer

    assert of(decorated(SOURCES[0])) == of(decorated(SOURCES[0])) != of(decorated(SOURCES[1]))
    lru = [functools.lru_cache(function(source)) for source in SOURCES[:2]]
    assert of(lru[0]) != of(lru[1])


def test_compiled_functions_are_known_by_their_source() -> None:
    keys = [of(numba.njit(function(source))) for source in SOURCES[:2]]
    assert keys[0] == of(numba.njit(function(SOURCES[0]))) != keys[1]


def test_a_class_inside_a_function_reaches_for_globals_too() -> None:
    source = "def f(x):\n    class Inner:\n        y = CONSTANT\n    return Inner.y + x"
    assert of(function(source, CONSTANT=1)) != of(function(source, CONSTANT=2))


def test_a_function_that_borrows_the_name_of_an_installed_one_is_known_by_its_content() -> None:
    def posing(source: str, **known: Any) -> FunctionType:
        return functools.wraps(np.mean)(function(source, **known))

    assert of(posing(SOURCES[16], CONSTANT=1)) != of(posing(SOURCES[16], CONSTANT=2))
    assert of(posing(SOURCES[0])) != of(posing(SOURCES[1])) != of(np.mean)


def test_a_function_of_a_notebook_is_known_by_its_content() -> None:
    """A kernel's `__main__` comes from an installed package, and holds the user's functions."""
    assert release("__main__") is None
    made = function("def f(x): return x + 1", __name__="__main__")
    assert installed(made) is None


def test_classes_are_known_by_what_they_do() -> None:
    def model(body: str) -> Any:
        return function(f"class f:\n    def __init__(self): self.a = 1\n    {body}")

    bodies = [
        "def g(self): return 1",
        "def g(self): return 2",
        "@property\n    def g(self): return 2",
        "@staticmethod\n    def g(): return 2",
        "@classmethod\n    def g(self): return 2",
        "g = 2",
        "__slots__ = ('a',)",
    ]
    keys = [of(model(body)) for body in bodies] + [of(model(body)()) for body in bodies]
    assert len(set(keys)) == len(keys)
    assert keys[0] == of(model(bodies[0]))


def test_modules_of_ones_own_are_known_by_what_is_used_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    names = itertools.count()

    def mine(content: str) -> ModuleType:
        name = f"mine_{next(names)}"
        (tmp_path / f"{name}.py").write_text(content)
        module = __import__(name)
        module.__name__ = "mine"  # so that nothing but the content differs
        return module

    def key(content: str) -> str:
        return of(function("def f(x): return mine.g(x)", mine=mine(content)))

    plain = "import threading\nlock = threading.Lock()\ndef g(x): return h(x)\ndef h(x): return {}"
    assert key(plain.format(1)) == key(plain.format(1)) != key(plain.format(2))
    module = mine("def g(x): return 1")
    monkeypatch.setitem(sys.modules, "mine", module)
    imported = function("def f(x):\n    from mine import g\n    return g(x)")
    before = of(imported)
    module.g = function("def f(x): return 2")
    assert of(imported) != before


REFUSED = {
    "lock": threading.Lock(),
    "generator": (i for i in range(3)),
    "module": math,
    "socket": sys.stdout,
    "frame of locks": pd.DataFrame({"a": [threading.Lock()]}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_by_its_content_is_refused_by_name(name: str) -> None:
    with pytest.raises(InputError, match="memoize cannot tell the content of value"):
        of(REFUSED[name])


def test_the_refusal_says_where_it_was_met() -> None:
    inner = function("def f(x): return lock", lock=threading.Lock())
    inner.__name__ = "inner"
    with pytest.raises(InputError, match="global 'lock' of inner of global 'inner' of f of value"):
        of(function("def f(x): return inner(x)", inner=inner))
