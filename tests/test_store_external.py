"""A server of the user's own: over TCP, with passwords, and for users who are no superusers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from workbench.api import Workbench
from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.store.account import server_account
from workbench.store.binaries import find_binaries, runnable_by

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
PASSWORD, ENCODED = "p@ss/w0rd", "p%40ss%2Fw0rd"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """`host:port` of a server that asks everybody for a password."""
    folder = Path(tempfile.mkdtemp(prefix="workbench-external-", dir="/var/tmp"))
    account = server_account(folder / "data")
    shutil.chown(folder, account.uid, account.gid)
    binaries = runnable_by(account, find_binaries(), folder).bin_dir
    secret = folder / "password"
    secret.write_text(PASSWORD)
    shutil.chown(secret, account.uid, account.gid)
    port = free_port()

    def run(program: str, *arguments: str) -> None:
        command = [binaries / program, "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **account.switch())

    run("initdb", "-U", "root_of_it", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    run("pg_ctl", "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def url(user: str, address: str, database: str = "bars") -> str:
    return f"postgresql://{user}:{ENCODED}@{address}/{database}"


@pytest.fixture(scope="module")
def users(address: str) -> dict[str, str]:
    """URLs of ann, who may create roles and owns the database, and of bob, who may only log in."""
    connection = psycopg2.connect(url("root_of_it", address, "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE ann LOGIN CREATEROLE PASSWORD %s", (PASSWORD,))
        cursor.execute("CREATE ROLE bob LOGIN PASSWORD %s", (PASSWORD,))
        cursor.execute("CREATE DATABASE bars OWNER ann")
    connection.close()
    return {name: url(name, address) for name in ("ann", "bob")}


def test_from_an_empty_database_to_readers_who_cannot_write(users: dict[str, str]) -> None:
    with (
        pytest.raises(StoreError, match="may create roles and schemas"),
        Workbench(Settings(database_url=users["bob"])) as bob,
    ):
        bob.series()

    with Workbench(Settings(database_url=users["ann"])) as ann:
        report = ann.ingest(f"csv:{SAMPLE}", symbols=["FB"], progress=False)
        assert report.series["new"].tolist() == [196]
        assert len(ann.bars("FB")) == 196

    with Workbench(Settings(database_url=users["bob"])) as bob:
        with pytest.raises(StoreError, match="permission denied"):
            bob.bars("FB")
        owner = psycopg2.connect(users["ann"])
        with owner, owner.cursor() as cursor:
            cursor.execute("GRANT workbench_reader TO bob")
        owner.close()
        assert len(bob.bars("FB")) == 196
        with pytest.raises(StoreError, match='permission denied to set role "workbench_writer"'):
            bob.ingest(f"csv:{SAMPLE}", symbols=["FB"], progress=False)


def test_a_wrong_password_is_one_line_without_it(users: dict[str, str]) -> None:
    wrong = users["ann"].replace(ENCODED, "not-it")
    command = [sys.executable, "-m", "workbench", "status"]
    done = subprocess.run(
        command, env={"WORKBENCH_DATABASE_URL": wrong}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "password authentication failed" in done.stderr
    assert "not-it" not in done.stderr
