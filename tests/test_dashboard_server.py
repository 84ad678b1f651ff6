"""The dashboard server: real processes, HTTP, websockets and kernels, and a real browser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from browser import Seen, chromium
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from workbench.dashboards import gate
from workbench.dashboards.server import serve
from workbench.errors import InputError, UnknownNameError
from workbench.running.notebooks import DASHBOARDS, find
from workbench.settings import Settings

V1 = "v1.kernel.websocket.jupyter.org"
PATIENCE_S = 60
TINY = """
import os, sys, pathlib
import ipywidgets as widgets
import plotly.graph_objects as go
secret_source = "never sent to a page"
here = pathlib.Path.cwd()
get_ipython().kernel.comm_manager.register_target("danger", lambda *_: (here / "marker").touch())
label = widgets.Label("waiting")
button = widgets.Button(description="Press")
def press(_):
    (here / "clicked").touch()
    label.value = "pressed"
button.on_click(press)
print("button", button.model_id)
print("python", sys.executable)
print("query", os.environ["QUERY_STRING"], os.environ["VOILA_REQUEST_URL"])
"""
SHOW = "widgets.VBox([button, label, go.FigureWidget(go.Scatter(y=[1, 3, 2]))])"


def write(path: Path, *cells: str, **metadata: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    codes = [new_code_cell(text) for text in cells]
    book = new_notebook(cells=[new_markdown_cell("# Some dashboard"), *codes], metadata=metadata)
    nbformat.write(book, path)
    return path


class Server:
    """A running `workbench serve`, and requests to it."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.log = process, log
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Dashboard: http://127.0.0.1:"), line + log.read_text()
        self.url = line.removeprefix("Dashboard: ").strip()
        self.origin, _, self.token = self.url.partition("/?token=")

    def ask(self, path: str, *, token: str | None = None, **options: Any) -> HTTPResponse:
        """The answer to a request, whatever its status; with the token unless told otherwise."""
        given = {"Authorization": f"token {self.token if token is None else token}"}
        options["headers"] = (given if token != "" else {}) | options.get("headers", {})
        options |= {"follow_redirects": False, "request_timeout": PATIENCE_S}
        request = HTTPRequest(self.origin + path, allow_nonstandard_methods=True, **options)
        return asyncio.run(fetch(request))

    def kernels(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


async def fetch(request: HTTPRequest) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(request, raise_error=False)


def text(response: HTTPResponse) -> str:
    return bytes(response.body or b"").decode()


def kernel_of(page: str) -> str:
    found = re.search(r'"kernelId": "([\w-]+)"', page)
    assert found
    return found[1]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def serving(project: Path, *arguments: str, command: tuple[str, ...] = ()) -> Iterator[Server]:
    environment = os.environ | {
        "WORKBENCH_PROJECT_DIR": str(project),
        "WORKBENCH_STATE_DIR": str(project / "state"),
    }
    start = command or ("-m", "workbench", "serve", "--port", "0")
    log = project / "log"
    with log.open("w") as err:
        process = subprocess.Popen(
            [sys.executable, *start, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
    try:
        yield Server(process, log)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    kernel = {"name": "no-such-kernel", "language": "cobol", "display_name": "?"}
    write(folder / "notebooks/dashboards/tiny.ipynb", TINY, SHOW, title="Tiny", kernelspec=kernel)
    return folder


@pytest.fixture(scope="module")
def tiny(project: Path) -> Iterator[Server]:
    with serving(project) as server:
        yield server


def assets(page: str) -> str:
    found = re.search(r"/voila/static/\w+", page)
    assert found
    return found[0]


@pytest.fixture(scope="module")
def page(tiny: Server) -> str:
    response = tiny.ask("/?symbol=IBM")
    assert response.code == 200, tiny.log.read_text()
    return text(response)


@pytest.mark.parametrize("token", ["", "wrong" * 8])
def test_strangers_learn_nothing(tiny: Server, page: str, token: str) -> None:
    kernel = kernel_of(page)
    gets = ["/", "/tiny", "/nothing", "/login", "/api/contents", f"/api/kernels/{kernel}"]
    gets += [f"{assets(page)}/voila.js", f"/api/kernels/{kernel}/channels", "/favicon.ico"]
    for path in gets:
        response = tiny.ask(path, token=token)
        assert response.code == 403, path
        assert "Some dashboard" not in text(response)
    for method in ("POST", "DELETE"):
        path = f"/voila/api/shutdown/{kernel}"
        assert tiny.ask(path, token=token, method=method).code in (403, 405)
    assert tiny.ask(f"/api/kernels/{kernel}").code == 200


def test_the_cookie_of_the_first_visit_stands_for_the_token(tiny: Server, page: str) -> None:
    path = f"{assets(page)}/voila.js"
    first = tiny.ask(f"{path}?token={tiny.token}", token="")
    assert first.code == 200
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    again = tiny.ask(path, token="", headers={"Cookie": cookie.partition(";")[0]})
    assert again.code == 200


def test_scripts_come_compressed_and_are_kept(tiny: Server, page: str) -> None:
    response = tiny.ask(
        f"{assets(page)}/voila.js", headers={"Accept-Encoding": "gzip"}, decompress_response=False
    )
    assert response.headers["Content-Encoding"] == "gzip"
    assert "immutable" in response.headers["Cache-Control"]


def test_nothing_is_there_but_pages_and_scripts(tiny: Server, page: str) -> None:
    kernel, scripts = kernel_of(page), assets(page)
    gone = [
        "/voila/files/tiny.ipynb", "/tiny.ipynb", "/static/tiny.ipynb", "/files/tiny.ipynb",
        "/voila/render/tiny.ipynb", "/notebooks/dashboards/tiny.ipynb", "/api/contents/tiny.ipynb",
        "/voila/api/contents/", "/voila/tree", "/api/sessions", "/api/terminals", "/api/kernels",
        "/api/kernelspecs", "/api/config/notebook", "/api/status", "/voila/templates/lab/page.html",
        f"{scripts}/../../../etc/passwd", f"{scripts}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        f"{scripts}/..%2f..%2fapp.py", "/..%2ftiny",
    ]  # fmt: skip
    for path in gone:
        response = tiny.ask(path)
        assert response.code in (403, 404), path
        assert "secret_source" not in text(response)
    doors = [f"/api/kernels/{kernel}/restart", f"/api/kernels/{kernel}/interrupt", "/api/kernels"]
    for path in [*doors, "/api/sessions", "/api/contents", "/api/terminals", "/"]:
        body = json.dumps({"name": "python3"})
        assert tiny.ask(path, method="POST", body=body).code in (404, 405), path
    assert tiny.ask(f"/api/kernels/{kernel}", method="DELETE").code == 405
    assert tiny.ask(f"/api/kernels/{kernel}").code == 200


def test_the_page_shows_results_and_no_source(page: str) -> None:
    assert "<title>Tiny</title>" in page
    assert "Some dashboard" in page
    assert "secret_source" not in page
    assert "https://" not in re.sub(r"<style.*?</style>", "", page, flags=re.S).replace(
        "https://jupyter.org", ""
    )


def test_kernels_run_this_python_and_get_the_query_without_the_token(
    tiny: Server, page: str
) -> None:
    for answer in (page, text(tiny.ask(f"/tiny?symbol=IBM&token={tiny.token}"))):
        assert f"python {sys.executable}" in answer
        assert re.search(r"query symbol=IBM http://[\d.:]+/(tiny)?\?symbol=IBM\W", answer)
        assert tiny.token not in answer


def frame(framing: str, channel: str, kind: str, content: dict[str, Any], **more: Any) -> Any:
    """A kernel message as a page would send it, in one of the three framings."""
    header = {
        "msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "",
        "version": "5.2", "date": "2020-01-01T00:00:00Z",
    } | more  # fmt: skip
    message = {
        "channel": channel, "header": header, "parent_header": {}, "metadata": {},
        "content": content,
    }  # fmt: skip
    if framing == "json":
        return json.dumps(message)
    if framing == "binary":
        return serialize_binary_message(message | {"buffers": [b"x"]})
    names = ("header", "parent_header", "metadata", "content")
    return serialize_msg_to_ws_v1([json.dumps(message[n]).encode() for n in names], channel)


def received(answer: str | bytes | None, framing: str) -> tuple[str, dict[str, Any]]:
    assert answer is not None, "the server closed the connection"
    if framing == "v1":
        _, parts = deserialize_msg_from_ws_v1(answer)
        return json.loads(parts[0])["msg_type"], json.loads(parts[3])
    found = json.loads(answer) if isinstance(answer, str) else deserialize_binary_message(answer)
    return found["header"]["msg_type"], found["content"]


async def connect(server: Server, kernel: str, framing: str, **headers: str) -> Any:
    path = f"/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    url = server.origin.replace("http", "ws") + path
    request = HTTPRequest(url, headers={"Authorization": f"token {server.token}"} | headers)
    return await websocket_connect(request, subprotocols=[V1] if framing == "v1" else None)


def attacks(framing: str, marker: Path) -> list[Any]:
    """Frames that would touch `marker`, or do worse, on a kernel that takes them."""
    code = f"open({str(marker)!r}, 'w')"
    run = {"code": code, "silent": False, "store_history": False, "user_expressions": {"a": code}}
    kinds = {
        "execute_request": run, "inspect_request": {"code": code, "cursor_pos": 1},
        "complete_request": {"code": code, "cursor_pos": 1}, "history_request": {},
        "debug_request": {"command": "evaluate", "arguments": {"expression": code}},
        "input_reply": {"value": code}, "interrupt_request": {}, "is_complete_request": run,
        "shutdown_request": {"restart": False}, "create_subshell_request": {},
    }  # fmt: skip
    frames = [
        frame(framing, channel, kind, content)
        for channel in ("shell", "control", "stdin", "iopub", "hb", "")
        for kind, content in kinds.items()
    ]
    opened = {"comm_id": "c", "target_name": "danger", "data": {}, "target_module": "os"}
    frames += [
        frame(framing, "shell", "comm_open", opened),
        frame(framing, "control", "comm_open", opened | {"target_name": "jupyter.widget"}),
        frame(framing, "shell", "execute_request", run, version="4.0"),
        frame(framing, "shell", ["execute_request"], run),
        frame(framing, "shell", "comm_msg", run, msg_type="execute_request"),
        b"\xff" * 40, b"\x7f" + b"\xff" * 40, b"", "",
        "[]", "{}", "null", '{"channel": "shell", "header": 7}',
    ]  # fmt: skip
    return frames


async def attack(server: Server, page: str, framing: str, marker: Path) -> list[str]:
    """Send all attacks, then press the button; the kinds of messages up to the label's change."""
    button = re.search(r"button (\w+)", page)
    assert button
    socket_: WebSocketClientConnection = await connect(server, kernel_of(page), framing)
    for each in attacks(framing, marker):
        await socket_.write_message(each, binary=isinstance(each, bytes))
    press = {"method": "custom", "content": {"event": "click"}}
    content = {"comm_id": button[1], "data": press}
    message = frame(framing, "shell", "comm_msg", content)
    await socket_.write_message(message, binary=isinstance(message, bytes))
    heard = []
    while True:
        answer = await asyncio.wait_for(socket_.read_message(), PATIENCE_S)
        kind, content = received(answer, framing)
        heard.append(kind)
        if kind == "status" and content["execution_state"] == "idle" and "comm_msg" in heard:
            socket_.close()
            return heard


@pytest.mark.parametrize("framing", ["json", "binary", "v1"])
def test_a_viewer_works_widgets_and_cannot_execute_code(
    tiny: Server, project: Path, framing: str
) -> None:
    folder = project / "notebooks/dashboards"
    (folder / "clicked").unlink(missing_ok=True)
    page = text(tiny.ask("/"))
    heard = asyncio.run(attack(tiny, page, framing, folder / "marker"))
    assert (folder / "clicked").exists()
    assert not (folder / "marker").exists()
    assert set(heard) <= {"status", "comm_msg", "comm_open"}
    assert tiny.ask(f"/api/kernels/{kernel_of(page)}").code == 200
    assert "refused from a page: 'execute_request' on 'shell'" in tiny.log.read_text()
    assert tiny.ask(f"/voila/api/shutdown/{kernel_of(page)}", method="POST").code == 204
    assert tiny.ask(f"/api/kernels/{kernel_of(page)}").code == 404


def test_other_sites_reach_no_kernel_and_no_page(tiny: Server, page: str) -> None:
    for headers in (
        {"Authorization": "", "Origin": tiny.origin},
        {"Authorization": "", "Origin": "http://evil.example"},
        {"Host": "evil.example"},
    ):
        with pytest.raises(HTTPClientError, match="403"):
            asyncio.run(connect(tiny, kernel_of(page), "json", **headers))
    cookie = tiny.ask("/nothing").headers["Set-Cookie"].partition(";")[0]
    visitor = {"Authorization": "", "Cookie": cookie}
    strange = visitor | {"Origin": "http://evil.example"}
    with pytest.raises(HTTPClientError, match="403"):
        asyncio.run(connect(tiny, kernel_of(page), "json", **strange))
    asyncio.run(connect(tiny, kernel_of(page), "json", Origin=tiny.origin, **visitor))
    assert tiny.ask("/", headers={"Host": "evil.example"}).code == 403


def test_the_server_listens_on_loopback_only(tiny: Server) -> None:
    listening = [
        each.laddr.ip
        for each in psutil.Process(tiny.process.pid).net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}


def test_several_dashboards_are_listed_and_failures_stay_private(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks/dashboards"
    write(folder / "plain.ipynb", "print(6 * 7)", title="A <plain> one")
    write(folder / "broken_one.ipynb", "hidden = 'unsayable'\n1 / 0", "print('after')")
    with serving(tmp_path) as server:
        listed = text(server.ask("/"))
        assert '<a href="plain">A &lt;plain&gt; one</a>' in listed
        assert '<a href="broken_one">Broken one</a>' in listed
        assert "42" in text(server.ask("/plain"))
        broken = text(server.ask("/broken_one"))
        assert "The terminal that serves this dashboard says why." in broken
        assert not re.search("ZeroDivision|unsayable|Traceback|ipykernel_", broken)
        assert "ZeroDivisionError" in server.log.read_text()
        write(folder / "later.ipynb", "print('new')")
        assert "Later" in text(server.ask("/"))
        assert server.token not in server.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_server_and_kernels(tmp_path: Path, number: signal.Signals) -> None:
    busy = "import time\nprint('at work', flush=True)\ntime.sleep(1000)"
    path = write(tmp_path / "busy.ipynb", "print('done')")
    write(tmp_path / "notebooks/dashboards/busy.ipynb", busy)
    with serving(tmp_path, str(path)) as server:
        assert "done" in text(server.ask("/"))
        kernels = server.kernels()
        assert kernels
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE_S) == 0
        assert not [kernel for kernel in kernels if kernel.is_running()]
        assert server.log.read_text() == ""


def test_a_kernel_ends_when_its_viewer_has_gone(tmp_path: Path) -> None:
    path = write(tmp_path / "short.ipynb", "print('done')")
    code = "import sys; from workbench.dashboards.server import serve; "
    code += "serve(sys.argv[1], port=0, idle_s=1)"
    with serving(tmp_path, str(path), command=("-c", code)) as server:
        kernel = kernel_of(text(server.ask("/")))
        until(lambda: server.ask(f"/api/kernels/{kernel}").code == 404)
        until(lambda: len(server.kernels()) == 1)  # the warm one waits on
        assert "done" in text(server.ask("/"))


def test_a_taken_port_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "one.ipynb", "1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = ("-m", "workbench", "serve", "--port", str(port))
        with serving(tmp_path, str(path), command=command) as server:
            assert server.origin != f"http://127.0.0.1:{port}"
            assert server.ask("/nothing").code == 404


def test_what_cannot_be_served_is_said(tmp_path: Path) -> None:
    settings = Settings(project_dir=tmp_path)
    with pytest.raises(InputError, match="there is no dashboard in"):
        serve(settings=settings)
    one = write(tmp_path / "notebooks/dashboards/one.ipynb", "1")
    with pytest.raises(UnknownNameError, match=r"unknown dashboard 'on'; did you mean 'one'\?"):
        serve("on", settings=settings)
    with pytest.raises(InputError, match="a token of 5 characters; give 16 or more"):
        serve("one", settings=settings, token="short")
    assert find("one", tmp_path, DASHBOARDS) == find(one, tmp_path, DASHBOARDS) == one


def test_pages_hear_results_and_not_sources() -> None:
    assert gate.may_hear({"msg_type": "comm_msg"}, {})
    assert gate.may_hear({"msg_type": "stream"}, {"name": "stdout", "text": "x"})
    assert not gate.may_hear({"msg_type": "stream"}, {"name": "stderr", "text": "x"})
    for kind in ("execute_input", "execute_reply", "debug_event", "history_reply", None):
        assert not gate.may_hear({"msg_type": kind}, {})


def test_a_browser_shows_the_dashboard_in_light_and_dark(tiny: Server) -> None:
    backgrounds = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 17, 17)"}
    views = [("dark", "", "dark"), ("dark", "&theme=light", "light")]
    with chromium() as browser:
        for preferred, query, shown in views:
            seen = Seen(browser, color_scheme=preferred)
            seen.page.goto(f"{tiny.url}{query}", wait_until="commit")
            seen.page.wait_for_selector("#loading >> text=Loading Tiny", state="attached")
            background = "getComputedStyle(document.documentElement).backgroundColor"
            assert seen.page.evaluate(background) == backgrounds[shown]
            seen.page.get_by_role("button", name="Press").click()
            seen.page.get_by_text("pressed").wait_for()
            seen.page.wait_for_selector(".js-plotly-plot .trace", state="attached")
            seen.page.wait_for_selector("#loading", state="detached")
            cells = "getComputedStyle(document.querySelector('#rendered_cells')).backgroundColor"
            assert seen.page.evaluate(cells) == backgrounds[shown]
            assert (
                seen.page.evaluate("document.body.dataset.jpThemeLight")
                == str(shown == "light").lower()
            )
            for width in (1280, 420):
                seen.page.set_viewport_size({"width": width, "height": 800})
                wide = "document.documentElement.scrollWidth <= innerWidth"
                seen.page.wait_for_function(wide)
            assert "token" not in seen.page.url
            assert seen.hosts == {"127.0.0.1"}
            assert seen.complaints == []
            seen.page.close()
