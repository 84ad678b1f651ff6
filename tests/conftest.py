"""Fixtures: one real PostgreSQL server for the session, one fresh database for each test."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.redis_server import RedisServer
from workbench.api import Workbench
from workbench.settings import Settings
from workbench.store.embedded import Address, EmbeddedServer

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Iterator[None]:
    """No setting of the developer's shell reaches a test."""
    kept = {
        name: os.environ.pop(name) for name in list(os.environ) if name.startswith("WORKBENCH_")
    }
    yield
    os.environ.update(kept)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the developer's cache; playwright finds its browser where it was."""
    usual = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    with pytest.MonkeyPatch.context() as environment:
        if "PLAYWRIGHT_BROWSERS_PATH" not in os.environ:
            environment.setenv("PLAYWRIGHT_BROWSERS_PATH", str(Path(usual) / "ms-playwright"))
        environment.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the session's server, where root's server account can reach it.

    A shell's background jobs ignore SIGINT, and so would every process that a test interrupts.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        config.server_state = Path(config.workerinput["server_state"])
        return
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30
    base = Path(tempfile.mkdtemp(prefix="workbench-tests-", dir=memory if roomy else "/var/tmp"))
    base.chmod(0o711)
    config.server_state = base / "state"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All xdist workers share the server."""
    node.workerinput["server_state"] = str(node.config.server_state)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and forget its data."""
    if not hasattr(config, "workerinput"):
        EmbeddedServer(config.server_state).stop()
        shutil.rmtree(config.server_state.parent)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Redis of this worker's own, which keeps nothing."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Address]:
    """An embedded server that all workers of this test session share."""
    embedded = EmbeddedServer(request.config.server_state)
    yield embedded.acquire()
    embedded.release()


@pytest.fixture(scope="session")
def worker_id() -> str:
    """The xdist worker's name; `master` without xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "master")


def administer(server: Address, *statements: str) -> None:
    connection = psycopg2.connect(plain(server.url("workbench_owner")))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def plain(url: str) -> str:
    """A SQLAlchemy URL as libpq reads it."""
    return url.replace("postgresql+psycopg2://", "postgresql://")


@pytest.fixture(scope="session")
def new_database(server: Address, worker_id: str) -> Iterator[Callable[..., str]]:
    """Make a database, from a template when one is named, and give its URL."""
    numbers = itertools.count()
    made: list[str] = []

    def make(template: str = "template0") -> str:
        name = f"test_{worker_id}_{os.getpid()}_{next(numbers)}"
        administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        made.append(name)
        return plain(server.url("workbench_owner", name))

    yield make
    administer(server, *(f"DROP DATABASE {name} WITH (FORCE)" for name in reversed(made)))


def database_name(url: str) -> str:
    return url.split("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def template(new_database: Callable[..., str]) -> str:
    """The name of a database that has the schema and nothing in it."""
    url = new_database()
    with Workbench(Settings(database_url=url)) as workbench:
        workbench.up()
    return database_name(url)


@pytest.fixture(scope="session")
def demo_template(new_database: Callable[..., str], template: str) -> str:
    """The name of a database that has the sample data in it."""
    url = new_database(template)
    with Workbench(Settings(database_url=url)) as workbench:
        workbench.ingest(f"csv:{SAMPLE}", progress=False)
    return database_name(url)


@pytest.fixture
def empty_database_url(new_database: Callable[..., str]) -> str:
    """A database without a schema."""
    return new_database()


@pytest.fixture
def database_url(new_database: Callable[..., str], template: str) -> str:
    """A database of this test's own, with the schema and no bars."""
    return new_database(template)


@pytest.fixture
def workbench(database_url: str) -> Iterator[Workbench]:
    """A Workbench on an empty store."""
    with Workbench(Settings(database_url=database_url)) as made:
        yield made


@pytest.fixture
def demo_database_url(new_database: Callable[..., str], demo_template: str) -> str:
    """A database of this test's own, with the sample data."""
    return new_database(demo_template)


@pytest.fixture
def demo_workbench(demo_database_url: str) -> Iterator[Workbench]:
    """A Workbench on a store with the sample data."""
    with Workbench(Settings(database_url=demo_database_url)) as made:
        yield made
