"""Write `docs/reference/` from the registries, signatures and docstrings.

    python scripts/make_reference.py [FOLDER]

The same code gives the same pages, byte by byte; a test compares them with those committed.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

import workbench as wb
from workbench import errors
from workbench.api import Workbench
from workbench.cli import cli
from workbench.indicators import GROUPS, INDICATORS, Indicator, options
from workbench.sessions import TIMEFRAMES
from workbench.settings import PREFIX, Settings
from workbench.sources import SOURCES

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTICE = "<!-- Written by scripts/make_reference.py (`make docs`); edit the docstrings instead. -->"


def prose(docstring: str | None) -> str:
    """A docstring as Markdown: examples and indented blocks become code.

    >>> print(prose("Two:\\n\\n    a\\n    b\\n\\nEnd."))
    Two:
    <BLANKLINE>
    ```text
    a
    b
    ```
    <BLANKLINE>
    End.
    """
    text = re.sub(r"  # doctest: \+\w+", "", inspect.cleandoc(docstring or ""))
    parts = []
    for block in re.split(r"\n{2,}", text):
        if block.startswith(">>>"):
            parts.append(f"```python\n{block}\n```")
        elif block.startswith("    "):
            parts.append(f"```text\n{inspect.cleandoc(block)}\n```")
        elif block.strip() != "::":
            parts.append(block)
    return "\n\n".join(parts)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    rule = tuple("---" for _ in head)
    safe = ([cell.replace("|", "\\|") for cell in row] for row in (head, rule, *rows))
    return "\n".join(f"| {' | '.join(row)} |" for row in safe)


def annotated(parameter: inspect.Parameter, types: bool) -> str:
    """One parameter as it stands in a signature, with its type or without."""
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    typed = types and parameter.annotation is not parameter.empty
    text = f"{stars}{parameter.name}" + (f": {parameter.annotation}" if typed else "")
    equals = " = " if typed else "="
    return text if parameter.default is parameter.empty else f"{text}{equals}{parameter.default!r}"


def listed(parameters: list[inspect.Parameter], types: bool) -> Iterator[str]:
    """The parameters one by one, with the `/` and the `*` between them."""
    before = None
    for parameter in parameters:
        if before == parameter.POSITIONAL_ONLY != parameter.kind:
            yield "/"
        if (
            parameter.kind == parameter.KEYWORD_ONLY != before
            and before != parameter.VAR_POSITIONAL
        ):
            yield "*"
        yield annotated(parameter, types)
        before = parameter.kind
    if before == inspect.Parameter.POSITIONAL_ONLY:
        yield "/"


def signature(name: str, thing: Any, types: bool = True) -> str:
    """A fenced signature without `self`, on several lines where it is long."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    parts = list(listed([p for p in found.parameters.values() if p.name != "self"], types))
    shown = types and not inspect.isclass(thing) and found.return_annotation is not found.empty
    after = f" -> {found.return_annotation}" if shown else ""
    text = f"{name}({', '.join(parts)}){after}"
    if len(text) > 88:
        text = "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){after}"])
    return f"```python\n{text}\n```"


def public(name: str) -> Any:
    """What `wb.<name>` is, without making the default Workbench."""
    return getattr(Workbench, name, None) or getattr(wb, name)


def api() -> Iterator[str]:
    yield "# The public names of `workbench`"
    yield "`import workbench as wb`; each is loaded when it is first used."
    for name in sorted(wb.__all__):
        thing = public(name)
        yield f"## `wb.{name}`"
        if not inspect.ismodule(thing):
            yield signature(f"wb.{name}", thing)
        yield prose(thing.__doc__)
        if inspect.isclass(thing) and thing is Workbench:
            yield from members()
        if thing is wb.ta:
            yield from beside_the_indicators()


def beside_the_indicators() -> Iterator[str]:
    """The functions and classes of `wb.ta` that are no indicators."""
    for name in sorted(set(wb.ta.__all__) - INDICATORS.keys()):
        thing = getattr(wb.ta, name)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            yield f"### `wb.ta.{name}`"
            yield signature(f"wb.ta.{name}", thing)
            yield prose(thing.__doc__)


def members() -> Iterator[str]:
    """The methods that only a Workbench has."""
    for name, thing in sorted(vars(Workbench).items()):
        if inspect.isfunction(thing) and not name.startswith("_") and name not in wb.__all__:
            yield f"### `Workbench.{name}`"
            yield signature(name, thing)
            yield prose(thing.__doc__)


def indicators() -> Iterator[str]:
    yield "# Indicators"
    yield prose(wb.ta.__doc__)
    yield f"There are {len(INDICATORS)}. All take these options beside their own parameters:"
    yield prose(options.Options.__doc__)
    for group in groups():
        rows = [
            (f"[`{name}`](indicators-{group}.md#{name})", record.title, ", ".join(record.inputs))
            for name, record in of_group(group).items()
        ]
        yield f"## {GROUPS[group]}"
        yield table(("name", "title", "input columns"), rows)


def groups() -> list[str]:
    """The groups that have an indicator, in their order."""
    return [group for group in GROUPS if of_group(group)]


def of_group(group: str) -> dict[str, Indicator]:
    """The indicators of a group by name."""
    return {name: record for name, record in sorted(INDICATORS.items()) if record.group == group}


def indicators_of(group: str) -> Iterator[str]:
    yield f"# {GROUPS[group]}"
    yield "[All indicators](indicators.md)"
    for name, record in of_group(group).items():
        yield from indicator(name, record)


def indicator(name: str, record: Indicator) -> Iterator[str]:
    function = getattr(wb.ta, name)
    yield f"## {name}"
    yield f"![{record.title}](plots/{name}.svg)"
    yield signature(f"wb.ta.{name}", record.function, types=False)
    yield prose(function.__doc__)
    parameters = [
        (f"`{p.name}`", p.kind.__name__, f"{p.default}", f"{p.minimum} to {p.maximum}")
        for p in record.parameters.values()
    ]
    yield table(("parameter", "type", "default", "allowed"), parameters) if parameters else ""
    yield table(("output", "unit"), [(f"`{o.name}`", o.unit) for o in record.outputs])
    yield " ".join(facts(record))
    yield f"Source: {record.source}"


def facts(record: Indicator) -> Iterator[str]:
    """Where it is drawn, and when its values are good."""
    where = "over the price" if record.pane == "price" else "in a pane of its own"
    yield f"Drawn {where}. With the defaults: NaN for the first {record.lookback()} bars"
    after = record.stable_after()
    if after is None:
        yield "of a series; every later value depends on where the series begins."
    elif after > record.lookback():
        yield f"of a series, and independent of where it begins after {after:,} (to 1e-9)."
    else:
        yield "of a series."
    if record.repaints:
        yield "**It repaints**: new bars may change earlier values, so it must not feed a signal."


def sources() -> Iterator[str]:
    yield "# Sources"
    yield "What `wb.ingest` and `workbench ingest` read from: a name, or `name:place`."
    rows = [(f"`{name}`", entry.help) for name, entry in sorted(SOURCES.items())]
    yield table(("name", "what it reads"), rows)


def timeframes() -> Iterator[str]:
    yield "# Timeframes"
    yield "Intraday bars carry the time of their start, the others their session's date, in UTC."
    rows = [
        (f"`{frame.name}`", frame.title, f"{frame.seconds:,}", "yes" if frame.intraday else "no")
        for frame in TIMEFRAMES.values()
    ]
    yield table(("name", "one bar is", "seconds", "intraday"), rows)


def settings() -> Iterator[str]:
    yield "# Settings"
    yield "Environment variables; one that is misspelt or of the wrong type is refused."
    rows = [
        (
            f"`{PREFIX}{field.name.upper()}`",
            f"`{field.type}`",
            f"`{field.default}`",
            field.metadata["help"],
        )
        for field in dataclasses.fields(Settings)
    ]
    yield table(("variable", "type", "default", "what it sets"), rows)


def error_tree() -> Iterator[str]:
    yield "# Errors"
    yield prose(errors.__doc__)
    for name, thing in vars(errors).items():
        if inspect.isclass(thing) and issubclass(thing, errors.WorkbenchError):
            yield f"## `{name}`"
            yield prose(thing.__doc__)


def command_line() -> Iterator[str]:
    yield "# The command line"
    yield prose(sys.modules["workbench.cli"].__doc__)
    top = click.Context(cli, info_name="workbench", **cli.context_settings | {"terminal_width": 88})
    yield help_of(top)
    for name, command in sorted(cli.commands.items()):
        yield f"## `workbench {name}`"
        yield help_of(click.Context(command, info_name=name, parent=top))


def help_of(context: click.Context) -> str:
    return f"```text\n{context.get_help()}\n```"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "api": api,
    "cli": command_line,
    "errors": error_tree,
    "indicators": indicators,
    "settings": settings,
    "sources": sources,
    "timeframes": timeframes,
    **{f"indicators-{group}": functools.partial(indicators_of, group) for group in groups()},
}


def pages() -> dict[str, str]:
    """File name → text of every page."""
    return {
        f"{name}.md": "\n\n".join([NOTICE, *(part for part in parts() if part)]) + "\n"
        for name, parts in PAGES.items()
    }


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for stale in set(folder.glob("*.md")) - {folder / name for name in written}:
        stale.unlink()
    for name, text in written.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else REFERENCE)
