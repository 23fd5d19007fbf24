"""ops/find-endpoint against small HTTP servers of its own."""
import http.server
import importlib.machinery
import importlib.util
import contextlib
import io
import os
import pathlib
import socketserver
import threading
import unittest
from unittest import mock

OPS = pathlib.Path(__file__).resolve().parents[2] / "ops"


def load(path):
    loader = importlib.machinery.SourceFileLoader(path.name.replace("-", "_"), str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


find_endpoint = load(OPS / "find-endpoint")


@contextlib.contextmanager
def server(answer):
    """Its URL up to and with /v1; `answer(path, headers)` gives a status and a body."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answer(self.path, self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}/v1"
        finally:
            running.shutdown()
            thread.join()


def lists(*ids):
    body = '{"object":"list","data":[%s]}' % ",".join('{"id":"%s"}' % i for i in ids)
    return lambda path, _: (200, body.encode()) if path == "/v1/models" else (404, b"{}")


CLOSED = "http://127.0.0.1:9/v1"


class FindEndpoint(unittest.TestCase):
    def found(self, usual=(), **variables):
        environment = {"EMOSTAGE_LLM_" + name.upper(): value for name, value in variables.items()}
        out, self.told = io.StringIO(), io.StringIO()
        with mock.patch.dict(os.environ, environment, clear=True), \
                mock.patch.object(find_endpoint, "USUAL", [(f"server {i}", url) for i, url in enumerate(usual)]
                                  or [("nobody", CLOSED)]), \
                contextlib.redirect_stdout(out), contextlib.redirect_stderr(self.told):
            find_endpoint.main()
        return out.getvalue()

    def test_where_nobody_answers_nothing_is_printed(self):
        self.assertEqual(self.found(), "")

    def test_the_first_usual_server_with_a_model_is_taken(self):
        with server(lists()) as empty, server(lists("one", "two")) as full:
            self.assertEqual(self.found([CLOSED, empty, full]), f"{full} one\n")
            self.assertIn("does not have a chat model", self.told.getvalue())

    def test_a_model_that_only_embeds_is_no_chat_model(self):
        with server(lists("nomic-embed-text", "llama")) as url:
            self.assertEqual(self.found([url]), f"{url} llama\n")

    def test_a_named_model_is_looked_for_on_the_usual_servers(self):
        with server(lists("one")) as first, server(lists("two")) as second:
            self.assertEqual(self.found([first, second], model="two"), f"{second} two\n")
            self.assertEqual(self.found([first, second], model="three"), "")

    def test_what_is_no_list_of_models_is_not_taken(self):
        for body in (b"", b"<html>", b"[]", b"7", b'{"data":7}', b'{"data":[7,{"id":5},{"id":"a b"}]}',
                     b'{"data":[{"id":"' + b"x" * 300 + b'"}]}', b"[" * 100_000, b"\xff",
                     b'{"data":[{"id":"' + b"y" * find_endpoint.ANSWER_BYTES_MAX + b'"}]}'):
            with server(lambda path, headers: (200, body)) as url:
                self.assertEqual(self.found([url]), "", body[:40])

    def test_an_error_is_no_list_either(self):
        for status in (301, 401, 404, 500):
            with server(lambda path, headers: (status, b'{"data":[{"id":"x"}]}')) as url:
                self.assertEqual(self.found([url]), "", status)

    def test_what_speaks_no_http_is_not_taken(self):
        class Babble(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.sendall(b"SSH-2.0-OpenSSH\r\n" * 100)

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Babble) as running:
            thread = threading.Thread(target=running.serve_forever, args=(0.01,))
            thread.start()
            try:
                url = f"http://127.0.0.1:{running.server_address[1]}/v1"
                self.assertEqual(self.found([url]), "")
            finally:
                running.shutdown()
                thread.join()

    def test_the_named_server_goes_before_the_usual_ones(self):
        with server(lists("usual")) as usual, server(lists("named")) as named:
            self.assertEqual(self.found([usual], url=named), f"{named} named\n")
            self.assertEqual(self.found([usual], url=named + "/"), f"{named} named\n")

    def test_a_url_without_its_version_is_completed(self):
        with server(lists("m")) as url:
            self.assertEqual(self.found(url=url.removesuffix("/v1")), f"{url} m\n")

    def test_the_named_model_is_taken_as_it_is(self):
        with server(lists("m")) as url:
            self.assertEqual(self.found(url=url, model="other"), f"{url} other\n")
            self.assertIn("does not list the model other", self.told.getvalue())

    def test_the_key_is_sent_to_the_named_server_only(self):
        seen = []

        def answer(path, headers):
            seen.append(headers.get("Authorization"))
            return lists("m")(path, headers)

        with server(answer) as url:
            self.found([url], key="secret")
            self.found(url=url, key="secret")
        self.assertEqual(seen, [None, "Bearer secret"])

    def test_a_named_server_that_is_silent_is_used_all_the_same_and_told(self):
        self.assertEqual(self.found(url=CLOSED, key="secret"), f"{CLOSED} default\n")
        self.assertIn("does not answer", self.told.getvalue())
        self.assertNotIn("secret", self.told.getvalue())

    def test_what_is_no_url_or_no_model_name_is_refused(self):
        for variables in ({"url": "localhost:11434"}, {"url": "ftp://a/v1"}, {"url": "http://"},
                          {"model": "two words"}):
            with self.assertRaises(SystemExit) as ended:
                self.found(**variables)
            self.assertIn("is meant", str(ended.exception))


if __name__ == "__main__":
    unittest.main()
