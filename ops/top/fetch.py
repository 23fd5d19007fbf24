"""Admin pages, fetched by threads: no page holds another one up, nor the screen."""
import concurrent.futures
import http.client
import json

from . import samples

TIMEOUT_S = 0.8
BYTES_MAX = 8 * 1024 * 1024  # of one page
THREADS_MAX = 16


def _get(address, path):
    """The body of a page; None where there is no whole one."""
    host, _, port = address.rpartition(":")
    try:
        connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=TIMEOUT_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read(BYTES_MAX + 1)
            if answer.status != 200 or len(body) > BYTES_MAX:
                return None
            return body.decode("utf-8", "replace")
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return None


def fetch(address, paths):
    """(samples or None, {path: JSON}) of one process."""
    metrics, extra = None, {}
    for path in paths:
        body = _get(address, path)
        if body is None:
            if path == "/metrics":
                return None, {}
            continue
        try:
            if path == "/metrics":
                metrics = samples.parse(body)
            else:
                extra[path] = json.loads(body)
        except ValueError:  # of a page that is none too
            if path == "/metrics":
                return None, {}
    return metrics, extra


class Fetcher:
    """All processes at once. One thread asks for a round at a time."""

    def __init__(self):
        self._pool = concurrent.futures.ThreadPoolExecutor(THREADS_MAX, "fetch")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self, wanted):
        return {address: self._pool.submit(fetch, address, paths) for address, paths in wanted}

    @staticmethod
    def done(round_):
        return all(future.done() for future in round_.values())

    @staticmethod
    def pages(round_):
        return {address: future.result() for address, future in round_.items()}
