#!/usr/bin/env python3
"""Writes emostage.json, Grafana's dashboard: make_dashboard.py >emostage.json

Here a panel is a line or two; the JSON that Grafana wants of it is some forty. A test holds the two
together, and every name in them against what the programs export.
"""
import json
import sys

WIDTH = 24  # of Grafana's grid
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def quantile(share, family, by="", match=""):
    grouped = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({grouped}) (rate({family}_bucket{match}[$__rate_interval])))"


def quantiles(family, match="", name=""):
    return [(quantile(share, family, match=match), f"{name}p{int(100 * share)}") for share in (0.5, 0.95, 0.99)]


def rate(family, by="", match=""):
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate({family}{match}[$__rate_interval]))"


def panel(kind, title, queries, unit="short", width=8, height=8, about="", stacked=False, red=None):
    """`queries`: [(expression, legend)]; `red`: from where on a single number is bad."""
    steps = [{"color": "green", "value": None}]
    if red is not None:
        steps.append({"color": "red", "value": red})
    custom = {"fillOpacity": 10, "showPoints": "never", "lineWidth": 1}
    if stacked:
        custom |= {"fillOpacity": 30, "stacking": {"mode": "normal"}}
    made = {
        "type": kind, "title": title, "description": about, "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}},
                        "overrides": []},
        "targets": [{"refId": chr(ord("A") + number), "datasource": DATASOURCE, "expr": expression,
                     "legendFormat": legend, "instant": kind == "stat"}
                    for number, (expression, legend) in enumerate(queries)],
    }
    if kind == "timeseries":
        made["fieldConfig"]["defaults"]["custom"] = custom
        made["options"] = {"legend": {"displayMode": "list", "placement": "bottom"},
                           "tooltip": {"mode": "multi", "sort": "desc"}}
    else:
        made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}
    return made


def stat(title, expression, unit="short", red=None, about=""):
    return panel("stat", title, [(expression, "")], unit, width=4, height=4, about=about, red=red)


def graph(title, queries, unit="short", **more):
    return panel("timeseries", title, queries, unit, **more)


ROWS = [
    ("Overview", [
        stat("Brokers up", 'sum(up{job="emostage-broker"})'),
        stat("Workers", 'sum(emostage_workers{state="ready"})'),
        stat("Turns a second", rate("emostage_turns_total", match='{outcome="completed"}')),
        stat("Turns waiting", "sum(emostage_turns_waiting)", red=100),
        stat("Failing", "emostage:turns_failed:ratio5m", "percentunit", red=0.05),
        stat("Risk alerts, 1 h", "sum(increase(emostage_alerts_total[1h]))", red=1,
             about="Analyses that say that a person may be in danger."),
        graph("Turns, by outcome", [(rate("emostage_turns_total", "outcome"), "{{outcome}}")], "ops", stacked=True),
        graph("Failures, by code", [(rate("emostage_turns_failed_total", "code") + " > 0", "{{code}}")], "ops"),
        graph("Rejected, by code", [(rate("emostage_rejected_total", "code") + " > 0", "{{code}}")], "ops"),
    ]),
    ("Latency", [
        graph("First piece of a reply", quantiles("emostage_first_delta_seconds"), "s",
              about="From the acceptance of a turn, as the broker sees it."),
        graph("Whole turns", quantiles("emostage_turn_duration_seconds", '{outcome="completed"}'), "s"),
        graph("Our own work on a turn", quantiles("emostage_worker_overhead_seconds"), "s",
              about="What we add to what the model takes: from what moves a turn on until what follows has left."),
        graph("Stages", [(quantile(0.95, "emostage_worker_stage_duration_seconds", "pipeline, stage"),
                          "{{pipeline}} {{stage}} p95")], "s"),
        graph("Cancels", quantiles("emostage_worker_cancel_seconds", name="connections closed ")
              + [(quantile(0.99, "emostage_cancel_seconds"), "end told p99"),
                 (quantile(0.99, "emostage_stop_seconds"), "worker stopped p99")], "s"),
        graph("Runs on workers", [(quantile(0.95, "gen_ai_workflow_duration_seconds", "gen_ai_workflow_name"),
                                   "{{gen_ai_workflow_name}} p95")], "s"),
    ]),
    ("Queue", [
        graph("Waiting and running", [("sum(emostage_turns_waiting)", "waiting"),
                                      ("sum(emostage_turns_running)", "running"),
                                      ("sum(emostage_worker_slots)", "slots")]),
        graph("Wait for a worker", quantiles("emostage_queue_wait_seconds")
              + [("max(emostage_turns_waiting_oldest_seconds)", "the oldest now")], "s"),
        graph("Wait, by pipeline", [(quantile(0.95, "emostage_queue_wait_seconds", "pipeline"), "{{pipeline}} p95")], "s"),
        graph("Mended", [(rate("emostage_resumes_total"), "resumes"), (rate("emostage_replays_total"), "replays"),
                         (rate("emostage_turns_joined_total"), "joins"), (rate("emostage_link_gaps_total"), "link gaps"),
                         (rate("emostage_resets_total"), "resets"),
                         (rate("emostage_replies_continued_total"), "continued")], "ops"),
        graph("Leases lost, by cause", [(rate("emostage_leases_lost_by_cause_total", "cause") + " > 0", "{{cause}}")], "ops"),
        graph("Degraded", [(rate("emostage_pipeline_degraded_total", "pipeline"), "{{pipeline}}")], "ops"),
    ]),
    ("Workers", [
        graph("Turns that run", [("sum by (instance) (emostage_worker_runs)", "{{instance}}")]),
        graph("Processor", [('rate(process_cpu_seconds_total{job=~"emostage-.*"}[$__rate_interval])', "{{job}} {{instance}}")],
              "percentunit"),
        graph("Memory", [('process_resident_memory_bytes{job=~"emostage-.*"}', "{{job}} {{instance}}")], "bytes"),
        graph("Lateness of loops", [(quantile(0.99, "emostage_worker_loop_lag_seconds", "instance"), "{{instance}} p99")], "s"),
        graph("Not stored yet", [("emostage_worker_unkept_bytes", "{{instance}}")], "bytes"),
        graph("Stages that failed", [(rate("emostage_worker_stage_failures_total", "stage, code"), "{{stage}} {{code}}"),
                                     (rate("emostage_worker_stages_total", "stage", '{status="skipped"}'), "{{stage}} out of time")], "ops"),
    ]),
    ("Model servers", [
        graph("First token", [(quantile(0.95, "gen_ai_server_time_to_first_token_seconds", "endpoint"), "{{endpoint}} p95")], "s"),
        graph("Each token after it", [(quantile(0.5, "gen_ai_server_time_per_output_token_seconds", "endpoint"), "{{endpoint}} p50")], "s"),
        graph("Requests", [(quantile(0.95, "gen_ai_client_operation_duration_seconds", "endpoint, gen_ai_request_model"),
                            "{{endpoint}} {{gen_ai_request_model}} p95")], "s"),
        graph("Requests, by outcome", [(rate("emostage_worker_model_requests_total", "endpoint, outcome"), "{{endpoint}} {{outcome}}")],
              "ops", stacked=True),
        graph("Given up", [("max by (endpoint) (emostage_worker_model_breaker_state)", "{{endpoint}}")], about="0 asked, 1 on probation, 2 given up."),
        graph("Retries and hedges", [(rate("emostage_worker_model_retries_total", "endpoint"), "{{endpoint}} retries"),
                                     (rate("emostage_worker_hedges_total"), "hedges"),
                                     (rate("emostage_worker_hedges_won_total"), "hedges won")], "ops"),
        graph("Tokens", [(rate("gen_ai_client_token_usage_sum", "gen_ai_token_type"), "{{gen_ai_token_type}}")], "short"),
        graph("Under way", [("sum by (endpoint) (emostage_worker_model_requests_running)", "{{endpoint}}")]),
    ]),
    ("Gateway", [
        graph("Requests, by path", [(rate("emostage_gateway_requests_total", "route, status"), "{{route}} {{status}}")], "ops", stacked=True),
        graph("First byte and first words", [(quantile(0.95, "emostage_gateway_time_to_first_byte_seconds"), "first byte p95"),
                                             (quantile(0.95, "emostage_gateway_time_to_first_delta_seconds"), "first words p95")], "s"),
        graph("Streams", [("sum by (instance) (emostage_gateway_streams)", "{{instance}}")]),
        graph("Turns, by how their readings ended", [(rate("emostage_gateway_turns_total", "outcome"), "{{outcome}}")], "ops", stacked=True),
        graph("Deltas and bytes", [(rate("emostage_gateway_deltas_total"), "deltas"), (rate("emostage_gateway_sent_bytes_total"), "bytes")], "ops"),
        graph("Readers", [(rate("emostage_gateway_clients_gone_total"), "gone"), (rate("emostage_gateway_slow_readers_total"), "too slow"),
                          (rate("emostage_gateway_resumes_total"), "resumed"), (rate("emostage_gateway_pings_total"), "pings"),
                          (rate("emostage_gateway_gaps_total"), "gaps"), ("min(emostage_gateway_link_up)", "the broker is heard")], "ops"),
    ]),
    ("Journal", [
        graph("Commits", quantiles("emostage_journal_commit_seconds"), "s"),
        graph("Size of commits", [(quantile(0.5, "emostage_journal_commit_bytes"), "bytes p50"),
                                  (quantile(0.99, "emostage_journal_commit_bytes"), "bytes p99")], "bytes"),
        graph("Turns in a commit", [(quantile(0.5, "emostage_journal_commit_turns"), "p50"),
                                    (quantile(0.99, "emostage_journal_commit_turns"), "p99")]),
        graph("Stored and not stored", [(rate("emostage_journal_commits_total"), "stored"),
                                        (rate("emostage_journal_commits_failed_total"), "failed")], "ops"),
        graph("Kept", [("sum(emostage_turns_kept_bytes)", "events"), ("sum(emostage_turns_text_bytes)", "text and history")], "bytes"),
        graph("Log lines lost", [("sum by (job, instance) (increase(emostage_log_lines_lost_total[$__rate_interval]))", "{{job}} {{instance}}")]),
    ]),
]


def dashboard():
    panels, y = [], 0
    for title, row in ROWS:
        panels.append({"type": "row", "title": title, "collapsed": False,
                       "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}, "panels": []})
        y, x, tallest = y + 1, 0, 0
        for one in row:
            place = one["gridPos"]
            if x + place["w"] > WIDTH:
                y, x, tallest = y + tallest, 0, 0
            place |= {"x": x, "y": y}
            x, tallest = x + place["w"], max(tallest, place["h"])
            panels.append(one)
        y += tallest
    for number, one in enumerate(panels, 1):
        one["id"] = number
    return {
        "title": "EmoStage", "uid": "emostage", "tags": ["emostage"], "timezone": "browser",
        "schemaVersion": 38, "version": 1, "editable": True, "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {"list": [{"name": "datasource", "label": "Prometheus", "type": "datasource",
                                 "query": "prometheus", "current": {}, "hide": 0}]},
        "annotations": {"list": []}, "panels": panels,
    }


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=1, ensure_ascii=False)
    print()
