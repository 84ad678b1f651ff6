"""What may stand in a tracked file, and what the set-up scripts answer."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import install_chromium, install_redis

ROOT = Path(__file__).parent.parent
# Written apart, so that this file does not hold what it looks for.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
        ("deb", "debian"),
        ("archive", "ubuntu"),
        ("repo", "anaconda"),
    )
]
PLACES = "|".join((r"wor[k]/\w", r"roo[t]/", r"hom[e]/\w", "User[s]/"))
MACHINE_PATHS = re.compile(rf"(?<![\w.])/({PLACES})")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text()))
        except UnicodeDecodeError:
            continue
    assert len(found) > 20
    return found


def test_no_tracked_file_names_a_package_registry() -> None:
    assert not [(name, host) for name, text in texts() for host in HOSTS if host in text]


def test_no_tracked_file_names_a_path_of_some_machine() -> None:
    assert not [(name, found[0]) for name, text in texts() if (found := MACHINE_PATHS.search(text))]


def test_reports_and_environments_are_not_tracked() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]
    assert [name for name in names if name.startswith("reports/")] == ["reports/README.md"]
    assert not [name for name in names if name.startswith(".venv/") or "__pycache__" in name]


def test_make_alone_lists_every_command() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert set(re.findall(r"^  make (\S+)", shown, re.MULTILINE)) == set(phony[1].split())


def find_python(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell
    return subprocess.run(
        [shell, "scripts/find_python.sh", *arguments],
        cwd=ROOT,
        env=os.environ | ({"PATH": path} if path is not None else {}),
        capture_output=True,
        text=True,
    )


def test_a_named_python_is_taken() -> None:
    assert find_python(sys.executable).stdout.strip() == sys.executable


def test_a_chromium_is_found_and_starts() -> None:
    script = [sys.executable, "scripts/install_chromium.py"]
    path = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert install_chromium.works(path.strip())


def test_what_is_no_browser_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = old_python(tmp_path)
    assert not install_chromium.works(str(shell))
    assert not install_chromium.works(str(tmp_path / "nothing"))
    monkeypatch.setenv("CHROMIUM", str(shell))
    assert install_chromium.find() not in (None, str(shell))


def test_a_redis_is_found_and_starts() -> None:
    script = [sys.executable, "scripts/install_redis.py"]
    path = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert install_redis.works(path.strip())


def test_a_redis_unpacked_anywhere_is_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = install_redis.find()
    assert found
    monkeypatch.setattr(install_redis, "FOLDER", tmp_path / "a folder")
    install_redis.wrap(Path(found).resolve(), "/nowhere/lib")
    assert install_redis.works(str(tmp_path / "a folder" / "redis-server"))
    assert not install_redis.works(str(old_python(tmp_path)))
    monkeypatch.setenv("REDIS_SERVER", str(tmp_path / "nothing"))
    assert install_redis.find() not in (None, str(tmp_path / "nothing"))


def old_python(folder: Path) -> Path:
    """An interpreter that says no, as one before 3.11 does to the question asked."""
    fake = folder / "python3"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    return fake


def test_an_old_python_is_passed_over(tmp_path: Path) -> None:
    old_python(tmp_path)
    (tmp_path / "python3.11").symlink_to(sys.executable)
    assert find_python(path=str(tmp_path)).stdout.strip() == "python3.11"


@pytest.mark.parametrize("named", [True, False])
def test_no_python_at_all_is_one_clear_line(tmp_path: Path, named: bool) -> None:
    fake = old_python(tmp_path)
    done = find_python(*([str(fake)] if named else []), path=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "no Python 3.11 or newer" in line
    assert "make PYTHON=" in line


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that the set-up reads, in a folder with a space in its name."""
    place = tmp_path / "a checkout"
    (place / "scripts").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", "scripts/setup_venv.py"):
        shutil.copy(ROOT / name, place / name)
    return place


def setup(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up where no registry can be reached."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout), "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, checkout / "scripts" / "setup_venv.py", *arguments],
        env=os.environ | offline,
        capture_output=True,
        text=True,
    )


def test_a_failed_setup_says_so_and_is_tried_again(checkout: Path) -> None:
    done = setup(checkout)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("setup: pip could not install the packages")
    assert not (checkout / ".venv" / "workbench-setup.json").exists()


def ask(checkout: Path, question: str) -> str:
    """What the set-up script of `checkout` says of itself."""
    return subprocess.run(
        [sys.executable, "-c", f"import setup_venv as s; print({question})"],
        cwd=checkout / "scripts",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_a_finished_setup_is_not_repeated_until_its_files_change(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    stamp = checkout / ".venv" / "workbench-setup.json"
    stamp.write_text(json.dumps({"digest": ask(checkout, "s.wanted()"), "extras": ["", "test"]}))
    again = setup(checkout, "--extra", "test")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    with (checkout / "constraints.txt").open("a") as pins:
        pins.write("# changed\n")
    assert ask(checkout, "s.installed()") == "set()"
