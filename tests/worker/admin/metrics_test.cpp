#include "worker/admin/metrics.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace emostage::worker {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Report busy() {
    Report report;
    report.worker = "w1";
    report.shards = 2;
    report.registered = 1;
    ShardReport& all = report.all;
    all.slots = 64;
    all.running = 3;
    all.unkept_bytes = 512;
    all.link.leases = 9;
    all.cancel.observe(300us);
    all.late.observe(40ms);
    auto& pipeline = all.pipelines.emplace_back();
    pipeline.pipeline = "emostage";
    pipeline.took[static_cast<std::size_t>(RunReport::End::completed)].observe(2s);
    pipeline.took[static_cast<std::size_t>(RunReport::End::failed)].observe(1s);
    pipeline.own.observe(300us);
    pipeline.degraded = 4;
    auto& stage = pipeline.stages.emplace_back("phase");
    stage.ended[static_cast<std::size_t>(StageReport::End::failed)] = 2;
    stage.failures[static_cast<std::size_t>(Errc::model_output)] = 2;
    llm::EndpointStatus endpoint;
    endpoint.name = "vllm-1";
    endpoint.model = "Qwen/Qwen2.5-7B-Instruct";
    endpoint.breaker = llm::BreakerState::open;
    endpoint.breaker_opens = 1;
    endpoint.meter.answered.observe(700ms);
    endpoint.meter.fail(Errc::model_busy, 10ms);
    endpoint.meter.first_token.observe(150ms);
    endpoint.meter.completion_tokens.observe(40.0);
    endpoint.meter.stopped = 5;
    all.endpoints.push_back(endpoint);
    return report;
}

TEST(WorkerMetrics, ShowTheReportInBaseUnits) {
    const std::string text = metrics_text(busy());
    const std::string model =
        "endpoint=\"vllm-1\",gen_ai_request_model=\"Qwen/Qwen2.5-7B-Instruct\","
        "gen_ai_operation_name=\"chat\"";
    for (const auto& line :
         {std::string("emostage_worker_shards 2\n"),
          std::string("emostage_worker_shards_registered 1\n"),
          std::string("emostage_worker_runs 3\n"),
          std::string("emostage_worker_run_slots 64\n"),
          std::string("emostage_worker_cancel_seconds_bucket{le=\"0.0005\"} 1\n"),
          std::string("emostage_worker_loop_lag_seconds_sum 0.04\n"),
          std::string("emostage_worker_unkept_bytes 512\n"),
          std::string("emostage_worker_leases_total 9\n"),
          std::string("emostage_worker_degraded_total{pipeline=\"emostage\"} 4\n"),
          std::string("emostage_worker_overhead_seconds_count{pipeline=\"emostage\"} 1\n"),
          std::string(
              "gen_ai_workflow_duration_seconds_sum{gen_ai_workflow_name=\"emostage\"} 2\n"),
          std::string("gen_ai_workflow_duration_seconds_sum{gen_ai_workflow_name=\"emostage\","
                      "error_type=\"failed\"} 1\n"),
          std::string("emostage_worker_stages_total{pipeline=\"emostage\",stage=\"phase\","
                      "status=\"failed\"} 2\n"),
          std::string("emostage_worker_stage_failures_total{pipeline=\"emostage\","
                      "stage=\"phase\",code=\"model_output\"} 2\n"),
          "gen_ai_client_operation_duration_seconds_count{" + model + "} 1\n",
          "gen_ai_client_operation_duration_seconds_count{" + model +
              ",error_type=\"model_busy\"} 1\n",
          "gen_ai_server_time_to_first_token_seconds_sum{" + model + "} 0.15\n",
          "gen_ai_client_token_usage_sum{" + model + ",gen_ai_token_type=\"output\"} 40\n",
          std::string("emostage_worker_model_requests_total{endpoint=\"vllm-1\",outcome=\"ok\"} "
                      "1\n"),
          std::string("emostage_worker_model_requests_total{endpoint=\"vllm-1\","
                      "outcome=\"stopped\"} 5\n"),
          std::string("emostage_worker_model_requests_total{endpoint=\"vllm-1\","
                      "outcome=\"model_busy\"} 1\n"),
          std::string("emostage_worker_model_breaker_state{endpoint=\"vllm-1\"} 2\n"),
          std::string("emostage_worker_model_breaker_opened_total{endpoint=\"vllm-1\"} 1\n")}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
    EXPECT_THAT(text, Not(HasSubstr("outcome=\"model_cut\""))) << "what has never been";
}

TEST(WorkerMetrics, AreNamedOnceAndCountersEndInTotal) {
    std::set<std::string> types, samples;
    std::istringstream text(metrics_text(busy()));
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(types.insert(line).second) << line;
            EXPECT_EQ(line.find("_total ") != std::string::npos, line.ends_with(" counter"))
                << line;
        } else if (line[0] != '#') {
            EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line;
        }
    }
    EXPECT_GT(types.size(), 35u);
}

TEST(WorkerMetrics, HaveAllTheirFamiliesBeforeTheFirstTurn) {
    const auto types_of = [](const std::string& text) {
        std::set<std::string> types;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("# TYPE ")) types.insert(line);
        }
        return types;
    };
    EXPECT_EQ(types_of(metrics_text(busy())), types_of(metrics_text(Report{})));
}

}  // namespace
}  // namespace emostage::worker
