"""
Chromium without a window, driven over its DevTools protocol: one browser a run, a fresh profile (cookies, storage) for each page.

    def test_the_dashboard(server, page):
        page.goto("/admin/")                      # of the test's `server`
        page.wait_text("Deltas")
        page.click("button", text="Restart")
        page.fill("#name", "Skiff")
        page.screenshot("dashboard")

Everything waits for what it needs. Whatever the page writes to its console as an error, an uncaught exception, or a request that
failed fails the test at its end, unless `page.allow(REGEX)` said that it may. Nothing but this machine can be reached.
"""
import base64
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .process import end_with_us
from .waiting import Late, eventually

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
DEADLINE = 30.0  # a page of some megabytes on a small machine
REPOSITORY = Path(__file__).resolve().parents[3]
# Where screenshots go: every one of them to the first folder, those of the README also to the second, when it is given.
SCREENSHOTS = Path(os.environ.get("SKIFF_SCREENSHOTS") or REPOSITORY / "build-logs" / "screenshots")
PICTURES = os.environ.get("SKIFF_PICTURES")

# Finds an element by selector, or by selector and text; the innermost with that text, visible ones only.
FIND = """
(selector, text, index) => {
  const seen = e => { const b = e.getBoundingClientRect(); return b.width > 0 && b.height > 0 && getComputedStyle(e).visibility !== 'hidden' }
  const says = e => (e.innerText || e.value || '').replace(/\\s+/g, ' ').trim()
  const all = [...document.querySelectorAll(selector)].filter(seen)
  if (text === null) return all[0]
  const same = all.filter(e => says(e) === text)
  const fits = same.length ? same : all.filter(e => says(e).includes(text))
  return fits.sort((a, b) => says(a).length - says(b).length)[index || 0]
}
"""


class BrowserError(AssertionError):
    """Something that the page did, or that could not be done with it."""


class Browser:
    """One Chromium process and the socket to it."""

    def __init__(self, program, profile):
        self.profile = str(profile)
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio",
             "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
             "--disable-features=Translate,MediaRouter,OptimizationHints", "--password-store=basic", "--use-gl=angle", "--use-angle=swiftshader",
             "--enable-unsafe-swiftshader", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
             "--force-color-profile=srgb", "--lang=en-GB", "--remote-debugging-port=0", f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_us,
            env={**os.environ, "TZ": "UTC", "LANG": "C.UTF-8"})
        where = Path(self.profile) / "DevToolsActivePort"

        def address():
            lines = where.read_text().split("\n")
            return len(lines) == 2 and f"ws://127.0.0.1:{lines[0]}{lines[1]}"

        try:
            self.open = connect(eventually(address, "the start of Chromium", 60), compression=None, proxy=None, max_size=None,
                                max_queue=None, ping_interval=None, close_timeout=1, open_timeout=30)
            self.socket = self.open.__enter__()
        except BaseException:
            self.close()
            raise
        self.numbers = itertools.count(1)
        self.news = threading.Condition()
        self.answers = {}
        self.pages = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for text in self.socket:
                message = json.loads(text)
                with self.news:
                    if "id" in message:
                        self.answers[message["id"]] = message
                    elif message.get("sessionId") in self.pages:
                        self.pages[message["sessionId"]].take(message["method"], message["params"])
                    self.news.notify_all()
        except (ConnectionClosed, OSError):
            pass

    def post(self, method, session=None, **params):
        """Sends a command; its number."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}))
        return number

    def call(self, method, session=None, timeout=DEADLINE, **params):
        number = self.post(method, session, **params)
        end = time.monotonic() + timeout
        with self.news:
            while number not in self.answers:
                if not self.news.wait(max(0.0, end - time.monotonic())) and time.monotonic() > end:
                    raise Late(f"Chromium did not answer {method} within {timeout} s")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def page(self, base="", width=1280, height=800):
        """A page with a profile of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context, width=width, height=height)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target, context, base)
        with self.news:
            self.pages[session] = page
        page.begin(width, height)
        return page

    def close(self):
        if hasattr(self, "socket"):
            try:
                self.post("Browser.close")
                self.process.wait(10)
            except (ConnectionClosed, OSError, subprocess.TimeoutExpired):
                pass
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # the group that it was started as
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """A tab. `base` stands before paths: "http://127.0.0.1:3000"."""

    def __init__(self, browser, session, target, context, base):
        self.browser, self.session, self.target, self.context, self.base = browser, session, target, context, base
        self.errors = []    # texts
        self.dialogs = []   # texts of alert(), confirm(), prompt(); each is answered with OK
        self.requests = {}  # request id -> {"method", "url", "status", "type"}, in order of their beginning
        self.messages = []  # WebSocket messages: (True: sent, text)
        self.allowed = []
        self.loads = 0

    # ---- events; on the reading thread ----

    def take(self, method, params):
        handler = getattr(self, "_on_" + method.replace(".", "_"), None)
        if handler:
            handler(params)

    def _on_Page_loadEventFired(self, params):
        self.loads += 1

    def _on_Page_javascriptDialogOpening(self, params):
        self.dialogs.append(params["message"])
        self.browser.post("Page.handleJavaScriptDialog", self.session, accept=True)

    def _on_Runtime_consoleAPICalled(self, params):
        if params["type"] in ("error", "assert"):
            said = [str(a.get("value", a.get("description", ""))) for a in params["args"]]
            self.errors.append("console: " + " ".join(said))

    def _on_Runtime_exceptionThrown(self, params):
        details = params["exceptionDetails"]
        self.errors.append("uncaught: " + details.get("exception", {}).get("description", details["text"]))

    def _on_Log_entryAdded(self, params):
        entry = params["entry"]
        if entry["level"] == "error":
            self.errors.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")

    def _on_Network_requestWillBeSent(self, params):
        request = params["request"]
        self.requests[params["requestId"]] = {"method": request["method"], "url": request["url"], "status": None,
                                              "type": params.get("type"), "body": request.get("postData")}

    def _on_Network_responseReceived(self, params):
        if params["requestId"] in self.requests:
            self.requests[params["requestId"]]["status"] = params["response"]["status"]

    def _on_Network_webSocketFrameSent(self, params):
        self.messages.append((True, params["response"]["payloadData"]))

    def _on_Network_webSocketFrameReceived(self, params):
        self.messages.append((False, params["response"]["payloadData"]))
        del self.messages[:-5000]

    # ---- commands ----

    def begin(self, width, height):
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.command(domain + ".enable")
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setFocusEmulationEnabled", enabled=True)

    def command(self, method, timeout=DEADLINE, **params):
        return self.browser.call(method, self.session, timeout, **params)

    def goto(self, path):
        """A path of the server, or a whole URL. Returns when the page is loaded (at once for a change behind '#')."""
        return self._loading(lambda: self.command("Page.navigate", url=path if "://" in path else self.base + path))

    def reload(self):
        self._loading(lambda: self.command("Page.reload"))

    def _loading(self, begin):
        before = self.loads
        answer = begin() or {}
        if "errorText" in answer:
            raise BrowserError(answer["errorText"])
        if answer.get("loaderId") or "frameId" not in answer:
            eventually(lambda: self.loads > before, "the page being loaded", DEADLINE)

    def run(self, script, *args):
        """The value of a JavaScript expression, awaited; with `args`, of that function called with them."""
        if args:
            script = f"({script})({', '.join(json.dumps(a) for a in args)})"
        answer = self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, script, *args, timeout=DEADLINE, what=None):
        """Until the expression is true; its value."""
        return self.until(lambda: self.run(script, *args), what or script, timeout)

    def until(self, probe, what, timeout=DEADLINE):
        """As eventually(), with a picture of the page when it fails."""
        try:
            return eventually(probe, what, timeout, every=0.1)
        except Late as late:
            raise Late(f"{late}\n{self.report()}") from None

    def text(self, selector="body"):
        return self.run("s => document.querySelector(s)?.innerText || ''", selector)

    def wait_text(self, wanted, selector="body", timeout=DEADLINE):
        """Until the text of the element contains the words, or matches the compiled pattern; the text."""
        def look():
            text = self.text(selector)
            return (wanted.search(text) if isinstance(wanted, re.Pattern) else wanted in text) and text

        return self.until(look, f"{wanted!r} on the page", timeout)

    def wait_gone(self, text, selector="body", timeout=DEADLINE):
        self.wait("(s, t) => !(document.querySelector(s)?.innerText || '').includes(t)", selector, text, timeout=timeout)

    def report(self):
        """What the page looked like, for the message of a test that failed."""
        name = f"failed-{os.environ.get('PYTEST_CURRENT_TEST', 'page').split('::')[-1].split(' ')[0]}"
        try:
            self.screenshot(re.sub(r"[^A-Za-z0-9_.-]", "_", name))
            shown = self.text()[:1500]
        except (AssertionError, ConnectionClosed, OSError) as error:
            shown = f"(no picture: {error})"
        return f"--- the page at {self.run('location.href')}:\n{shown}\n--- its errors: {self.errors[-10:]}"

    # ---- hands ----

    def _point(self, selector, text, index):
        found = self.wait(f"""(selector, text, index) => {{
            const e = ({FIND})(selector, text, index); if (!e) return null
            e.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}})
            const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]
        }}""", selector, text, index, what=f"{selector} {text or ''} on the page")
        return {"x": found[0], "y": found[1]}

    def click(self, selector, text=None, count=1, index=0):
        """The first (or `index`-th) visible element that fits; `text` is its whole text, else a part of it."""
        point = self._point(selector, text, index)
        self.command("Input.dispatchMouseEvent", type="mouseMoved", **point)
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, button="left", clickCount=count, **point)

    def tap(self, selector, text=None):
        """A click that reaches its element while it still glides into its place, once it can be pressed."""
        self.wait(f"""(selector, text) => {{
            const e = ({FIND})(selector, text); if (!e || e.disabled) return false
            e.click(); return true
        }}""", selector, text, what=f"{selector} {text or ''} to press")

    def drag(self, start, end, steps=8):
        """From point to point, (x, y) in pixels of the page."""
        self.command("Input.dispatchMouseEvent", type="mouseMoved", x=start[0], y=start[1])
        self.command("Input.dispatchMouseEvent", type="mousePressed", button="left", clickCount=1, x=start[0], y=start[1])
        for step in range(1, steps + 1):
            x, y = (a + (b - a) * step / steps for a, b in zip(start, end))
            self.command("Input.dispatchMouseEvent", type="mouseMoved", button="left", buttons=1, x=x, y=y)
        self.command("Input.dispatchMouseEvent", type="mouseReleased", button="left", clickCount=1, x=end[0], y=end[1])

    def type(self, text):
        """Into what has the focus, as one insertion."""
        self.command("Input.insertText", text=text)

    def press(self, key, code=None):
        """A key by its name: "Enter", "Escape", "Tab"."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "Backspace": 8, "ArrowDown": 40, "ArrowUp": 38}
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.command("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, windowsVirtualKeyCode=codes.get(key, 0), **more)

    def fill(self, selector, value):
        """Replaces what an input field holds."""
        self.click(selector)
        self.run(f"selector => {{ const e = ({FIND})(selector, null); e.focus(); e.select && e.select() }}", selector)
        self.type(str(value)) if str(value) else self.press("Backspace")

    def select(self, selector, label):
        """An option of a <select>, by its value or its text."""
        self.wait(f"""(selector, label) => {{
            const e = ({FIND})(selector, null); if (!e) return false
            const o = [...e.options].find(o => o.value === label || o.text.trim() === label); if (!o) return false
            Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(e, o.value)
            e.dispatchEvent(new Event('input', {{bubbles: true}})); e.dispatchEvent(new Event('change', {{bubbles: true}}))
            return true
        }}""", selector, label, what=f"option {label!r} of {selector}")

    def upload(self, selector, file):
        """A file for an <input type=file>, which may be hidden."""
        root = self.command("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        if not node:
            raise BrowserError(f"no {selector} on the page")
        self.command("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def download_to(self, folder):
        self.browser.call("Browser.setDownloadBehavior", behavior="allow", browserContextId=self.context, downloadPath=str(folder))

    # ---- what is seen ----

    def screenshot(self, name, picture=False, quality=None):
        """<name>.png in the folder of screenshots; with `picture` it is one of the README's."""
        self.run("Promise.all(document.getAnimations().filter(a => a.effect.getComputedTiming().endTime < 1e6).map(a => a.finished.catch(() => 0)))"
                 ".then(() => 1)")  # pages fade in
        data = base64.b64decode(self.command("Page.captureScreenshot", format="png", optimizeForSpeed=False, timeout=60)["data"])
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        (SCREENSHOTS / f"{name}.png").write_bytes(data)
        if picture and PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            (Path(PICTURES) / f"{name}.png").write_bytes(data)
        return data

    def calls(self):
        """[(method, path with query, status)] of the requests to the server, in their order."""
        return [(r["method"], r["url"][len(self.base):], r["status"]) for r in list(self.requests.values()) if r["url"].startswith(self.base + "/")]

    # ---- what went wrong ----

    def allow(self, *patterns):
        """Errors that contain a match are no failure."""
        self.allowed += [re.compile(p) for p in patterns]
        return self

    def complaints(self):
        return [e for e in self.errors if not any(p.search(e) for p in self.allowed)]

    def check(self):
        wrong = self.complaints()
        assert not wrong, "errors in the browser's console:\n" + "\n".join(wrong[:20])

    def close(self):
        with self.browser.news:
            self.browser.pages.pop(self.session, None)
        try:
            self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)
        except (AssertionError, ConnectionClosed, OSError):
            pass


def start(profile):
    """A browser with its files in the folder `profile`, or the test is skipped, visibly."""
    program = os.environ.get("SKIFF_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("needs chromium")
    return Browser(program, profile)
