"""Configuration: one frozen object, read from the environment when asked and not before.

Each field is one setting. Its environment variable is `WORKBENCH_` and the field's name in
capitals; its type, default and help stand here and nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from workbench.errors import SettingsError, UnknownNameError

PREFIX = "WORKBENCH_"
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def setting(default: Any, help_text: str, *, secret: bool = False) -> Any:
    """A dataclass field that carries its help text; a `secret` is masked in reprs."""
    return field(default=default, metadata={"help": help_text, "secret": secret})


def default_state_dir() -> Path:
    """Where the embedded server keeps its data when `state_dir` is not set.

    Root's home is closed to the account that root's server runs as, hence `/var/lib`.

    >>> default_state_dir().name
    'workbench'
    """
    if os.geteuid() == 0:
        return Path("/var/lib/workbench")
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "workbench"


def default_cache_dir() -> Path:
    """Where the cache keeps its files when `cache_dir` is not set.

    >>> default_cache_dir().name
    'workbench'
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "workbench"


def default_project_dir() -> Path:
    """The checkout that this package runs from, or the working directory when installed.

    >>> default_project_dir().is_dir()
    True
    """
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "notebooks").is_dir() else Path.cwd()


@dataclass(frozen=True)
class Settings:
    """All settings, with their defaults; unknown names and unreadable values are refused.

    >>> Settings(pool_size=4).pool_size
    4
    >>> Settings.from_environment({"WORKBENCH_POOL_SIZE": "4"}).pool_size
    4
    """

    database_url: str | None = setting(
        None,
        "PostgreSQL URL of a server of your own; unset: the embedded server",
        secret=True,
    )
    state_dir: Path | None = setting(
        None, "where the embedded server keeps its data; unset: the user's state directory"
    )
    project_dir: Path | None = setting(
        None, "the folder that holds notebooks/, reports/ and data/; unset: the checkout"
    )
    csv_path: str = setting(
        "data/sample", "file, folder or glob that the csv source reads when none is named"
    )
    server_keep: bool = setting(
        False, "leave the embedded server running when its last user leaves"
    )
    server_start_timeout_s: float = setting(
        60.0, "seconds to wait for the embedded server to accept connections"
    )
    pool_size: int = setting(10, "database connections kept open per process and role")
    pool_overflow: int = setting(20, "connections beyond pool_size that a burst may open")
    pool_timeout_s: float = setting(30.0, "seconds to wait for a free pooled connection")
    pool_pre_ping: bool = setting(True, "test a pooled connection before it is handed out")
    pool_recycle_s: float = setting(1800.0, "age in seconds at which a connection is replaced")
    reconnect_timeout_s: float = setting(
        30.0, "seconds to go on trying when a server that answered before is gone"
    )
    replica_urls: str | None = setting(
        None, "comma-separated URLs of streaming replicas that may answer reads", secret=True
    )
    sql_max_rows: int = setting(1_000_000, "most rows that one wb.sql may give")
    sql_timeout_s: float = setting(60.0, "seconds after which the server ends a wb.sql")
    cache_dir: Path | None = setting(
        None, "where the cache keeps its files; unset: the user's cache directory"
    )
    cache_memory_bytes: int = setting(
        2**30, "most bytes that the cache may hold in a process's memory; 0: none"
    )
    cache_disk_bytes: int = setting(
        10 * 2**30, "most bytes that the cache's files may take; 0: no files"
    )
    redis_url: str | None = setting(
        None, "URL of a Redis that shares the cache between machines; unset: none", secret=True
    )
    redis_ttl_s: int = setting(86_400, "seconds after which Redis forgets an entry")
    redis_timeout_s: float = setting(
        0.25, "seconds to wait for Redis before going on without it for a while"
    )
    batch_rows: int = setting(
        100_000, "most bars that one transaction of an ingestion writes; fewer cost speed"
    )
    chart_points: int = setting(2000, "most points per trace that a figure may carry")
    run_id: int | None = setting(
        None, "the run that a notebook's writes belong to; set by the runner for its kernel"
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings with every `WORKBENCH_*` variable of `environ` (default: the process's) applied.

        Raises SettingsError for an unknown variable or a value that is not of the setting's type.

        >>> Settings.from_environment({"WORKBENCH_SERVER_KEEP": "yes"}).server_keep
        True
        """
        source = os.environ if environ is None else environ
        types = {f.name: str(f.type) for f in fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in source.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in types:
                known = [PREFIX + known_name.upper() for known_name in types]
                raise SettingsError(str(UnknownNameError("environment variable", variable, known)))
            values[name] = parse(variable, text, types[name])
        return cls(**values)

    @property
    def state_path(self) -> Path:
        """`state_dir`, or the default one."""
        return self.state_dir or default_state_dir()

    @property
    def project_path(self) -> Path:
        """`project_dir`, or the default one."""
        return self.project_dir or default_project_dir()

    @property
    def cache_path(self) -> Path:
        """`cache_dir`, or the default one."""
        return self.cache_dir or default_cache_dir()

    def __repr__(self) -> str:
        shown = (f"{f.name}={self._shown(f.name)}" for f in fields(self))
        return f"Settings({', '.join(shown)})"

    def _shown(self, name: str) -> str:
        value = getattr(self, name)
        return repr(mask(value)) if isinstance(value, str) else repr(value)


def parse(variable: str, text: str, type_name: str) -> Any:
    """The value that `text` means for a setting declared as `type_name`.

    >>> parse("WORKBENCH_POOL_SIZE", "4", "int")
    4
    """
    kind = type_name.split("|")[0].strip()
    if "None" in type_name and text == "":
        return None
    if kind == "bool":
        if text.lower() in TRUE | FALSE:
            return text.lower() in TRUE
        raise SettingsError(f"{variable}={text!r} is not a yes or no; use 1 or 0")
    try:
        return {"int": int, "float": float, "Path": Path, "str": str}[kind](text)
    except ValueError:
        raise SettingsError(f"{variable}={text!r} is not of type {kind}") from None


def mask(text: str) -> str:
    """`text` with the password of any URL in it replaced.

    >>> mask("postgresql://ann:pa55@host/db?password=x")
    'postgresql://ann:***@host/db?password=***'
    """
    text = re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)
    return re.sub(r"(?i)(password|passwd|pwd|token|key)=[^&\s]+", r"\1=***", text)
