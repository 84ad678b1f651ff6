"""Fixtures: one real PostgreSQL server for the session, one fresh database for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from workbench.store.embedded import Address, EmbeddedServer

from workbench.api import Workbench
from workbench.settings import Settings

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Iterator[None]:
    """No setting of the developer's shell reaches a test."""
    kept = {
        name: os.environ.pop(name) for name in list(os.environ) if name.startswith("WORKBENCH_")
    }
    yield
    os.environ.update(kept)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Address]:
    """An embedded server that all workers of this test session share."""
    base = tmp_path_factory.getbasetemp()
    root = base if worker_id == "master" else base.parent
    embedded = EmbeddedServer(_reachable(root))
    yield embedded.acquire()
    embedded.release()


def _reachable(root: Path) -> Path:
    """A state folder beside pytest's: root's server runs as another account, which must get in."""
    return Path("/var/tmp") / f"workbench-tests-{root.name}-{root.parent.stat().st_ino}"


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
