#include "worker/admin/metrics.hpp"

#include "core/metrics/families.hpp"
#include "core/metrics/process.hpp"

namespace emostage::worker {
namespace {

using metrics::Families;
using metrics::Kind;

constexpr double ms_per_second = 1000.0;

double number(std::uint64_t count) { return static_cast<double>(count); }

void add_worker(Families& families, const Report& report) {
    const ShardReport& all = report.all;
    metrics::add_build(families);
    families.gauge("emostage_start_time_seconds", "When the process started, in Unix time.",
                   static_cast<double>(report.started_unix_ms) / ms_per_second);
    families.gauge("emostage_worker_shards", "Loops, each with a thread of its own.",
                   number(report.shards));
    families.gauge("emostage_worker_shards_registered", "Of these: the broker knows them.",
                   number(report.registered));
    families.gauge("emostage_worker_shards_late",
                   "Of these: did not answer for this page, and are shown as they were.",
                   number(report.late));
    families.gauge("emostage_worker_draining", "1 while the worker drains.", all.draining ? 1 : 0);
    families.gauge("emostage_worker_run_slots", "Turns that it can run at once.",
                   number(all.slots));
    families.gauge("emostage_worker_runs", "Turns that run.", number(all.running));
    families.histogram("emostage_worker_cancel_seconds",
                       "From a cancel that was heard until the model's connections are closed.",
                       all.cancel);
    families.histogram("emostage_worker_loop_lag_seconds", "How late the loop's timers were.",
                       all.late);
}

void add_link(Families& families, const ShardReport& all) {
    families.counter("emostage_worker_leases_total", "Turns that were taken.",
                     number(all.link.leases));
    families.counter("emostage_worker_returns_total", "Turns that were given back unharmed.",
                     number(all.link.returned));
    families.counter("emostage_worker_fenced_total",
                     "Runs that were ended, for the turn had become another's.",
                     number(all.link.fenced));
    families.counter("emostage_worker_resends_total",
                     "Times that the broker asked for something again.",
                     number(all.link.said_again));
    families.counter("emostage_worker_registrations_total", "Times that the broker welcomed it.",
                     number(all.link.registrations));
    families.counter("emostage_worker_messages_unsent_total",
                     "Messages that the connection to the broker did not take.",
                     number(all.unsent));
    families.counter("emostage_worker_messages_bad_total",
                     "Messages of the broker that were not understood.", number(all.unreadable));
    families.gauge("emostage_worker_unkept_turns",
                   "Turns that have ended, and whose end is not stored yet.",
                   number(all.unkept_turns));
    families.gauge("emostage_worker_unkept_events", "Events that are not stored yet.",
                   number(all.unkept_events));
    families.gauge("emostage_worker_unkept_bytes", "Their bytes, about.", number(all.unkept_bytes));
}

// --- turns -------------------------------------------------------------------------------------

void add_turns(Families& families, const std::vector<PipelineMeter>& pipelines) {
    families.begin("gen_ai_workflow_duration_seconds",
                   "Turns on this worker, from their lease to their end.", Kind::histogram);
    for (const auto& meter : pipelines) {
        for (std::size_t i = 0; i < PipelineMeter::ends; ++i) {
            const auto end = static_cast<RunReport::End>(i);
            if (end == RunReport::End::completed) {
                families.add({{"gen_ai_workflow_name", meter.pipeline}}, meter.took[i]);
            } else if (meter.took[i].count() > 0) {
                families.add({{"gen_ai_workflow_name", meter.pipeline}, {"error_type", name(end)}},
                             meter.took[i]);
            }
        }
    }
    const auto by_pipeline = [&](const char* family, const char* help, Kind kind, auto value) {
        families.begin(family, help, kind);
        for (const auto& meter : pipelines) {
            families.add({{"pipeline", meter.pipeline}}, value(meter));
        }
    };
    by_pipeline("emostage_worker_first_delta_seconds",
                "From a turn's lease to the first piece of its reply.", Kind::histogram,
                [](const auto& meter) { return meter.first_delta; });
    by_pipeline("emostage_worker_overhead_seconds",
                "Our own work on a completed turn: from what moves it on until what follows has "
                "left, summed up.",
                Kind::histogram, [](const auto& meter) { return meter.own; });
    by_pipeline("emostage_worker_degraded_total",
                "Turns that were completed with the default of some stage.", Kind::counter,
                [](const auto& meter) { return number(meter.degraded); });
    by_pipeline("emostage_worker_reply_restarts_total",
                "Replies that were asked for again after they had broken off.", Kind::counter,
                [](const auto& meter) { return number(meter.restarts); });
}

void add_stages(Families& families, const std::vector<PipelineMeter>& pipelines) {
    const auto by_stage = [&](const char* family, const char* help, Kind kind, auto add) {
        families.begin(family, help, kind);
        for (const auto& meter : pipelines) {
            for (const auto& stage : meter.stages) add(meter.pipeline, stage);
        }
    };
    by_stage("emostage_worker_stage_duration_seconds", "Stages that were done.", Kind::histogram,
             [&](const std::string& pipeline, const StageMeter& stage) {
                 families.add({{"pipeline", pipeline}, {"stage", stage.stage}}, stage.took);
             });
    by_stage("emostage_worker_stages_total", "Stages, by how they ended.", Kind::counter,
             [&](const std::string& pipeline, const StageMeter& stage) {
                 for (std::size_t i = 1; i < StageMeter::ends; ++i) {
                     families.add({{"pipeline", pipeline},
                                   {"stage", stage.stage},
                                   {"status", name(static_cast<StageReport::End>(i))}},
                                  number(stage.ended[i]));
                 }
             });
    by_stage("emostage_worker_stage_failures_total", "Stages that failed, by reason.",
             Kind::counter, [&](const std::string& pipeline, const StageMeter& stage) {
                 for (std::size_t i = 0; i < StageMeter::codes; ++i) {
                     if (stage.failures[i] == 0) continue;
                     families.add({{"pipeline", pipeline},
                                   {"stage", stage.stage},
                                   {"code", name(static_cast<Errc>(i))}},
                                  number(stage.failures[i]));
                 }
             });
}

// --- model servers -----------------------------------------------------------------------------

constexpr Families::Label chat{"gen_ai_operation_name", "chat"};

void add_requests(Families& families, const std::vector<llm::EndpointStatus>& endpoints) {
    families.begin("gen_ai_client_operation_duration_seconds",
                   "Requests to model servers that have ended, by how.", Kind::histogram);
    for (const auto& one : endpoints) {
        const Families::Label endpoint{"endpoint", one.name},
            model{"gen_ai_request_model", one.model};
        families.add({endpoint, model, chat}, one.meter.answered);
        for (const auto& [code, took] : one.meter.failed) {
            families.add({endpoint, model, chat, {"error_type", name(code)}}, took);
        }
    }
    const auto by_endpoint = [&](const char* family, const char* help, auto values) {
        families.begin(family, help, Kind::histogram);
        for (const auto& one : endpoints) {
            families.add({{"endpoint", one.name}, {"gen_ai_request_model", one.model}, chat},
                         values(one.meter));
        }
    };
    by_endpoint("gen_ai_server_time_to_first_token_seconds",
                "From a streamed request to its first content, as the worker sees it.",
                [](const auto& meter) { return meter.first_token; });
    by_endpoint("gen_ai_server_time_per_output_token_seconds",
                "Each token after the first of a streamed answer, as the worker sees it.",
                [](const auto& meter) { return meter.output_token; });
    families.begin("gen_ai_client_token_usage", "Tokens of an answer, where the server said so.",
                   Kind::histogram);
    for (const auto& one : endpoints) {
        const Families::Label endpoint{"endpoint", one.name},
            model{"gen_ai_request_model", one.model};
        families.add({endpoint, model, chat, {"gen_ai_token_type", "input"}},
                     one.meter.prompt_tokens);
        families.add({endpoint, model, chat, {"gen_ai_token_type", "output"}},
                     one.meter.completion_tokens);
    }
}

void add_endpoints(Families& families, const std::vector<llm::EndpointStatus>& endpoints) {
    const auto by_endpoint = [&](const char* family, const char* help, Kind kind, auto value) {
        families.begin(family, help, kind);
        for (const auto& one : endpoints) families.add({{"endpoint", one.name}}, value(one));
    };
    families.begin("emostage_worker_model_requests_total",
                   "Requests to model servers that have ended, by outcome.", Kind::counter);
    for (const auto& one : endpoints) {
        families.add({{"endpoint", one.name}, {"outcome", "ok"}},
                     number(one.meter.answered.count()));
        families.add({{"endpoint", one.name}, {"outcome", "stopped"}}, number(one.meter.stopped));
        for (const auto& [code, took] : one.meter.failed) {
            families.add({{"endpoint", one.name}, {"outcome", name(code)}}, number(took.count()));
        }
    }
    by_endpoint("emostage_worker_model_requests_running", "Requests that are under way.",
                Kind::gauge, [](const auto& one) { return number(one.running); });
    by_endpoint("emostage_worker_model_retries_total", "Failed requests that were sent again.",
                Kind::counter, [](const auto& one) { return number(one.meter.retried); });
    by_endpoint("emostage_worker_model_breaker_state",
                "Whether the endpoint is asked: 0 yes, 1 on probation, 2 no. Of several shards the "
                "worst.",
                Kind::gauge, [](const auto& one) { return static_cast<double>(one.breaker); });
    by_endpoint("emostage_worker_model_breaker_opened_total",
                "Times that the endpoint was given up for a while.", Kind::counter,
                [](const auto& one) { return number(one.breaker_opens); });
}

void add_hedges(Families& families, const llm::HedgeStatus& hedges) {
    families.counter("emostage_worker_hedge_calls_total", "Replies that could have been hedged.",
                     number(hedges.calls));
    families.counter("emostage_worker_hedges_total", "Replies that were asked of two endpoints.",
                     number(hedges.hedged));
    families.counter("emostage_worker_hedges_won_total",
                     "Of these: the second endpoint was the first to speak.", number(hedges.won));
}

}  // namespace

std::string metrics_text(const Report& report) {
    Families families;
    add_worker(families, report);
    add_link(families, report.all);
    add_turns(families, report.all.pipelines);
    add_stages(families, report.all.pipelines);
    add_requests(families, report.all.endpoints);
    add_endpoints(families, report.all.endpoints);
    add_hedges(families, report.all.hedges);
    families.counter("emostage_log_lines_lost_total", "Log lines that nobody read in time.",
                     number(report.log_lines_lost));
    metrics::add_process(families);
    return families.text();
}

}  // namespace emostage::worker
