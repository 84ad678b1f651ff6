"""The front door: what it exports, what importing costs, and the default Workbench."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb

PACKAGE = Path(wb.__file__).parent

QUIET_IMPORT = """
import sys
before = set(sys.modules)
def hook(event, arguments):
    if event in ("socket.connect", "subprocess.Popen", "os.mkdir"):
        raise SystemExit(f"importing did {event} {arguments}")
sys.addaudithook(hook)
import workbench
heavy = {"numpy", "pandas", "sqlalchemy", "psycopg2", "plotly", "numba"} & set(sys.modules)
assert not heavy, heavy
assert "bars" in dir(workbench)
"""


def test_importing_does_nothing() -> None:
    subprocess.run([sys.executable, "-c", QUIET_IMPORT], check=True, timeout=60)


@pytest.mark.parametrize("name", wb.__all__)
def test_every_export_is_there_and_documented(name: str) -> None:
    value = getattr(wb, name)
    assert (value.__doc__ or "").strip()
    assert name in dir(wb)


def test_no_export_has_the_name_of_a_module() -> None:
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    modules |= {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert modules & set(wb.__all__) <= {"errors", "ta"}


def test_an_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'bar'"):
        wb.bar  # noqa: B018


def test_functions_belong_to_the_default_workbench() -> None:
    assert wb.bars.__self__ is wb.default()
    assert wb.default() is wb.default()
    assert str(wb.default().settings.state_path) in repr(wb.default())


def test_a_server_of_ones_own_is_not_ours_to_stop(workbench: wb.Workbench) -> None:
    with pytest.raises(wb.errors.InputError, match="not ours to stop"):
        workbench.down()
    assert workbench.up() is None


def test_the_first_use_starts_the_embedded_server_and_the_last_stops_it(
    request: pytest.FixtureRequest,
) -> None:
    state = request.config.server_state.parent / "api"
    with wb.Workbench(wb.Settings(state_dir=state)) as workbench:
        assert workbench.series().empty
        assert workbench.database.server.status().running
        up = workbench.up()
        assert up is not None
        assert up.kept
        assert workbench.down()
        assert not workbench.database.server.status().running
        assert not workbench.down()
