"""Chromium for the tests: node runs browser.mjs, which is told what to do over a pipe."""
import json
import os
import pathlib
import queue
import shutil
import subprocess
import threading

from processes import die_with_parent
from wanted import missing, npm_packages

HERE = pathlib.Path(__file__).resolve().parent
ANSWER_S = 60.0  # more than any time-out inside browser.mjs
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def require(folder):
    """Node's packages in `folder`; the paths of node and Chromium. Raises SkipTest where they cannot be."""
    chromium = os.environ.get("EMOSTAGE_CHROMIUM") or next(
        filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if not chromium:
        missing("chromium is not installed")
    return npm_packages(HERE, folder), chromium


class Browser:
    def __init__(self, folder):
        node, chromium = require(folder)
        with open(folder / "browser.log", "ab") as log:
            self._popen = subprocess.Popen(
                [node, HERE / "browser.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, text=True, preexec_fn=die_with_parent,
                env={**os.environ, "EMOSTAGE_NODE": str(folder), "EMOSTAGE_CHROMIUM": chromium})
        self._answers = queue.Queue()
        self._asked = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.version = self._answer(0)

    def _read(self):
        for line in self._popen.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _answer(self, wanted):
        answer = self._answers.get(timeout=ANSWER_S)
        if answer is None:
            raise AssertionError("the browser ended: see browser.log")
        assert answer["id"] == wanted, answer
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def do(self, command, **more):
        self._asked += 1
        self._popen.stdin.write(json.dumps({"id": self._asked, "do": command, **more}) + "\n")
        self._popen.stdin.flush()
        return self._answer(self._asked)

    def tab(self, width=1280, height=800, scheme="light", locale="en-GB", motion="reduce",
            touch=False):
        return Tab(self, self.do("open", width=width, height=height, scheme=scheme, locale=locale,
                                 motion=motion, touch=touch))

    def close(self):
        if self._popen.poll() is None:
            self._popen.stdin.close()
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        self._reader.join(10)
        self._popen.stdout.close()


class Tab:
    def __init__(self, browser, name):
        self._browser, self._name = browser, name
        self.closed = False

    def _do(self, command, **more):
        return self._browser.do(command, page=self._name, **more)

    def close(self):
        self.closed = True
        self._do("close")

    def go(self, address):
        self._do("call", method="goto", args=[address])

    def reload(self):
        self._do("call", method="reload", args=[])

    def click(self, selector):
        self._do("call", method="click", args=[selector])

    def choose(self, selector, value):
        self._do("call", method="selectOption", args=[selector, value])

    def fill(self, selector, text):
        self._do("call", method="fill", args=[selector, text])

    def resize(self, width, height):
        self._do("call", method="setViewportSize", args=[{"width": width, "height": height}])

    def dress(self, scheme):
        self._do("call", method="emulateMedia", args=[{"colorScheme": scheme}])

    def press(self, *keys):
        for key in keys:
            self._do("keyboard", method="press", args=[key])

    def type(self, text):
        self._do("keyboard", method="type", args=[text])

    def evaluate(self, expression):
        return self._do("evaluate", expression=expression)

    def wait(self, expression, seconds=30.0):
        self._do("wait", expression=expression, ms=int(seconds * 1000))

    def cdp(self, method, **params):
        return self._do("cdp", method=method, params=params)

    def answer(self, url, method, times=1, status=200, headers=None, body=""):
        self._do("answer", url=url, method=method, times=times, status=status,
                 headers=headers or {}, body=body)

    def look(self, path, full=False):
        self._do("look", path=str(path), full=full)

    def axe(self):
        return self._do("axe")

    def wrongs(self):
        return self._do("wrongs")

    # --- of the page ---------------------------------------------------------------------------

    def text(self, selector):
        """Of the last element that matches; None where there is none."""
        quoted = json.dumps(selector)
        return self.evaluate(f"[...document.querySelectorAll({quoted})].at(-1)?.textContent ?? null")

    def count(self, selector):
        return self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")

    def turns(self):
        """The turns as the tab keeps them for a reload."""
        return json.loads(self.evaluate(
            "sessionStorage.getItem('emostage.conversation') ?? '{}'")).get("turns", [])

    def wait_for_text(self, selector, text, seconds=30.0):
        self.wait(f"[...document.querySelectorAll({json.dumps(selector)})].at(-1)?.textContent"
                  f".includes({json.dumps(text)})", seconds)

    def wait_for_reply_chars(self, chars, seconds=30.0):
        self.wait("[...document.querySelectorAll('.reply')].at(-1)?.textContent.length"
                  f" >= {chars}", seconds)

    def wait_for_end(self, seconds=60.0):
        self.wait("JSON.parse(sessionStorage.getItem('emostage.conversation')).turns.length > 0 &&"
                  "JSON.parse(sessionStorage.getItem('emostage.conversation'))"
                  ".turns.every((turn) => turn.outcome)", seconds)

    def say(self, text):
        self.fill("#say", text)
        self.press("Enter")
