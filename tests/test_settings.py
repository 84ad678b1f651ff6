"""Settings: every one readable from the environment, unknown ones refused, secrets masked."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.settings import PREFIX, Settings, mask

SAMPLES = {"str": "text", "int": "7", "float": "2.5", "bool": "1", "Path": "some/where"}


def kind(type_name: object) -> str:
    return str(type_name).split("|")[0].strip()


@pytest.mark.parametrize("name", [f.name for f in fields(Settings)])
def test_every_setting_is_read_from_its_variable_and_says_what_it_is(name: str) -> None:
    declared = next(f for f in fields(Settings) if f.name == name)
    text = SAMPLES[kind(declared.type)]
    read = getattr(Settings.from_environment({PREFIX + name.upper(): text}), name)
    expected = {"int": int, "float": float, "Path": Path, "bool": lambda _: True}.get(
        kind(declared.type), str
    )(text)
    assert read == expected
    assert len(declared.metadata["help"]) > 10


def test_an_unknown_variable_is_refused_with_the_likely_one() -> None:
    with pytest.raises(SettingsError, match="did you mean 'WORKBENCH_DATABASE_URL'"):
        Settings.from_environment({"WORKBENCH_DATABSE_URL": "x"})


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("WORKBENCH_POOL_SIZE", "many", "not of type int"),
        ("WORKBENCH_POOL_TIMEOUT_S", "soon", "not of type float"),
        ("WORKBENCH_SERVER_KEEP", "perhaps", "use 1 or 0"),
    ],
)
def test_an_unreadable_value_is_refused(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment({variable: text})


def test_empty_means_unset_where_unset_is_possible() -> None:
    assert Settings.from_environment({"WORKBENCH_DATABASE_URL": ""}).database_url is None
    assert Settings.from_environment({"OTHER": "1"}) == Settings()


def test_no_password_in_a_repr() -> None:
    shown = repr(Settings(database_url="postgresql://ann:pa55w0rd@host/db?password=hunter2"))
    assert "pa55w0rd" not in shown
    assert "hunter2" not in shown
    assert "ann:***@host" in shown
    assert mask("a:b") == "a:b"
