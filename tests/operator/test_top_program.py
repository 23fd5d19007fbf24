"""emostage-top as a program: printed once, and on a terminal, against pages that are served here."""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "ops" / "emostage-top"


class Pages:
    """Admin pages whose counters grow with each look."""

    def __init__(self):
        self.looks = 0
        self.workers = []
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = pages.body(self.path).encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def body(self, path):
        if path == "/workers":
            return json.dumps({"workers": self.workers})
        if path == "/queue":
            return json.dumps({"waiting_by_gateway": {"g1": 2}})
        if path != "/metrics":
            return ""
        self.looks += 1
        return (f'emostage_turns_total{{outcome="completed"}} {1000 * self.looks}\n'
                'emostage_workers{state="ready"} 2\nemostage_takes_turns 1\nemostage_worker_slots 8\n'
                'emostage_worker_slots_used 2\n')

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *arguments, rows=24, columns=80, term="xterm-256color"):
        self._master, slave = pty.openpty()
        self.resize(rows, columns, slave)
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, "--interval", "0.2", *arguments], stdin=slave, stdout=slave, stderr=slave,
            env=os.environ | {"TERM": term, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}, start_new_session=True)
        os.close(slave)
        self.text = ""

    def resize(self, rows, columns, descriptor=None):
        fcntl.ioctl(descriptor or self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, pattern, timeout=30.0):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no {pattern} within {timeout} s: {self.text[-2000:]!r}")
            if select.select([self._master], [], [], left)[0]:
                try:
                    self.text += os.read(self._master, 65536).decode("utf-8", "replace")
                except OSError:  # the program has ended
                    if not re.search(pattern, self.text):
                        raise AssertionError(f"it ended without {pattern}: {self.text[-2000:]!r}") from None
        return self

    def press(self, keys):
        self.text = ""
        os.write(self._master, keys.encode())
        return self

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)


class Program(unittest.TestCase):
    def setUp(self):
        self.pages = Pages()
        self.addCleanup(self.pages.close)

    def terminal(self, *arguments, **settings):
        terminal = Terminal(*arguments, **settings)
        self.addCleanup(terminal.close)
        return terminal

    def once(self, *arguments, **environment):
        return subprocess.run([sys.executable, PROGRAM, "--once", "--interval", "0.2", *arguments], text=True,
                              capture_output=True, timeout=60, encoding="utf-8",
                              env=os.environ | {"LC_ALL": "C.UTF-8"} | environment)

    def test_once_prints_plain_text(self):
        self.pages.workers = [{"worker": "w1", "admin": self.pages.address}]
        done = self.once("--broker", self.pages.address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("brokers 1/1", done.stdout)
        self.assertRegex(done.stdout, r"\d+(k|\.\d)?/s completed")
        self.assertIn("waiting  g1 2", done.stdout)

    def test_once_without_a_broker_says_so_and_fails(self):
        self.pages.close()
        done = self.once("--broker", self.pages.address)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no answer", done.stdout)

    def test_where_the_locale_has_no_utf8_it_is_ascii(self):
        done = self.once("--broker", self.pages.address, LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.isascii())
        done = self.once("--broker", self.pages.address, "--ascii")
        self.assertTrue(done.stdout.isascii())

    def test_a_reader_who_leaves_is_no_error(self):
        done = subprocess.run(f"'{sys.executable}' '{PROGRAM}' --once --broker {self.pages.address} | head -n 1",
                              shell=True, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stderr, "")

    def test_wrong_arguments_are_refused_with_a_sentence(self):
        for arguments in (["--broker", "7704"], ["--broker", "x:0"], ["--interval", "0"], ["--nonsense"]):
            done = subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("emostage-top: error:", done.stderr)

    def test_on_a_terminal_it_is_drawn_anew_and_left_with_q(self):
        terminal = self.terminal("--broker", self.pages.address)
        terminal.read_until("brokers 1/1").read_until("completed").read_until("/s")
        looks = self.pages.looks
        terminal.press("h").read_until("acceptance")
        terminal.press("q")
        self.assertEqual(terminal.process.wait(10), 0)
        terminal.read_until(r"\x1b\[\?1049l")  # the screen that was there before is back
        self.assertGreater(self.pages.looks, looks - 1)

    def test_a_pause_asks_nobody(self):
        terminal = self.terminal("--broker", self.pages.address).read_until("brokers 1/1")
        terminal.press("p").read_until("paused")
        time.sleep(0.5)  # what was under way comes to its end
        looks = self.pages.looks
        time.sleep(1.0)
        self.assertEqual(self.pages.looks, looks)
        terminal.press("p").read_until("/s")
        terminal.press("q")
        self.assertEqual(terminal.process.wait(10), 0)

    def test_it_follows_a_window_that_changes_its_size_even_to_nearly_nothing(self):
        terminal = self.terminal("--broker", self.pages.address).read_until("brokers 1/1")
        for rows, columns in ((2, 10), (1, 1), (60, 200), (24, 80)):
            terminal.resize(rows, columns)
            os.kill(terminal.process.pid, 28)  # SIGWINCH
            looks = self.pages.looks
            end = time.monotonic() + 30
            while self.pages.looks < looks + 2 and time.monotonic() < end:
                select.select([terminal._master], [], [], 0.05)[0] and os.read(terminal._master, 65536)
            self.assertIsNone(terminal.process.poll(), "it goes on")
        terminal.press("q")
        self.assertEqual(terminal.process.wait(10), 0)

    def test_a_terminal_without_colour_will_do_and_one_that_can_do_nothing_gets_text(self):
        self.terminal("--broker", self.pages.address, term="vt100").read_until("brokers 1/1")
        poor = self.terminal("--broker", self.pages.address, term="no-such-terminal")
        poor.read_until("cannot be drawn on").read_until("brokers 1/1")
        self.assertEqual(poor.process.wait(10), 0)

    def test_nothing_more_is_sent_where_nothing_changes(self):
        self.pages.close()  # a broker that does not answer changes only its clock
        terminal = self.terminal("--broker", self.pages.address).read_until("no answer")
        terminal.text = ""
        time.sleep(1.5)
        terminal.press("s").read_until("runs")
        self.assertLess(len(terminal.text), 1500, "not the whole screen anew each time")


if __name__ == "__main__":
    unittest.main()
