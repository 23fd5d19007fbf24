"""What operators are given, against a running set: every name in dashboard and rules is exported, and Prometheus
itself scrapes, finds the workers and evaluates the rules."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "e2e"))
sys.path.insert(0, str(ROOT / "ops"))

import wanted  # noqa: E402
from case import ClusterCase  # noqa: E402
from cluster import BIN  # noqa: E402
from names import expressions_of_dashboard, labels_of_legends, names_of  # noqa: E402
from processes import Process, until  # noqa: E402
from top import samples  # noqa: E402

DASHBOARD = ROOT / "ops" / "grafana" / "emostage.json"
RULES = ROOT / "ops" / "prometheus" / "emostage.rules.yaml"
CONFIG = ROOT / "ops" / "prometheus" / "prometheus.yaml"
GATEWAY_SOURCE = ROOT / "gateway" / "http" / "server" / "metrics.cpp"
BOOK = ROOT / "ops" / "OPERATING.md"
OF_PROMETHEUS = {"up", "job", "instance", "le"}  # what a scrape adds


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def need(program):
    return wanted.program(program, ": ./ops/install-packages ops/packages-operator.txt")


class Exported(ClusterCase):
    """A set that has run turns of all kinds: whole, failed, cancelled, rejected."""

    settings = {"rehearsal": ["--ttft-ms", "5", "--itl-ms", "2"],
                "worker": ["--log-level", "debug"], "broker": ["--log-level", "debug"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        gateway = cls.cluster.gateway()
        turns = [gateway.open(cls.cluster.say(f"I slept badly, night {n}.")) for n in range(6)]
        gateway.wait_for_ends(turns)
        assert all(turn.status == "completed" for turn in turns), [turn.status for turn in turns]
        cancelled = gateway.open(cls.cluster.say("Never mind."))
        gateway.wait(lambda: cancelled.accepted, "accepted")
        gateway.cancel(cancelled.id)
        late = gateway.open(cls.cluster.say("Quickly, please."), deadline_ms=1)
        wrong = gateway.open(cls.cluster.say("To whom?"), pipeline="no-such-pipeline")
        gateway.wait_for_ends([cancelled, late, wrong])
        cls.pages = [cls.cluster.page("/metrics")[1]]
        cls.targets = json.loads(cls.cluster.page("/targets")[1])
        for group in cls.targets:
            for target in group["targets"]:
                with urllib.request.urlopen(f"http://{target}/metrics", timeout=10) as answer:
                    cls.pages.append(answer.read().decode())
        cls.start_gateway()
        cls.types, cls.labels = {}, {}
        for page in cls.pages:
            cls.types |= dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M))
            for name, found in samples.parse(page).items():
                for labels, _ in found:
                    cls.labels.setdefault(name, set()).update(labels)

    @classmethod
    def start_gateway(cls):
        """And a turn over HTTP; without the program its names are those of its source."""
        cls.http = None
        if not (BIN / "emostage-gateway").exists():
            return
        _, cls.http = cls.cluster.start_http_gateway()
        until(lambda: cls.http_status("/readyz") == 200, "the gateway is ready")
        text = cls.cluster.say("And over HTTP?")
        body = json.dumps({"model": "emostage", "stream": True, "messages": [{"role": "user", "content": text}]})
        request = urllib.request.Request(f"{cls.http}/v1/chat/completions", body.encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert b"[DONE]" in answer.read()
        with urllib.request.urlopen(f"{cls.http}/metrics", timeout=10) as answer:
            cls.pages.append(answer.read().decode())

    @classmethod
    def http_status(cls, path):
        try:
            with urllib.request.urlopen(cls.http + path, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def exported(self, name):
        if self.http is None and name.startswith("emostage_gateway_"):
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            return any(f'"{one}"' in GATEWAY_SOURCE.read_text() for one in (name, family))
        if self.types.get(name, "histogram") != "histogram":
            return True
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        return family != name and self.types.get(family) == "histogram"

    def check_expression(self, where, expression, recorded=()):
        metrics, labels = names_of(expression)
        self.assertTrue(metrics, where)
        missing = {name for name in metrics - OF_PROMETHEUS - set(recorded) if not self.exported(name)}
        self.assertFalse(missing, f"{where}: no program exports {sorted(missing)}")
        known = set(OF_PROMETHEUS)
        for name in metrics:
            known |= self.labels.get(name, set()) | LABELS_LATER.get(name, set())
            if self.http is None and name.startswith("emostage_gateway_"):
                known |= set(re.findall(r'\{"(\w+)", ', GATEWAY_SOURCE.read_text()))
        if not metrics & set(recorded):
            self.assertLessEqual(labels, known, f"{where}: no such labels")

    def test_every_name_in_the_rules_is_exported(self):
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        for rule in rules():
            self.check_expression(rule.get("alert") or rule.get("record"), rule["expr"], recorded)

    def test_every_name_in_the_dashboard_is_exported(self):
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        dashboard = json.loads(DASHBOARD.read_text())
        expressions = expressions_of_dashboard(dashboard)
        self.assertGreater(len(expressions), 60)
        for title, expression in expressions:
            self.check_expression(title, expression.replace("$__rate_interval", "1m"), recorded)
        grouped = {label for _, expression in expressions for label in names_of(expression)[1]}
        grouped |= OF_PROMETHEUS
        self.assertLessEqual(labels_of_legends(dashboard), grouped, "legends name labels that are there")

    def test_a_recorded_name_is_used_and_a_used_one_is_recorded(self):
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        used = set()
        for expression in [rule["expr"] for rule in rules()] + [
                expression for _, expression in expressions_of_dashboard(json.loads(DASHBOARD.read_text()))]:
            used |= {name for name in names_of(expression)[0] if ":" in name}
        self.assertLessEqual(used, recorded)

    def test_a_turn_leaves_its_times_in_every_process(self):
        def counts(name):
            return sum(value for page in self.pages for _, value in samples.parse(page).get(name + "_count", ()))
        for name in ("emostage_queue_wait_seconds", "emostage_first_delta_seconds",
                     "emostage_turn_duration_seconds", "emostage_worker_first_delta_seconds",
                     "emostage_worker_overhead_seconds", "emostage_worker_stage_duration_seconds",
                     "gen_ai_workflow_duration_seconds", "gen_ai_client_operation_duration_seconds",
                     "gen_ai_server_time_to_first_token_seconds", "gen_ai_client_token_usage"):
            self.assertGreaterEqual(counts(name), 6, name)
        own = sum(value for page in self.pages
                  for _, value in samples.parse(page).get("emostage_worker_overhead_seconds_sum", ()))
        self.assertLess(own / counts("emostage_worker_overhead_seconds"), 0.5, "ours, not the model's")
        self.assertGreater(own, 0)

    def test_workers_are_listed_with_their_pages(self):
        self.assertEqual(sorted(group["labels"]["worker"] for group in self.targets), ["w0", "w1"])
        workers = json.loads(self.cluster.page("/workers")[1])["workers"]
        self.assertEqual(sorted(row["worker"] for row in workers), ["w0", "w1"])
        for row in workers:
            with urllib.request.urlopen(f"http://{row['admin']}/readyz", timeout=10) as answer:
                self.assertEqual(json.load(answer)["worker"], row["worker"])

    def test_a_turn_can_be_followed_through_the_logs_by_its_trace(self):
        gateway = self.cluster.gateway()
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        turn = gateway.open(self.cluster.say("And now?"), session="somebody-s-name",
                            traceparent=f"00-{trace}-00f067aa0ba902b7-01")
        gateway.wait_for_ends([turn])
        self.cluster.broker.expect(f"turn ended .*turn={turn.id}.* trace={trace}.* end=completed")

        def told():
            return [line for worker in self.cluster.workers for line in list(worker.lines.all)
                    if re.search(f"turn ended .*turn={turn.id}", line)]
        until(told, "a line of the worker")
        self.assertIn(f"trace={trace}", told()[0])
        session = re.search(r"session=(\w+)", told()[0]).group(1)
        self.assertEqual(len(session), 16)
        for process in (self.cluster.broker, *self.cluster.workers):
            self.assertFalse([one for one in process.lines.all if "somebody-s-name" in one])

    def test_promtool_finds_nothing_to_say_to_the_pages(self):
        for page in self.pages:
            done = subprocess.run([need("promtool"), "check", "metrics"], input=page, text=True,
                                  capture_output=True, timeout=30)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_prometheus_scrapes_the_set_and_evaluates_the_rules(self):
        with Prometheus(self.cluster, self.http) as prometheus:
            wanted = {"emostage-broker": 1, "emostage-worker": 2} | ({"emostage-gateway": 1} if self.http else {})
            prometheus.wait_for(lambda: prometheus.up() == wanted, "all of the set is scraped")
            prometheus.wait_for(lambda: prometheus.value("sum(emostage_workers)") == 2, "a query")
            prometheus.wait_for(lambda: prometheus.rules_health() == {"ok"}, "rules are evaluated")
            wanted = sum(count for name, count in self.cluster.metrics().items()
                         if name == 'emostage_turns_total{outcome="completed"}')
            prometheus.wait_for(
                lambda: prometheus.value('sum(emostage_turns_total{outcome="completed"})') == wanted, "turns")
            self.assertGreater(prometheus.value("sum(gen_ai_workflow_duration_seconds_count)"), 5)


# Labels of series that come with their first fault, which this set has not had.
LABELS_LATER = {"emostage_worker_stage_failures_total": {"pipeline", "stage", "code"}}


class Prometheus:
    """Debian's, on a free port, with our own configuration, in a folder of its own."""

    def __init__(self, cluster, http):
        program = need("prometheus")
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        text = CONFIG.read_text().replace("127.0.0.1:7704", cluster.admin)
        if http:
            text = text.replace("127.0.0.1:7780", http.removeprefix("http://"))
        text = text.replace("interval: 5s", "interval: 1s").replace("refresh_interval: 10s", "refresh_interval: 1s")
        (folder / "prometheus.yaml").write_text(text)
        shutil.copy(RULES, folder)
        self._process = Process("prometheus", [
            program, f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
            "--web.listen-address=127.0.0.1:0", "--log.level=info"], folder)
        self.address = None

    def __enter__(self):
        try:
            port = self._process.expect(r'msg="Listening on" address=127\.0\.0\.1:(\d+)').group(1)
            self.address = f"127.0.0.1:{port}"
            self._process.expect("Server is ready to receive web requests")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._folder.cleanup()

    def wait_for(self, condition, what):
        until(condition, what, 120.0)  # only a failing test waits for it

    def ask(self, path):
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def up(self):
        found = {}
        for target in self.ask("targets?state=active")["activeTargets"]:
            if target["health"] == "up":
                job = target["labels"]["job"]
                found[job] = found.get(job, 0) + 1
        return found

    def value(self, query):
        found = self.ask("query?" + urllib.parse.urlencode({"query": query}))["result"]
        return float(found[0]["value"][1]) if found else None

    def rules_health(self):
        return {rule["health"] for group in self.ask("rules")["groups"] for rule in group["rules"]}


class Files(unittest.TestCase):
    def test_promtool_accepts_the_rules_and_the_configuration(self):
        for what, path in (("rules", RULES), ("config", CONFIG)):
            done = subprocess.run([need("promtool"), "check", what, path], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_alerts_do_what_their_unit_tests_say(self):
        done = subprocess.run([need("promtool"), "test", "rules", HERE / "emostage.rules.test.yaml"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_has_a_unit_test_and_a_place_in_the_run_book(self):
        tested = (HERE / "emostage.rules.test.yaml").read_text()
        anchors = {re.sub(r"[^a-z0-9 -]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
                   for line in BOOK.read_text().splitlines() if line.startswith("#")}
        for rule in rules():
            if "alert" not in rule:
                continue
            self.assertIn(f"alertname: {rule['alert']}\n", tested)
            self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
            page, _, anchor = rule["annotations"]["runbook"].partition("#")
            self.assertEqual(page, "ops/OPERATING.md")
            self.assertIn(anchor, anchors, rule["alert"])

    def test_the_dashboard_is_what_its_program_writes(self):
        program = DASHBOARD.parent / "make_dashboard.py"
        made = subprocess.run([sys.executable, "-B", program], capture_output=True, timeout=30, check=True)
        self.assertEqual(made.stdout.decode(), DASHBOARD.read_text(), f"{program} > {DASHBOARD.name}")

    def test_panels_have_their_own_places(self):
        dashboard = json.loads(DASHBOARD.read_text())
        taken = set()
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(taken & cells, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            taken |= cells
        variables = [one["name"] for one in dashboard["templating"]["list"]]
        self.assertEqual(variables, ["datasource"])


if __name__ == "__main__":
    unittest.main()
