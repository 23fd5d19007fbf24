"""The command line of emostage-top."""
import argparse
import locale
import os
import shutil
import sys
import time

from . import screen
from .fetch import Fetcher
from .model import Model

ONCE_WIDTH = 160  # where no terminal says


def _address(text):
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"HOST:PORT is wanted, not {text!r}")
    return text


def arguments(argv=None):
    parser = argparse.ArgumentParser(
        prog="emostage-top", description="Brokers, workers, model servers and queues, each second anew. "
        "Keys: q quit, p pause, s sort, arrows scroll, h help.")
    parser.add_argument("--broker", type=_address, action="append", metavar="HOST:PORT",
                        help="admin pages of a broker, which names its workers' (default: 127.0.0.1:7704)")
    parser.add_argument("--worker", type=_address, action="append", default=[], metavar="HOST:PORT",
                        help="admin pages of a worker that no broker here names")
    parser.add_argument("--gateway", type=_address, action="append", default=[], metavar="HOST:PORT",
                        help="an emostage-gateway")
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="default: 1")
    parser.add_argument("--once", action="store_true", help="print it once, as plain text, and leave")
    parser.add_argument("--ascii", action="store_true", help="nothing but ASCII")
    options = parser.parse_args(argv)
    if not 0.2 <= options.interval <= 60:
        parser.error("--interval: from 0.2 to 60 seconds")
    options.broker = options.broker or ["127.0.0.1:7704"]
    return options


def _speaks_utf8():
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        return False  # LANG names a locale that is not there
    return "utf" in locale.getpreferredencoding(False).lower()


def _print(model, ascii_only, width):
    for line in screen.render(model, screen.View(), width, -1, ascii_only=ascii_only)[:-1]:
        print("".join(text for text, _ in line).rstrip())
    sys.stdout.flush()


def _round(model, fetcher):
    fetched = fetcher.start(model.wanted())
    while not fetcher.done(fetched):
        time.sleep(0.01)
    model.on(time.monotonic(), fetcher.pages(fetched))


def once(model, fetcher, interval, ascii_only):
    """0: some broker answered."""
    _round(model, fetcher)
    _round(model, fetcher)  # the workers that the broker has named
    time.sleep(interval)
    _round(model, fetcher)
    _print(model, ascii_only, shutil.get_terminal_size((ONCE_WIDTH, 24)).columns)
    return 0 if any(broker.here for broker in model.of("broker")) else 1


def main(argv=None):
    options = arguments(argv)
    ascii_only = options.ascii or not _speaks_utf8()
    model = Model(options.broker, options.worker, options.gateway)
    with Fetcher() as fetcher:
        try:
            if options.once or not sys.stdout.isatty() or not sys.stdin.isatty():
                return once(model, fetcher, options.interval, ascii_only)
            return _watch(model, fetcher, options.interval, ascii_only)
        except KeyboardInterrupt:
            return 0
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads on
            return 0


def _watch(model, fetcher, interval, ascii_only):
    try:
        import curses

        from . import terminal
    except ImportError:
        curses = None
    if curses is not None:
        try:
            terminal.run(model, fetcher, interval, ascii_only)
            return 0
        except curses.error:
            pass  # a terminal that can do nothing
    print("emostage-top: this terminal cannot be drawn on; here it is once:", file=sys.stderr)
    return once(model, fetcher, interval, ascii_only)
