#include "broker/admin/metrics.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

namespace emostage::broker {
namespace {

using testing::HasSubstr;

Report busy() {
    Report report;
    report.core.queued = 3;
    report.core.running = 2;
    report.core.oldest_queued_ms = 1500;
    report.core.workers = {{"w1", 8, 2, false}, {"w2", 4, 0, true}};
    report.core.counters.completed = 7;
    report.core.counters.failed = 1;
    report.core.counters.leases_lost = 4;
    report.core.replays_waiting = 8;
    report.core.counters.replays_dropped = 2;
    report.core.draining = true;
    Meters& meters = report.core.meters;
    meters.leased("emostage");
    meters.of("emostage").queue_wait.observe(std::chrono::milliseconds(30));
    meters.of("emostage")
        .took[static_cast<std::size_t>(TurnEnd::completed)]
        .observe(std::chrono::milliseconds(1500));
    meters.of("emostage").degraded = 2;
    meters.failed[static_cast<std::size_t>(Errc::model_cut)] = 1;
    meters.leases_lost[static_cast<std::size_t>(LossCause::silent)] = 4;
    meters.commit.observe(std::chrono::milliseconds(3));
    meters.commits_full = 3;
    report.traffic.rejected_with(Errc::overloaded) = 5;
    report.traffic.bad_on(Socket::commands) = 9;
    report.traffic.sent_on(Socket::events).add(100);
    report.started_unix_ms = 1'700'000'000'500;
    report.log_lines_lost = 6;
    return report;
}

TEST(Metrics, ShowTheReportInBaseUnits) {
    const std::string text = metrics_text(busy());
    for (const auto* line :
         {"emostage_turns_waiting 3\n",
          "emostage_turns_running 2\n",
          "emostage_turns_waiting_oldest_seconds 1.5\n",
          "emostage_turns_total{outcome=\"completed\"} 7\n",
          "emostage_turns_total{outcome=\"failed\"} 1\n",
          "emostage_workers{state=\"ready\"} 1\n",
          "emostage_workers{state=\"draining\"} 1\n",
          "emostage_worker_slots 8\n",
          "emostage_worker_slots_used 2\n",
          "emostage_leases_lost_total 4\n",
          "emostage_draining 1\n",
          "emostage_replays_waiting 8\n",
          "emostage_replays_dropped_total 2\n",
          "emostage_rejected_total{code=\"overloaded\"} 5\n",
          "emostage_messages_bad_total{socket=\"commands\"} 9\n",
          "emostage_messages_sent_total{socket=\"events\"} 1\n",
          "emostage_sent_bytes_total{socket=\"events\"} 100\n",
          "emostage_queue_wait_seconds_bucket{pipeline=\"emostage\",le=\"0.025\"} 0\n",
          "emostage_queue_wait_seconds_bucket{pipeline=\"emostage\",le=\"0.05\"} 1\n",
          "emostage_turn_duration_seconds_sum{pipeline=\"emostage\",outcome=\"completed\"} 1.5\n",
          "emostage_pipeline_degraded_total{pipeline=\"emostage\"} 2\n",
          "emostage_turns_failed_total{code=\"model_cut\"} 1\n",
          "emostage_leases_lost_by_cause_total{cause=\"silent\"} 4\n",
          "emostage_journal_commit_seconds_count 1\n",
          "emostage_journal_commits_full_total 3\n",
          "emostage_start_time_seconds 1700000000.5\n",
          "emostage_log_lines_lost_total 6\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

TEST(Metrics, AreWellFormedAndNamedOnce) {
    const std::regex sample(
        R"re([a-z_]+(\{[a-z_]+="[A-Za-z0-9_.+-]+"(,[a-z_]+="[A-Za-z0-9_.+-]+")*\})? -?[0-9.e+-]+)re");
    const std::regex comment(R"re(# (HELP|TYPE) [a-z_]+ .+)re");
    std::set<std::string> types, samples;
    std::istringstream text(metrics_text(busy()));
    for (std::string line; std::getline(text, line);) {
        EXPECT_TRUE(std::regex_match(line, line[0] == '#' ? comment : sample)) << line;
        if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(types.insert(line).second) << line;
            const bool total = line.find("_total ") != std::string::npos;
            EXPECT_EQ(total, line.ends_with(" counter")) << line;
        } else if (line[0] != '#') {
            EXPECT_TRUE(samples.insert(line.substr(0, line.find(' '))).second) << line;
        }
    }
    EXPECT_GT(types.size(), 30u);
}

TEST(Metrics, HaveTheSameLinesWhateverGatewaysAndWorkersAreCalled) {
    const auto names_of = [](const Report& report) {
        std::set<std::string> names;
        std::istringstream text(metrics_text(report));
        for (std::string line; std::getline(text, line);) {
            if (line[0] != '#') names.insert(line.substr(0, line.rfind(' ')));
        }
        return names;
    };
    Report report = busy();
    report.core.queued_by_gateway = {{"somebody", 3}};
    for (int i = 0; i < 100; ++i)
        report.core.workers.push_back({"w" + std::to_string(i), 1, 0, false});
    Report plain;
    plain.core.meters.leased("emostage");
    EXPECT_EQ(names_of(report), names_of(plain));
}

}  // namespace
}  // namespace emostage::broker
