"""The front door: a Workbench for some settings, and the default one behind `wb.bars`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.cache.layers import Cache
from workbench.cache.report import CacheReport
from workbench.catalog import SERIES_COLUMNS, Catalog, Freshness
from workbench.errors import InputError, RangeError
from workbench.reads import refuse_recording
from workbench.sessions import Moment, Window, moment
from workbench.sessions import timeframe as timeframe_of
from workbench.settings import Settings, mask
from workbench.store.database import Database, Role
from workbench.store.embedded import ServerStatus
from workbench.store.ledger import RUNS, Ledger

if TYPE_CHECKING:  # each costs start-up time that only those who use it should pay
    from workbench.batches import Computed
    from workbench.dashboards.market import Market
    from workbench.ingestion.facts import ActionReport
    from workbench.ingestion.report import IngestReport
    from workbench.running.execute import RunResult


class Workbench:
    """Everything the workbench does, for one set of settings; connects when first used.

    >>> Workbench(Settings()).settings.pool_size
    10
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = Settings.from_environment() if settings is None else settings
        self.database = Database(self.settings)
        self.cache = Cache.of(self.settings)
        self.catalog = Catalog(self.database, self.cache)
        self.ledger = Ledger(self.database)

    def __fingerprint__(self) -> str:
        return "Workbench"  # what a memoized function reads through it is recorded

    def __repr__(self) -> str:
        where = "a server of yours" if self.database.external else str(self.settings.state_path)
        return f"<Workbench on {where}>"

    def bars(
        self,
        symbols: str | Sequence[str],
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        fields: str | Sequence[str] | None = None,
        timeframe: str = "1d",
        as_of: Moment | Freshness | None = None,
        adjusted: bool | str = False,
        max_staleness_s: float | None = None,
    ) -> pd.DataFrame:
        """Bars of one symbol, or of a list of them, as fresh as the store.

        One symbol gives the columns `open high low close volume` (or the `fields` asked for), a
        list gives `(field, symbol)` columns, so that `bars["close"]` is a wide frame. Values are
        float64, NaN where a symbol of a list has no bar. The index is UTC time in
        `[start, end)`. `bars.attrs["freshness"]` says what they were validated against.

        They come from the cache when its versions are the store's, which is asked each time;
        `max_staleness_s` lets an answer pass that was checked so many seconds ago. `as_of` gives
        what was known at a past moment, or at the versions of another result's freshness.
        `adjusted=True` makes prices comparable across splits and dividends, "splits" across splits
        alone. Writing to the frame changes the frame and nothing else.

        Raises UnknownNameError for a symbol, field, timeframe or adjustment that there is not,
        RangeError for a range that is reversed or holds no bar, and for a moment in the future or
        of which nothing is known any more; they name what there is. InputError where an adjustment
        is not defined: weekly bars, or a dividend not below the close before it.

        >>> import workbench as wb
        >>> wb.bars("AAPL", "2010", "2011").shape  # doctest: +SKIP
        (252, 5)
        """
        return self.catalog.bars(
            symbols,
            start,
            end,
            fields=fields,
            timeframe=timeframe,
            as_of=as_of,
            adjusted=adjusted,
            max_staleness_s=max_staleness_s,
        )

    def chunks(
        self,
        symbols: str | Sequence[str],
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        fields: str | Sequence[str] | None = None,
        timeframe: str = "1d",
        chunk_rows: int = 1_000_000,
    ) -> Iterator[pd.DataFrame]:
        """Bars of a range larger than memory, piece by piece in order of time.

        Each piece is a frame as `bars` gives it, of at most `chunk_rows` times (of a list: times
        by symbols). All are of one moment, whatever is written meanwhile: put together they equal
        `bars`. They are read while one asks for them and do not go through the cache; a
        connection is in use until the last one, or until the iterator is closed.

        Raises what `bars` raises, RangeError for a range without a bar at the first step, and
        StoreError when the server goes away between two pieces.

        >>> import workbench as wb
        >>> sum(len(piece) for piece in wb.chunks("AAPL", chunk_rows=1000))  # doctest: +SKIP
        3270
        """
        refuse_recording("wb.chunks")
        from workbench.catalog.chunking import chunked

        return chunked(
            self.database,
            self.catalog,
            symbols,
            Window.of(start, end),
            fields=fields,
            timeframe=timeframe,
            chunk_rows=chunk_rows,
        )

    def compute(
        self,
        symbols: str | Sequence[str],
        indicators: Any,
        /,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        timeframe: str = "1d",
        as_of: Moment | None = None,
        adjusted: bool | str = False,
        out: str | Path | None = None,
        limit_bytes: int = 2**30,
        client: Any = None,
        progress: bool = True,
    ) -> pd.DataFrame | Computed:
        """Indicators of many symbols; what `wb.ta.compute` says holds here.

        >>> import workbench as wb
        >>> wb.default().compute("AAPL", ["sma", "rsi"], progress=False).shape  # doctest: +SKIP
        (3270, 2)
        """
        refuse_recording("wb.ta.compute")
        from workbench.batches import Means, Plan, run

        bars = Window.of(start, end), timeframe_of(timeframe).name, moment(as_of), adjusted
        plan = Plan.of(symbols, indicators, *bars)
        folder = None if out is None else Path(out)
        return run(self.database, plan, folder, Means(limit_bytes, client, progress))

    def sql(
        self,
        query: str,
        /,
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
        **parameters: Any,
    ) -> pd.DataFrame:
        """The result of an SQL query, with `:name` in it for each of `parameters`.

        Values are bound and never become part of the statement; a list goes with `= ANY(:name)`.
        The query runs as the reader, in a transaction that cannot write. Integers come as int64
        (Int64 with NULLs), numeric and floats as float64, timestamptz as datetime64[us, UTC],
        timestamp and date as datetime64[us], text and enums as str; an empty result keeps them.

        Raises InputError for a missing or superfluous parameter and for more than `max_rows` rows
        (WORKBENCH_SQL_MAX_ROWS), and StoreError when the server refuses or needs longer than
        `timeout_s` seconds (WORKBENCH_SQL_TIMEOUT_S).

        >>> import workbench as wb
        >>> wb.sql("SELECT count(*) FROM data_ingestion.bars WHERE symbol = :symbol",
        ...        symbol="AAPL")["count"].item()  # doctest: +SKIP
        3270
        """
        refuse_recording("wb.sql")
        from workbench.store.query import Query, run_query

        return run_query(
            self.database,
            Query.of(query, parameters),
            max_rows=self.settings.sql_max_rows if max_rows is None else max_rows,
            timeout_s=self.settings.sql_timeout_s if timeout_s is None else timeout_s,
        )

    def pages(
        self,
        query: str,
        /,
        *,
        key: str | Sequence[str],
        page_rows: int = 10_000,
        after: Sequence[Any] | None = None,
        timeout_s: float | None = None,
        **parameters: Any,
    ) -> Iterator[pd.DataFrame]:
        """The result of an SQL query page by page, in order of its columns `key`.

        Each page is a frame as `sql` gives it; a result without rows is one empty page. A page is
        found by the last key of the one before, `page.attrs["after"]`: a list that JSON can hold
        and that goes on from there when given as `after`, in another process as well. Each page
        is a query of its own, with `timeout_s` of its own, and sees what is committed by then.

        Raises what `sql` raises, and InputError where the key is not there, is NULL in some row
        or is the same in two: a page would lose rows.

        >>> import workbench as wb
        >>> query = "SELECT * FROM data_ingestion.bars WHERE symbol = :symbol"
        >>> [len(page) for page in wb.pages(query, key=["timeframe", "timestamp"],
        ...                                 page_rows=2000, symbol="AAPL")]  # doctest: +SKIP
        [2000, 1270]
        """
        refuse_recording("wb.pages")
        from workbench.store.paging import paged
        from workbench.store.query import Query

        return paged(
            self.database,
            Query.of(query, parameters),
            key,
            page_rows=page_rows,
            after=after,
            timeout_s=self.settings.sql_timeout_s if timeout_s is None else timeout_s,
        )

    def series(self) -> pd.DataFrame:
        """What is stored: a row per symbol and timeframe with rows, first, last and version.

        >>> import workbench as wb
        >>> wb.series()["symbol"].tolist()  # doctest: +SKIP
        ['AAPL', 'EURUSD', 'FB', 'GOOG', 'IBM', 'IXIC', 'MSFT', 'SPX']
        """
        refuse_recording("wb.series")
        return self.catalog.series()

    def actions(
        self, symbols: str | Sequence[str] | None = None, as_of: Moment | None = None
    ) -> pd.DataFrame:
        """Splits and dividends of `symbols` (None: of all), as known now or at `as_of`.

        A row each, by symbol and date: symbol, ex_date (UTC, 00:00), kind ("split" or
        "dividend"), value (new shares per old one, or cash per share) and known_at, when the
        store came to know it.

        Raises UnknownNameError for a symbol that the store has never heard of, and RangeError for
        an `as_of` that is not a time.

        >>> import workbench as wb
        >>> wb.actions("IBM").columns.tolist()  # doctest: +SKIP
        ['symbol', 'ex_date', 'kind', 'value', 'known_at']
        """
        refuse_recording("wb.actions")
        from workbench.store.actions import list_actions

        names = [symbols] if isinstance(symbols, str) else symbols
        known = moment(as_of)
        return self.database.read(lambda cursor: list_actions(cursor, names, known))

    def record_actions(self, facts: pd.DataFrame | str | Path) -> ActionReport:
        """Store splits and dividends from a table or a CSV file: all of them, or none.

        The columns are symbol, ex_date (such as 2005-02-28), kind ("split" or "dividend") and
        value: new shares per old one (2 for 2:1), or cash per share held before the ex-date. A
        fact with another value than the stored one replaces it; the same facts twice write
        nothing. A file is looked for here, then below the project's folder. Gives the numbers of
        `new`, `changed` and `same` facts and the `run_id`.

        Raises InputError that names the line and the reason for a row that is no such fact, and
        SourceError for a file that cannot be read.

        >>> import workbench as wb
        >>> wb.record_actions("data/actions/sample.csv")  # doctest: +SKIP
        ActionReport(new=3, changed=0, same=0, run_id=...)
        """
        refuse_recording("wb.record_actions")
        from workbench.ingestion.facts import record_facts

        if not isinstance(facts, pd.DataFrame) and not Path(facts).exists():
            below = self.settings.project_path / facts
            facts = below if below.exists() else facts
        return record_facts(self.database, facts, self.settings.run_id)

    def ingest(
        self,
        source: str = "csv",
        *,
        symbols: str | Sequence[str] | None = None,
        timeframe: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        dry_run: bool = False,
        progress: bool = True,
        **options: Any,
    ) -> IngestReport:
        """Bring the bars of a source into the store and say what was written.

        `source` is a name, or a name and a place, such as `csv:prices/*.csv.gz`; see
        `workbench ingest --help` for the names. None for `symbols` or `timeframe` takes all that
        the source has; `options` are the source's own, such as `tz=` or `columns=` of CsvSource.
        Only what differs from the store is written, so a second time
        writes nothing; rows that are not Bars are kept aside with file, line and reason.

        Raises UnknownNameError for a source, symbol or timeframe that there is not, RangeError
        for a range that cannot hold a bar, and SourceError for a source that cannot be read.

        >>> import workbench as wb
        >>> wb.ingest("csv:data/sample", symbols=["AAPL"])  # doctest: +SKIP
        csv: nothing new in 1 series; 3,270 were there already, 0 kept aside (... s)
        """
        refuse_recording("wb.ingest")
        from workbench.ingestion.pipeline import ingest
        from workbench.ingestion.plan import Plan
        from workbench.sources import open_source

        opened = open_source(
            source,
            default_csv_path=self.settings.csv_path,
            base_dirs=[Path.cwd(), self.settings.project_path],
            **options,
        )
        plan = Plan.of(opened, symbols, timeframe, Window.of(start, end))
        return ingest(
            self.database,
            plan,
            run_id=self.settings.run_id,
            dry_run=dry_run,
            progress=progress,
        )

    def run(
        self,
        notebook: str | Path,
        *,
        report: str | Path | None = None,
        progress: bool = True,
        **parameters: Any,
    ) -> RunResult:
        """Execute a notebook of the project with `parameters`; its report lands in `reports/`.

        Raises UnknownNameError or InputError, before a kernel starts, for a notebook or parameter
        that there is not or a value of another type, and RunError when a cell fails.

        >>> import workbench as wb
        >>> wb.run("ingest_bars", symbols=["AAPL"]).status  # doctest: +SKIP
        'succeeded'
        """
        refuse_recording("wb.run")
        from workbench.running.execute import run

        return run(
            notebook,
            parameters,
            settings=self.settings,
            ledger=self.ledger,
            report=report,
            progress=progress,
        )

    def runs(self, limit: int = 50) -> pd.DataFrame:
        """The latest runs, newest first: notebook, status, times, rows written, report, error.

        >>> import workbench as wb
        >>> wb.runs(limit=1)["status"].item()  # doctest: +SKIP
        'succeeded'
        """
        refuse_recording("wb.runs")
        return self.ledger.runs(limit)

    def quarantined(self, run_id: int | None = None, limit: int = 1000) -> pd.DataFrame:
        """Rows that ingestions kept aside, newest first: origin, line, reason, raw text, series.

        >>> import workbench as wb
        >>> wb.quarantined()["reason"].tolist()  # doctest: +SKIP
        []
        """
        refuse_recording("wb.quarantined")
        return self.ledger.quarantined(run_id, limit)

    def market(self, symbol: str | None = None, **state: Any) -> Market:
        """The market dashboard: a widget to look at one symbol with candles and an indicator.

        >>> import workbench as wb
        >>> market = wb.market("AAPL")  # doctest: +SKIP
        """
        from workbench.dashboards.market import Market

        return Market(
            self.catalog,
            points=self.settings.chart_points,
            query=os.environ.get("QUERY_STRING", ""),  # where Voilà puts the page's
            symbol=symbol,
            **state,
        )

    def partitions(self) -> pd.DataFrame:
        """The partitions that bars are kept in: timeframe, range, rows (estimated), size in bytes.

        >>> import workbench as wb
        >>> wb.partitions()["timeframe"].unique().tolist()  # doctest: +SKIP
        ['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w']
        """
        from workbench.store.upkeep import list_partitions

        refuse_recording("wb.partitions")
        return self.database.read(list_partitions)

    def retain(self, timeframe: str, before: Moment, *, dry_run: bool = False) -> int:
        """Let bars older than `before` go for good, with all they ever said; how many they are.

        Whole partitions are dropped at once. `as_of` refuses the range from then on, because it
        could not tell what was known. A dry run only counts. It takes the owner's rights.

        Raises UnknownNameError for a timeframe that there is not, RangeError for a moment that
        cannot be read, and StoreError when others keep the bars busy; then nothing is removed.

        >>> import workbench as wb
        >>> wb.retain("1d", "2001", dry_run=True)  # doctest: +SKIP
        1644
        """
        from workbench.store import upkeep

        refuse_recording("wb.retain")
        name, first_kept = timeframe_of(timeframe).name, moment(before)
        if first_kept is None:
            raise RangeError(f"before={before!r} is not a moment; give one such as '2020'")
        if dry_run:
            return self.database.read(lambda cursor: upkeep.count_before(cursor, name, first_kept))
        return upkeep.retain(self.database, name, first_kept)

    def reorder(self, timeframe: str | None = None, *, progress: bool = True) -> pd.DataFrame:
        """Store bars in the order of symbol and time, partition by partition.

        Worth it where bars arrived time by time, as they do live: a series is then read from few
        pages. Gives the bytes before and after of each partition. Readers of a partition wait
        while it is written anew. It takes the owner's rights.

        Raises UnknownNameError for a timeframe that there is not.

        >>> import workbench as wb
        >>> wb.reorder("1d")["partition"].tolist()  # doctest: +SKIP
        ['market_data_1d_1975', 'market_data_1d_2000', 'market_data_1d_other']
        """
        from tqdm.auto import tqdm

        from workbench.store import upkeep

        refuse_recording("wb.reorder")
        name = None if timeframe is None else timeframe_of(timeframe).name
        done = tqdm(upkeep.reorder(self.database, name), unit=" partitions", disable=not progress)
        return pd.DataFrame(list(done), columns=["partition", "bytes_before", "bytes_after"])

    def up(self) -> ServerStatus | None:
        """Start the embedded server, keep it until `down`, and bring the schema up to date.

        Gives the server's status; None with a server of your own, of which only the schema is
        brought up to date.
        """
        from workbench.store import schema

        if not self.database.external:
            self.database.server.acquire()
            self.database.server.keep_running()
        schema.migrate(self.database)
        return None if self.database.external else self.database.server.status()

    def down(self) -> bool:
        """Stop the embedded server now, whoever uses it; False when it was not running.

        Raises InputError with a server of your own, which is not ours to stop.
        """
        if self.database.external:
            raise InputError(
                "WORKBENCH_DATABASE_URL names a server of your own; it is not ours to stop"
            )
        self.database.close()
        return self.database.server.stop()

    def status(self, runs: int = 5) -> dict[str, Any]:
        """What runs, where the data is and how fresh it is; leaves the server as it found it.

        Keys: `server` (a dict: kind, state, url, and of an embedded one pid, version, kept,
        users, data_dir, log, size_bytes), `project_dir`, and the frames `series` and `runs`, as
        the methods of these names give them. An embedded server that is stopped is started for
        the time of the look; one that never ran has no series and is not made.

        >>> Workbench(Settings(state_dir=Path("/nonexistent"))).status()["server"]["state"]
        'never started'
        """
        server = self._server_status()
        empty = server["state"] == "never started"
        found = {
            "server": server,
            "project_dir": str(self.settings.project_path),
            "series": pd.DataFrame(columns=list(SERIES_COLUMNS)) if empty else self.series(),
            "runs": pd.DataFrame(columns=list(RUNS)) if empty else self.runs(runs),
        }
        if server["state"] == "stopped":
            self.close()
        return found

    def cached(self) -> CacheReport:
        """What the cache holds and how often it had what was asked for, tier by tier.

        The counts are those of all processes that use the folder of the cache, finished ones
        included; a process's memory counts while it lives, and the limit holds for each.

        >>> import workbench as wb
        >>> wb.cached().tiers["tier"].tolist()
        ['memory', 'disk']
        """
        return CacheReport.of(self.cache.stats(), self.settings.cache_path)

    def forget(self, tier: str | None = None) -> None:
        """Empty the cache, or one tier of it: "memory", "disk" or "redis"; nothing stored is lost.

        Files go for all processes and Redis for all machines; memory for this process only.

        Raises UnknownNameError for a tier that is not in use.

        >>> import workbench as wb
        >>> wb.forget("memory")
        """
        self.cache.forget(tier)

    def memoize(self, function: Callable[..., Any] | None = None) -> Any:
        """Keep what an expensive function of bars gives, as long as that is what it would give.

        A decorator, `@wb.memoize`. A call runs the function unless there is a result for the same
        code, the same arguments and the present versions of all bars that it read; the code
        includes the functions and globals that it refers to. Results are kept in the cache, files
        included, so that other processes find them. Frames come back copied on write, arrays
        read-only. `forget(...)` forgets the result for some arguments, `cache_info()` counts.

        Raises InputError for what is not a plain function; calls raise it for an argument or a
        global whose content cannot be told and for a result that cannot be pickled.

        >>> import workbench as wb
        >>> @wb.memoize
        ... def average(symbol, window=20):
        ...     return wb.ta.sma(wb.bars(symbol)["close"], window=window)
        >>> average("AAPL").equals(average("AAPL", window=20))  # doctest: +SKIP
        True
        """
        from workbench.memoization import memoized

        return memoized(function, self.cache, self.catalog.present)

    def psql_url(self) -> str:
        """The URL for psql and other libpq programs, to look and not to write.

        Starts the embedded server when it is the one to use; a password shows as `***`.
        """
        url = self.database.url(Role.READER).set(drivername="postgresql")
        return url.render_as_string(hide_password=True)

    def _server_status(self) -> dict[str, Any]:
        if self.database.external:
            return {
                "kind": "external",
                "state": "external",
                "url": mask(self.settings.database_url or ""),
            }
        found = self.database.server.status()
        idle = "stopped" if found.version else "never started"
        return {
            "kind": "embedded",
            "state": "running" if found.running else idle,
            "url": self.psql_url() if found.running else None,
            "pid": found.pid,
            "version": found.version,
            "kept": found.kept,
            "users": found.users,
            "data_dir": str(found.data_dir),
            "log": str(found.log),
            "size_bytes": sum(_size(path) for path in found.data_dir.rglob("*")),
        }

    def close(self) -> None:
        """Close all connections; an embedded server that nobody else uses stops."""
        self.database.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:  # the server removes files while we look
        return 0


_default: Workbench | None = None
_default_pid = 0
_lock = threading.Lock()


def default() -> Workbench:
    """The Workbench behind the module's functions, made from the environment at the first call.

    >>> default() is default()
    True
    """
    global _default, _default_pid
    with _lock:
        if _default is None or _default_pid != os.getpid():
            _default, _default_pid = Workbench(), os.getpid()
        return _default
