"""Memoized functions equal plain ones, whatever changes between calls; they may forget."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from tests.test_store_history import DAYS, SYMBOLS, edits, put
from tests.test_store_history import psql as psql  # a fixture
from workbench.api import Workbench
from workbench.errors import InputError, UnknownNameError, WorkbenchError
from workbench.memoization import Memoized
from workbench.memoization.calls import present_reads
from workbench.memoization.results import Shelter
from workbench.reads import Read, record, recording
from workbench.settings import Settings

ROOT = Path(__file__).parent.parent
UNCACHED = {"cache_memory_bytes": 0, "cache_disk_bytes": 0}


@pytest.fixture
def own(database_url: str, tmp_path: Path) -> Iterator[Workbench]:
    """A Workbench on an empty store with a cache of its own."""
    with Workbench(Settings(database_url=database_url, cache_dir=tmp_path / "cache")) as made:
        made.database.ensure_schema()
        yield made


@pytest.fixture
def demo(demo_database_url: str, tmp_path: Path) -> Iterator[Workbench]:
    """A Workbench on the sample with a cache of its own."""
    settings = Settings(database_url=demo_database_url, cache_dir=tmp_path / "cache")
    with Workbench(settings) as made:
        yield made


SOURCES = [
    "def f(names, k=2):\n    return read(names)['close'] * k + SHIFT",
    "def f(names, k=2):\n    return read(names)['close'] * k - SHIFT",
    "def f(names, k=3):\n    return read(names)['close'] * k + SHIFT",
    "def f(names, k=2):\n    return {name: average(read(name)['close'], k) for name in names}",
    # what it reads depends on what it read
    (
        "def f(names, k=2):\n"
        "    first = read(names[0], fields='close')['close']\n"
        "    return read(names[int(first.iloc[-1]) % len(names)], fields='open')['open'] / k"
    ),
    # a symbol that is not there is an answer as well
    (
        "def f(names, k=2):\n"
        "    try:\n"
        "        return read(names[-1]).iloc[-k:]\n"
        "    except LookupError:\n"
        "        return 'nothing'"
    ),
    "def f(names, k=2):\n    return read(names, adjusted=True)['close'].sum() + SHIFT",
]
AVERAGES = ["def f(x, k): return x.iloc[-k:].mean()", "def f(x, k): return x.iloc[-k:].sum()"]
NAMES = [["A", "B"], ["B", "A"], ["C"], ["A", "B", "C"], ["A", "D"]]


def made(source: str, **known: Any) -> Any:
    space = dict(known)
    exec(source, space)
    return space["f"]


def answer(call: Callable[[], Any]) -> Any:
    """What a call gives, or the kind of error that it raises."""
    try:
        return call()
    except (WorkbenchError, IndexError) as error:
        return type(error)


def same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, other, check_exact=True)
    else:
        assert one == other or repr(one) == repr(other)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tiers", [{}, {"cache_memory_bytes": 0}])
def test_memoized_equals_plain_whatever_changes(
    own: Workbench, psql: Any, seed: int, tiers: dict[str, int]
) -> None:
    """Writes by any client, edited code, other globals and arguments, in any order."""
    generator = random.Random(seed)
    plain = Workbench(replace(own.settings, **UNCACHED))
    cached = Workbench(replace(own.settings, **tiers))
    source, average, shift, hits = SOURCES[0], AVERAGES[0], 1.0, 0
    for symbol in SYMBOLS:
        put(own, symbol, {day: day % 7 + 1.0 for day in range(0, DAYS, 11)})
    for step in range(60):
        if step == 30:
            put(own, "D", {1: 1.0})
        change = generator.randrange(6)
        if change <= 1:
            edits(generator, own, psql)
        elif change == 2:
            source = generator.choice(SOURCES)
        elif change == 3:
            average, shift = generator.choice(AVERAGES), generator.choice([1, 1.0, 2.0])
        names, k = generator.choice(NAMES), generator.choice([2, 3])
        known = {"SHIFT": shift, "average": made(average)}
        memoized = cached.memoize(made(source, read=cached.bars, **known))
        expected = answer(lambda: made(source, read=plain.bars, **known)(names, k))  # noqa: B023
        for _ in range(2):
            same(answer(lambda: memoized(names, k=k)), expected)  # noqa: B023
        hits += memoized.cache_info().hits
    assert hits >= 20
    for workbench in (plain, cached):
        workbench.close()


def test_it_runs_once_until_something_that_it_read_changes(own: Workbench) -> None:
    for symbol in ("AA", "BB"):
        put(own, symbol, {1: 1.0, 2: 2.0})

    @own.memoize
    def last(symbol: str, back: int = 1) -> float:
        return float(own.bars(symbol)["close"].iloc[-back])

    assert [last("AA"), last("AA", 1), last("AA", back=1), last(symbol="AA")] == [2.0] * 4
    assert last.cache_info() == (3, 1)
    put(own, "BB", {3: 3.0})
    assert last("AA") == 2.0
    assert last.cache_info() == (4, 1)
    put(own, "AA", {3: 5.0})
    assert last("AA") == 5.0
    assert last.cache_info() == (4, 2)
    last.forget("AA")
    assert last("AA") == 5.0
    assert last.cache_info() == (4, 3)


def test_a_symbol_that_was_not_there_and_comes(own: Workbench) -> None:
    put(own, "AA", {1: 1.0})

    @own.memoize
    def known(symbol: str) -> bool:
        try:
            return len(own.bars(symbol)) > 0
        except UnknownNameError:
            return False

    assert [known("BB"), known("BB")] == [False, False]
    put(own, "BB", {1: 1.0})
    assert known("BB") is True
    assert known.cache_info() == (1, 2)


def test_reads_of_the_past_stand(own: Workbench) -> None:
    put(own, "AA", {1: 1.0})
    token = own.bars("AA").attrs["freshness"]
    then = [(token.known_at, 1.0)]

    @own.memoize
    def total(as_of: Any) -> float:
        return float(own.bars("AA", as_of=as_of)["close"].sum())

    put(own, "AA", {1: 7.0})
    for moment, value in then:
        assert [total(moment), total(moment)] == [value] * 2
        put(own, "AA", {2: 9.0})
        assert total(moment) == value
    assert total.cache_info() == (2, 1)


def test_a_new_split_is_noticed_by_who_adjusts_for_it(demo: Workbench) -> None:
    @demo.memoize
    def first(adjusted: bool) -> float:
        return float(demo.bars("IBM", fields="close", adjusted=adjusted)["close"].iloc[0])

    before = [first(True), first(False)]
    facts = {"symbol": ["IBM"], "ex_date": ["2020-01-02"], "kind": ["split"], "value": [4.0]}
    demo.record_actions(pd.DataFrame(facts))
    assert first(True) == demo.bars("IBM", adjusted=True)["close"].iloc[0] != before[0]
    assert first(False) == before[1]
    assert first.cache_info() == (1, 3)


def test_a_function_around_a_memoized_one_depends_on_its_reads(own: Workbench) -> None:
    put(own, "AA", {1: 1.0})

    @own.memoize
    def inner() -> float:
        return float(own.bars("AA")["close"].sum())

    inner()  # so that the outer one meets a kept result

    @own.memoize
    def outer() -> float:
        return inner() + 1

    assert [outer(), outer()] == [2.0, 2.0]
    put(own, "AA", {2: 5.0})
    assert outer() == 7.0


def test_reads_in_threads_keep_the_result_from_being_kept(own: Workbench) -> None:
    put(own, "AA", {1: 1.0})

    @own.memoize
    def threaded() -> float:
        with ThreadPoolExecutor(1) as pool:
            return float(pool.submit(own.bars, "AA").result()["close"].sum())

    @own.memoize
    def told() -> float:
        with ThreadPoolExecutor(1) as pool:
            bars = pool.submit(copy_context().run, own.bars, "AA").result()
            return float(bars["close"].sum())

    for function, runs in ((threaded, 2), (told, 1)):
        assert [function(), function()] == [1.0, 1.0]
        assert function.cache_info().misses == runs
    put(own, "AA", {2: 5.0})
    assert [threaded(), told()] == [6.0, 6.0]


def test_a_read_is_of_one_store_and_of_one_version_of_each_symbol() -> None:
    kept = (
        Read("s", ("A", "B"), "1d", (1, 2)),
        Read("s", ("B",), "1d", (2,)),
        Read("s", ("B",), "1h", (3,), actions_at="x"),
        Read("s", ("B",), "1d", (1,), past=True),
    )

    def present(versions: dict[str, int], store: str = "s", actions_at: str = "x") -> Any:
        def now(symbols: tuple[str, ...], timeframe: str, adjusted: bool) -> Read:
            found = tuple(versions[symbol + timeframe] for symbol in symbols)
            return Read(store, symbols, timeframe, found, False, actions_at if adjusted else None)

        return now

    known = {"A1d": 1, "B1d": 2, "B1h": 3}
    assert present_reads(kept, present(known)) == kept
    for name in known:
        assert present_reads(kept, present(known | {name: 9})) != kept
    assert present_reads(kept, present(known, store="t")) != kept
    assert present_reads(kept[3:], present(known, store="t")) != kept[3:]
    assert present_reads(kept[3:], present(known | {"B1d": 9})) == kept[3:]
    assert present_reads(kept, present(known, actions_at="y")) != kept


def test_another_store_under_the_same_cache_is_another_answer(
    own: Workbench, new_database: Callable[..., str], template: str
) -> None:
    with Workbench(replace(own.settings, database_url=new_database(template))) as other:
        for number, workbench in enumerate((own, other)):
            put(workbench, "AA", {1: float(number)})
            space = {"w": workbench}
            total = workbench.memoize(made("def f(): return w.bars('AA')['close'].sum()", **space))
            assert [total(), total()] == [number] * 2


@pytest.mark.parametrize(
    "name", ["series", "sql", "runs", "quarantined", "actions", "ingest", "run", "record_actions"]
)
def test_what_cannot_be_checked_later_is_refused_inside(own: Workbench, name: str) -> None:
    call = getattr(own, name)
    with pytest.raises(InputError, match=rf"wb\.{name} cannot be used in a memoized function"):
        own.memoize(lambda: call("SELECT 1"))() if name != "series" else own.memoize(
            lambda: call()
        )()


class Holder:
    """A result with frames and arrays deep inside."""

    def __init__(self) -> None:
        self.frames = {"a": [pd.DataFrame(np.arange(6.0).reshape(3, 2), columns=["x", "y"])]}
        self.series = pd.Series([1.0, 2.0])
        self.array = np.arange(4.0)
        self.strided = np.arange(8.0)[::2]
        self.texts = pd.Series(["a", None])


@pytest.mark.parametrize("tiers", [{}, {"cache_memory_bytes": 0}, UNCACHED])
def test_whoever_writes_to_a_result_writes_to_his_own(
    own: Workbench, tiers: dict[str, int]
) -> None:
    cached = Workbench(replace(own.settings, **tiers))

    @cached.memoize
    def holder() -> Holder:
        return Holder()

    for _ in range(3):
        got, fresh = holder(), Holder()
        frame, column = got.frames["a"][0], got.frames["a"][0]["x"]
        pd.testing.assert_frame_equal(frame, fresh.frames["a"][0])
        np.testing.assert_array_equal(got.strided, fresh.strided)
        pd.testing.assert_series_equal(got.texts, fresh.texts)
        for array in (got.array, got.strided):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 9
        frame.iloc[0, 0] = 99.0
        assert column.iloc[0] == 0.0
        del frame
        got.frames["a"].clear()
        column.iloc[1] = 98.0  # now nobody else looks at it
        got.series.iloc[0] = 97.0
        got.texts.iloc[0] = "z"
    cached.close()


def test_a_result_shares_no_memory_with_what_the_function_holds(own: Workbench) -> None:
    held = np.zeros(3)

    @own.memoize
    def function(argument: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return argument

    function(held)
    held[0] = 1.0  # still ours to write
    assert function(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert function.cache_info() == (1, 1)


def test_results_go_to_files_and_into_other_frames(own: Workbench, tmp_path: Path) -> None:
    frame = own.memoize(lambda: pd.DataFrame({"a": [1.0]}))()
    assert isinstance(frame.attrs["memoized"], Shelter)
    frame.to_pickle(tmp_path / "frame")
    pd.testing.assert_frame_equal(pd.read_pickle(tmp_path / "frame"), frame)
    assert pd.concat([frame, frame])["a"].tolist() == [1.0, 1.0]
    again = own.memoize(lambda x: x * 2)
    again(frame)
    assert again(frame.copy())["a"].tolist() == [2.0]
    assert again.cache_info() == (1, 1)


def test_what_it_raises_is_not_kept(own: Workbench, tmp_path: Path) -> None:
    flag = tmp_path / "flag"

    @own.memoize
    def fails() -> int:
        if not flag.exists():
            flag.touch()
            raise RuntimeError("the first time")
        return 1

    with pytest.raises(RuntimeError, match="the first time"):
        fails()
    assert fails() == 1


@pytest.mark.parametrize(
    "value",
    ["(i for i in range(3))", "open('/dev/null')", "lambda: 1", "__import__('threading').Lock()"],
)
def test_results_that_cannot_be_kept_are_refused(own: Workbench, value: str) -> None:
    function = own.memoize(made(f"def f(): return {value}"))
    with pytest.raises(InputError, match="memoize cannot keep"):
        function()


async def coroutine() -> int:
    return 1


def generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (coroutine, "is a coroutine function"),
        (generator, "is a generator function"),
        (len, "is not one"),
        (int, "is not one"),
        (7, "is not one"),
        (staticmethod(lambda: 1), "is not one"),
    ],
)
def test_only_plain_functions_are_memoized(own: Workbench, function: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        own.memoize(function)
    assert asyncio.run(coroutine()) == 1


def test_it_looks_like_the_function_and_says_so(own: Workbench) -> None:
    @own.memoize()
    def named(x: int) -> int:
        """Doubles."""
        return 2 * x

    assert isinstance(named, Memoized)
    assert (named.__name__, named.__doc__) == ("named", "Doubles.")
    assert "memoized" in repr(named)
    with pytest.raises(TypeError, match="unexpected keyword argument 'y'"):
        named(1, y=1)
    assert named(2) == 4


def test_a_method_depends_on_its_object(own: Workbench) -> None:
    class Scaled:
        def __init__(self, by: float, held: Any = None) -> None:
            self.by, self.held = by, held

        @own.memoize
        def times(self, x: float) -> float:
            return self.by * x

    assert [Scaled(2.0).times(3.0), Scaled(2.0).times(3.0), Scaled(3.0).times(3.0)] == [6, 6, 9]
    assert Scaled.times.cache_info() == (1, 2)
    with pytest.raises(InputError, match="argument 'self', a lock"):
        Scaled(2.0, threading.Lock()).times(3.0)


def test_a_function_that_calls_itself(own: Workbench) -> None:
    space: dict[str, Any] = {}
    fibonacci = made("def f(n): return n if n < 2 else again(n - 1) + again(n - 2)")
    space = fibonacci.__globals__
    space["again"] = own.memoize(fibonacci)
    assert space["again"](12) == 144
    assert space["again"].cache_info().misses == 13
    endless = made("def f(): return again()")
    endless.__globals__["again"] = own.memoize(endless)
    with pytest.raises(RecursionError):
        endless.__globals__["again"]()


def test_many_threads_run_it_once(own: Workbench) -> None:
    put(own, "AA", {1: 1.0})
    runs: list[int] = []

    def note() -> None:
        runs.append(1)

    own_note = type("Note", (), {"__call__": lambda _: note(), "__fingerprint__": lambda _: "x"})()

    @own.memoize
    def slow() -> float:
        own_note()
        threading.Event().wait(0.2)
        return float(own.bars("AA")["close"].sum())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: slow(), range(8))) == [1.0] * 8
    assert len(runs) == 1
    assert slow.cache_info() == (7, 1)


PROGRAM = """
import os, signal, sys
import numpy as np, workbench as wb

@wb.memoize
def total(symbol, flag=None):
    if flag and not os.path.exists(flag):
        open(flag, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return wb.bars(symbol)["close"] * np.ones(1)

print(total("AA", *sys.argv[1:]).sum(), *total.cache_info())
"""


def run(own: Workbench, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "WORKBENCH_DATABASE_URL": own.settings.database_url or "",
        "WORKBENCH_CACHE_DIR": str(own.settings.cache_path),
    }
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False
    )


def test_processes_share_results_and_a_killed_one_leaves_nothing(
    own: Workbench, tmp_path: Path
) -> None:
    put(own, "AA", {1: 1.0, 2: 2.0})
    assert run(own).stdout.split() == ["3.0", "0", "1"]
    assert run(own).stdout.split() == ["3.0", "1", "0"]
    flag = str(tmp_path / "flag")
    assert run(own, flag).returncode == -signal.SIGKILL
    assert run(own, flag).stdout.split() == ["3.0", "0", "1"]
    put(own, "AA", {2: 5.0})
    assert run(own).stdout.split() == ["6.0", "0", "1"]


@pytest.mark.parametrize("place", [0, 40, 100, -1])
def test_damaged_files_are_forgotten(own: Workbench, place: int) -> None:
    put(own, "AA", {1: 1.0, 2: 2.0})
    files = Workbench(replace(own.settings, cache_memory_bytes=0))
    total = files.memoize(made("def f(): return w.bars('AA')['close'].to_numpy()", w=files))
    assert [total().sum(), total().sum()] == [3.0, 3.0]
    for path in own.settings.cache_path.rglob("*.block"):
        content = bytearray(path.read_bytes())
        content[place] ^= 0xFF
        path.chmod(0o600)
        path.write_bytes(content)
    assert total().sum() == 3.0
    assert total.cache_info() == (1, 2)
    files.close()


def test_a_result_whose_class_is_gone_is_made_again(own: Workbench) -> None:
    module = type(sys)("passing")
    exec("class Thing:\n    x = 1", module.__dict__)
    sys.modules["passing"] = module
    try:
        thing = own.memoize(
            made("def f():\n    import sys\n    return sys.modules['passing'].Thing()")
        )
        assert thing().x == 1
        exec("class Renamed:\n    x = 2\nThing, Other = Renamed, Thing", module.__dict__)
        del module.__dict__["Thing"]
        with pytest.raises(AttributeError):
            thing()
        exec("class Thing:\n    x = 3", module.__dict__)
        assert thing().x == 3
    finally:
        del sys.modules["passing"]


def test_results_never_go_where_others_can_write(own: Workbench, redis_url: str) -> None:
    """What comes back is unpickled, and a pickle can run code."""
    import redis

    put(own, "AA", {1: 1.0})
    shared = Workbench(replace(own.settings, redis_url=redis_url))
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    assert shared.memoize(lambda: 1)() == 1
    assert client.dbsize() == 0
    shared.bars("AA")
    assert client.dbsize() > 0
    shared.close()


def test_recordings_nest_and_end() -> None:
    read = Read("s", ("AA",), "1d", (7,))
    with recording() as outer:
        with recording() as inner:
            record(read)
        record(read)
    record(read)
    assert (len(outer.reads), len(inner.reads)) == (2, 1)
    assert outer.complete
    with recording() as overheard:
        thread = threading.Thread(target=record, args=(read,))
        thread.start()
        thread.join()
    assert (overheard.reads, overheard.complete) == ([], False)


def test_the_default_workbench_memoizes() -> None:
    assert wb.memoize(lambda x: 2 * x)(4) == 8
