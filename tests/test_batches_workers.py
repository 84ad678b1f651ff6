"""wb.ta.compute(client=...): on the workers of a cluster as here, whoever of them dies."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from distributed import Client, LocalCluster

import workbench as wb
from tests.batch_market import fill
from workbench.batches import Plan
from workbench.batches.parts import MemoryPart
from workbench.batches.place import making, opened
from workbench.batches.work import in_memory, passing_catalog
from workbench.batches.workers import share, shared_out
from workbench.errors import InputError, StoreError, UnknownNameError
from workbench.sessions import Window
from workbench.settings import Settings

SYMBOLS, BARS = 40, 300
WANTS: list[Any] = ["rsi", "macd", ("sma", {"window": [5, 20]})]
SMALL_BYTES = 60_000
SECRET = "pa55word"


@pytest.fixture(scope="module")
def market(
    new_database: Any, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[wb.Workbench]:
    url = new_database(template)
    fill(url, SYMBOLS, BARS)
    cache = tmp_path_factory.mktemp("cache")
    with wb.Workbench(Settings(database_url=url, cache_dir=cache)) as made:
        yield made


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Two worker processes on this machine."""
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            worker_dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("dask")),
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


NAMES = [f"S{number:04}" for number in range(SYMBOLS)]


def check(result: Any, expected: pd.DataFrame) -> None:
    for label in expected.columns.get_level_values("output").unique():
        pd.testing.assert_frame_equal(result[label], expected[label], check_exact=True)


def test_results_are_the_same(market: wb.Workbench, client: Client, tmp_path: Path) -> None:
    expected = market.compute(NAMES, WANTS, progress=False)
    options: dict[str, Any] = {"client": client, "progress": False}
    check(market.compute(NAMES, WANTS, **options), expected)
    out = tmp_path / "out"
    check(market.compute(NAMES, WANTS, out=out, limit_bytes=SMALL_BYTES, **options), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert wb.ta.Computed(out).symbols == tuple(NAMES)


@pytest.mark.parametrize("kept", [True, False], ids=["in a folder", "in memory"])
def test_a_lost_worker_loses_nothing(
    market: wb.Workbench, client: Client, tmp_path: Path, kept: bool
) -> None:
    expected = market.compute(NAMES, WANTS, progress=False)
    out = tmp_path / "out" if kept else None
    limit = SMALL_BYTES if kept else 600_000
    pids = client.run(os.getpid)
    killed: list[int] = []

    def kill() -> None:
        while kept and not list(making(tmp_path / "out").glob("*/[!.]*/symbols.json")):
            time.sleep(0.001)
        while not (busy := [worker for worker, keys in client.processing().items() if keys]):
            time.sleep(0.001)
        os.kill(pids[busy[0]], signal.SIGKILL)
        killed.append(pids[busy[0]])

    killer = threading.Thread(target=kill)
    killer.start()
    result = market.compute(NAMES, WANTS, out=out, limit_bytes=limit, client=client, progress=False)
    killer.join(30)
    assert len(killed) == 1
    check(result, expected)
    client.wait_for_workers(2, timeout=60)
    assert killed[0] not in client.run(os.getpid).values()


def test_a_worker_elsewhere_sends_what_it_made(market: wb.Workbench, tmp_path: Path) -> None:
    """One that does not see the folder."""
    plan = Plan.of(NAMES[:9], WANTS, Window())
    made = share(market.settings, plan, tmp_path / "not here", ".mark")
    assert isinstance(made, MemoryPart)
    with opened(tmp_path / "out", plan.arguments()) as place:
        part = place.part(place.keep(made, plan.labels))
        assert (part.symbols, part.tokens) == (list(made.symbols), list(made.tokens))
        for label in plan.labels:
            assert part.array(label).tobytes("F") == made.array(label).tobytes("F")
    (tmp_path / ".mark").touch()
    name = share(market.settings, plan, tmp_path, ".mark")
    assert isinstance(name, str)
    assert (tmp_path / name / "rsi_14.npy").exists()


def test_an_error_of_a_worker_comes_here_without_secrets(
    market: wb.Workbench, client: Client
) -> None:
    url = f"postgresql://ann:{SECRET}@127.0.0.1:1/none"
    settings = Settings(database_url=url, reconnect_timeout_s=0.1)
    plan = Plan.of(NAMES[:2], "rsi", Window())
    with pytest.raises(StoreError) as raised:
        list(shared_out(client, settings, [plan], None))
    assert SECRET not in str(raised.value)
    unknown = Plan.of(["S9999"], "rsi", Window())
    with pytest.raises(UnknownNameError, match="unknown symbol at timeframe 1d 'S9999'"):
        list(shared_out(client, market.settings, [unknown], None))
    logs = f"{client.get_worker_logs()} {client.get_scheduler_logs()}"
    assert "workbench-" in logs  # the key of the task that failed
    assert SECRET not in logs


def test_an_asynchronous_client_is_refused(market: wb.Workbench, client: Client) -> None:
    async def refused() -> None:
        async with Client(client.scheduler.address, asynchronous=True) as other:
            with pytest.raises(InputError, match=r"is not a distributed\.Client"):
                market.compute(NAMES, "rsi", client=other)

    asyncio.run(refused())


def test_a_batch_leaves_the_memory_of_the_cache_alone(market: wb.Workbench) -> None:
    before = market.cached().tiers
    made = in_memory(passing_catalog(market.database), Plan.of(NAMES, "rsi", Window()))
    assert made.array("rsi_14").shape == (len(made.times), SYMBOLS)
    after = market.cached().tiers
    assert before["entries"].iloc[0] == after["entries"].iloc[0]
