"""Chromium without a screen, driven over the DevTools protocol on two pipes: no port, no driver, no library.

With `--remote-debugging-pipe` Chromium reads commands from file descriptor 3 and writes answers and events to 4, each a
JSON text that ends with a NUL byte (<https://chromedevtools.github.io/devtools-protocol/>).
"""

from __future__ import annotations

import json
import os
import select
import shlex
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

PROGRAM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_CHROMIUM: Final = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not on PATH")

_FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--mute-audio",
)
_KEYS: Final = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32}
_PATIENCE: Final = 60.0


class Chromium:
    """The browser; `page` opens a tab."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._buffer = b""
        self._count = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The result of one command; events that come in between are kept."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        data = json.dumps({**message, "sessionId": session} if session else message).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def page(
        self, path: Path, fragment: str = "", *, width: int = 1300, height: int = 1000, script: bool = True
    ) -> Page:
        """A tab with a file in it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.prefer()
        if not script:
            page.call("Emulation.setScriptExecutionDisabled", value=True)
        page.go(path.as_uri() + fragment)
        return page

    def _read(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(until - time.monotonic(), 0))
            chunk = os.read(self._answers, 1 << 20) if ready else b""
            assert chunk, "Chromium does not answer"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded


class Page:
    """One tab: it is looked at with JavaScript, and used with a mouse and a keyboard."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command to this tab."""
        return self._browser.call(method, self._session, **parameters)

    def events(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the events of that name so far."""
        self.evaluate("0")  # what was under way arrives before the answer
        mine = [each for each in self._browser.events if each.get("sessionId") == self._session]
        return [each["params"] for each in mine if each["method"] == method]

    def go(self, url: str) -> None:
        """Open an address and wait until it is loaded."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, as JSON has it; promises are awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until an expression is true."""
        until = time.monotonic() + _PATIENCE
        while not self.evaluate(expression):
            assert time.monotonic() < until, f"`{expression}` never became true"
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """What people read in the first element that matches."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def texts(self, selector: str) -> list[str]:
        """What people read in every element that matches."""
        found: list[str] = self.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.innerText.trim())"
        )
        return found

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of the first element that matches."""
        x, y = self.evaluate(
            "(() => { const each = document.querySelector(" + json.dumps(selector) + ");"
            "each.scrollIntoView({ block: 'center', behavior: 'instant' });"
            "const box = each.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """A key, at what has the focus."""
        text = {"text": {"Enter": "\r"}.get(key, key)} if key in {"Enter", " "} else {}
        named = {"key": key, "windowsVirtualKeyCode": _KEYS[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def type(self, selector: str, text: str) -> None:
        """Text into a field."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def choose(self, selector: str, value: str) -> None:
        """An entry of a list; what the browser's own pop-up does is not reachable from outside."""
        self.evaluate(
            f"(() => {{ const each = document.querySelector({json.dumps(selector)}); each.value = {json.dumps(value)};"
            "each.dispatchEvent(new Event('change', { bubbles: true })) })()"
        )

    def prefer(self, **features: str) -> None:
        """What the person prefers, such as `prefers_color_scheme="dark"`; always no motion, under which clicks miss."""
        wanted = {"prefers_reduced_motion": "reduce", **features}
        told = [{"name": name.replace("_", "-"), "value": value} for name, value in wanted.items()]
        self.call("Emulation.setEmulatedMedia", features=told)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """What is seen, as PNG."""
        path.write_bytes(b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))

    def pdf(self) -> bytes:
        """What a printer gets."""
        return b64decode(self.call("Page.printToPDF", printBackground=True)["data"])


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """A browser of its own profile in `folder`, ended with the block."""
    commands_in, commands_out = os.pipe()
    answers_in, answers_out = os.pipe()
    flags = [*_FLAGS, f"--user-data-dir={folder / 'profile'}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    line = f"exec {shlex.join([str(PROGRAM), *flags])} 3<&{commands_in} 4>&{answers_out}"
    process = subprocess.Popen(
        ["bash", "-c", line],
        pass_fds=(commands_in, answers_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands_in)
    os.close(answers_out)
    browser = Chromium(commands_out, answers_in)
    try:
        yield browser
        browser.call("Browser.close")
    finally:
        os.close(commands_out)
        os.close(answers_in)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
