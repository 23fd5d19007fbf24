#include "broker/admin/metrics.hpp"

#include <string_view>
#include <utility>

#include "core/metrics/families.hpp"
#include "core/metrics/process.hpp"

namespace emostage::broker {
namespace {

using metrics::Families;
using metrics::Kind;

constexpr double ms_per_second = 1000.0;

void add_turns(Families& families, const Snapshot& core) {
    const Counters& counts = core.counters;
    families.begin("emostage_turns_total", "Turns that ended or were rejected, by outcome.",
                   Kind::counter);
    for (const auto& [outcome, value] :
         {std::pair{"completed", counts.completed}, std::pair{"failed", counts.failed},
          std::pair{"cancelled", counts.cancelled}, std::pair{"rejected", counts.rejected}}) {
        families.add({{"outcome", outcome}}, static_cast<double>(value));
    }
    families.counter("emostage_turns_opened_total", "Open commands that were understood.",
                     counts.opened);
    families.counter("emostage_turns_accepted_total", "Turns that were accepted.", counts.accepted);
    families.counter("emostage_turns_joined_total",
                     "Open commands that joined a turn which was known.", counts.joined);
    families.counter("emostage_turns_degraded_total",
                     "Turns that were completed with the default of some stage.", counts.degraded);
    families.gauge("emostage_turns_waiting", "Accepted turns that no worker has.",
                   static_cast<double>(core.queued));
    families.gauge("emostage_turns_running", "Turns that a worker has.",
                   static_cast<double>(core.running));
    families.gauge("emostage_turns_kept", "Turns whose events can be resumed.",
                   static_cast<double>(core.kept));
    families.gauge("emostage_turns_waiting_oldest_seconds", "How long the longest has waited.",
                   static_cast<double>(core.oldest_queued_ms) / ms_per_second);
    families.gauge("emostage_turns_text_bytes", "Text and history of turns that wait or run.",
                   static_cast<double>(core.queued_bytes));
    families.gauge("emostage_turns_kept_bytes", "Events that are kept.",
                   static_cast<double>(core.kept_bytes));
    families.gauge("emostage_sessions", "Sessions that are remembered.",
                   static_cast<double>(core.sessions));
}

void add_pipelines(Families& families, const Meters& meters) {
    const auto each = [&](auto add) {
        for (std::size_t i = 0; i < meters.by_pipeline.size(); ++i) {
            add(meters.pipelines.value(i), meters.by_pipeline[i]);
        }
    };
    const auto histogram = [&](const char* family, const char* help, auto values) {
        families.begin(family, help, Kind::histogram);
        each([&](const std::string& pipeline, const PipelineMeter& meter) {
            families.add({{"pipeline", pipeline}}, values(meter));
        });
    };
    histogram("emostage_queue_wait_seconds", "From a turn's acceptance to its first lease.",
              [](const PipelineMeter& meter) { return meter.queue_wait; });
    histogram("emostage_first_delta_seconds",
              "From a turn's acceptance to the first piece of its reply.",
              [](const PipelineMeter& meter) { return meter.first_delta; });
    families.begin("emostage_turn_duration_seconds", "From a turn's acceptance to its end.",
                   Kind::histogram);
    each([&](const std::string& pipeline, const PipelineMeter& meter) {
        for (std::size_t end = 0; end < turn_ends; ++end) {
            families.add({{"pipeline", pipeline}, {"outcome", name(static_cast<TurnEnd>(end))}},
                         meter.took[end]);
        }
    });
    const auto counter = [&](const char* family, const char* help, auto value) {
        families.begin(family, help, Kind::counter);
        each([&](const std::string& pipeline, const PipelineMeter& meter) {
            families.add({{"pipeline", pipeline}}, static_cast<double>(value(meter)));
        });
    };
    counter("emostage_pipeline_degraded_total",
            "Turns that were completed with the default of some stage, by pipeline.",
            [](const PipelineMeter& meter) { return meter.degraded; });
    counter("emostage_pipeline_resets_total", "Replies that began again, by pipeline.",
            [](const PipelineMeter& meter) { return meter.resets; });
    counter("emostage_pipeline_continued_total",
            "Replies that another worker went on with, by pipeline.",
            [](const PipelineMeter& meter) { return meter.continued; });

    families.begin("emostage_turns_failed_total", "Turns that failed, by code.", Kind::counter);
    for (std::size_t i = 0; i < Meters::codes; ++i) {
        families.add({{"code", name(static_cast<Errc>(i))}}, static_cast<double>(meters.failed[i]));
    }
    families.histogram("emostage_cancel_seconds",
                       "From a cancel that was heard until the turn's end was told.",
                       meters.cancel_told);
    families.histogram("emostage_stop_seconds",
                       "From asking a worker to stop a run until it said that it had.",
                       meters.stopped);
}

void add_workers(Families& families, const Snapshot& core) {
    double ready = 0, draining = 0, slots = 0, used = 0;
    for (const WorkerView& worker : core.workers) {
        (worker.draining ? draining : ready) += 1;
        if (!worker.draining) slots += worker.slots;
        used += worker.running;
    }
    families.begin("emostage_workers", "Workers that are registered, by state.", Kind::gauge);
    families.add({{"state", "ready"}}, ready);
    families.add({{"state", "draining"}}, draining);
    families.gauge("emostage_worker_slots", "Turns that the ready workers can run at once.", slots);
    families.gauge("emostage_worker_slots_used", "Turns that workers run.", used);
    families.counter("emostage_leases_lost_total", "Leases whose worker was lost.",
                     core.counters.leases_lost);
    families.begin("emostage_leases_lost_by_cause_total", "Leases whose worker was lost, by cause.",
                   Kind::counter);
    for (std::size_t i = 0; i < loss_causes; ++i) {
        families.add({{"cause", name(static_cast<LossCause>(i))}},
                     static_cast<double>(core.meters.leases_lost[i]));
    }
    families.counter("emostage_retries_total", "Turns that were given to another worker.",
                     core.counters.retries);
    families.counter("emostage_link_gaps_total", "Outputs of workers that did not arrive.",
                     core.counters.link_gaps);
}

void add_events(Families& families, const Snapshot& core) {
    const Counters& counts = core.counters;
    families.counter("emostage_events_total", "Numbered events.", counts.events);
    families.counter("emostage_deltas_total", "Events that carry a piece of a reply.",
                     counts.deltas);
    families.counter("emostage_delta_bytes_total", "Bytes of replies.", counts.delta_bytes);
    families.counter("emostage_replies_continued_total",
                     "Replies that another worker went on with.", counts.continued);
    families.counter("emostage_alerts_total", "Analyses that people should look at.",
                     counts.alerts);
    families.counter("emostage_resets_total", "Replies that began again.", counts.resets);
    families.counter("emostage_replays_total", "Resumes that were answered from kept events.",
                     counts.replays);
    families.counter("emostage_resumes_total", "Resume commands that were understood.",
                     counts.resumes);
    families.counter("emostage_cancels_total", "Cancel commands that were understood.",
                     counts.cancels);
    families.counter("emostage_replays_dropped_total",
                     "Repeated opens that found no room for their replay.", counts.replays_dropped);
    families.gauge("emostage_replays_waiting", "Resumes that wait for their gateway's budget.",
                   static_cast<double>(core.replays_waiting));
    families.counter("emostage_stages_failed_total", "Stages that failed.", counts.stages_failed);
    families.counter("emostage_stages_skipped_total", "Stages whose time was used up.",
                     counts.stages_skipped);
}

void add_journal(Families& families, const Snapshot& core) {
    const Counters& counts = core.counters;
    families.counter("emostage_journal_commits_total", "Commits that were stored.", counts.commits);
    families.counter("emostage_journal_commits_failed_total", "Commits that were not stored.",
                     counts.commits_failed);
    families.counter("emostage_journal_commits_full_total",
                     "Of these: the disk had no room for them.", core.meters.commits_full);
    families.histogram("emostage_journal_commit_seconds",
                       "From asking for a commit until it is known to be stored.",
                       core.meters.commit);
    families.histogram("emostage_journal_commit_bytes",
                       "Bytes of commits, as they are handed over.", core.meters.commit_bytes);
    families.histogram("emostage_journal_commit_turns", "Turns in commits.",
                       core.meters.commit_turns);
    families.gauge("emostage_journal_turns_unstored", "Turns with changes that are not stored yet.",
                   static_cast<double>(core.unstored));
    families.gauge("emostage_takes_turns", "0 while the journal cannot be written.",
                   core.takes_turns ? 1 : 0);
    families.counter("emostage_turns_recovered_total",
                     "Turns that waited or ran at the broker's start.", counts.recovered);
    families.counter("emostage_replies_voided_total",
                     "Replies that began again, for a start lost what readers had of them.",
                     counts.voided);
}

void add_traffic(Families& families, const Traffic& traffic) {
    families.begin("emostage_rejected_total", "Rejected events, by code.", Kind::counter);
    for (std::size_t i = 0; i < codes; ++i) {
        families.add({{"code", name(static_cast<Errc>(i))}},
                     static_cast<double>(traffic.rejected[i]));
    }
    const auto by_socket = [&](const char* family, const char* help, auto value) {
        families.begin(family, help, Kind::counter);
        for (std::size_t i = 0; i < sockets; ++i) {
            families.add({{"socket", name(static_cast<Socket>(i))}}, static_cast<double>(value(i)));
        }
    };
    by_socket("emostage_messages_received_total", "Messages that arrived, by socket.",
              [&](std::size_t i) { return traffic.received[i].messages; });
    by_socket("emostage_received_bytes_total", "Bytes of messages that arrived, by socket.",
              [&](std::size_t i) { return traffic.received[i].bytes; });
    by_socket("emostage_messages_sent_total", "Messages that were sent, by socket.",
              [&](std::size_t i) { return traffic.sent[i].messages; });
    by_socket("emostage_sent_bytes_total", "Bytes of messages that were sent, by socket.",
              [&](std::size_t i) { return traffic.sent[i].bytes; });
    by_socket("emostage_messages_bad_total", "Messages that were not understood, by socket.",
              [&](std::size_t i) { return traffic.bad[i]; });
    families.counter("emostage_workers_unreachable_total", "Connections of workers that were lost.",
                     traffic.unreachable);
}

}  // namespace

std::string metrics_text(const Report& report) {
    Families families;
    metrics::add_build(families);
    families.gauge("emostage_start_time_seconds", "When the broker started, in Unix time.",
                   static_cast<double>(report.started_unix_ms) / ms_per_second);
    families.gauge("emostage_draining", "1 while the broker drains.", report.core.draining ? 1 : 0);
    add_turns(families, report.core);
    add_pipelines(families, report.core.meters);
    add_workers(families, report.core);
    add_events(families, report.core);
    add_journal(families, report.core);
    add_traffic(families, report.traffic);
    families.counter("emostage_log_lines_lost_total", "Log lines that nobody read in time.",
                     report.log_lines_lost);
    metrics::add_process(families);
    return families.text();
}

}  // namespace emostage::broker
