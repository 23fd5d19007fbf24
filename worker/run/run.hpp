// One leased turn, without I/O: which call comes next, what to tell, when to repair, default, go on
// with the reply or start it again, give up.
//
// A lease may carry what former attempts did: stages that are over are not run again, and a reply
// that was begun goes on where an endpoint can, is reset, or fails, as the turn's `on_lost` asks.
// The same holds when an endpoint is lost in the middle of the reply.
//
// A machine: `on(input, now)`, `next_time()`. Calls are named by the index of their stage; a stage
// has one call at a time. After ended() it says nothing more. Owned by one shard; one thread.
//
// EmoStage (arXiv 2506.19279): perspective-taking and phase recognition at once, then the reply.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/llm/client.hpp"
#include "schemas/link.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/run/reply.hpp"
#include "worker/run/run_report.hpp"
#include "worker/run/turn_prompts.hpp"

namespace emostage::worker {

struct RunConfig {
    std::string worker;                          // for `started`
    std::map<Language, std::string> help_lines;  // the operator's, for the careful wording
    int reply_restarts_max = 2;    // after a reply that was cut in the middle or empty; also those
                                   // that go on
    milliseconds repair_min{500};  // with less of its budget left, a stage is not repaired
    double analysis_share = 0.5;   // of the turn's remaining time, at most, before the reply starts
};

// What a run asks its shell to do. Called from inside on(); must not call the run back.
class RunOutputs {
public:
    virtual ~RunOutputs() = default;
    virtual void emit(wire::RunEvent event) = 0;
    virtual void start_call(std::size_t stage, llm::ChatRequest request) = 0;
    // Closes the call's connection before it returns; nothing more comes from it.
    virtual void stop_call(std::size_t stage) = 0;
    // Whether a call with `continue_from` would find an endpoint now.
    virtual bool can_continue(TimePoint now) const = 0;
};

class Run {
public:
    struct Start {};
    struct Content {
        std::size_t stage = 0;
        std::string_view text;
    };
    struct Answer {
        std::size_t stage = 0;
        llm::ChatAnswer answer;
    };
    struct CallFailed {
        std::size_t stage = 0;
        llm::ChatFailure failure;
    };
    struct Stop {
        std::string reason;
        bool fenced = false;  // say nothing more
    };
    struct Tick {};

    // `config` and `outputs` outlive the run.
    Run(wire::Lease lease, std::shared_ptr<const Pipeline> pipeline, const RunConfig& config,
        RunOutputs& outputs);

    void on(Start, TimePoint now);
    void on(const Content& content, TimePoint now);
    void on(Answer answer, TimePoint now);
    void on(CallFailed failed, TimePoint now);
    void on(const Stop& stop, TimePoint now);
    void on(Tick, TimePoint now);

    std::optional<TimePoint> next_time() const;
    bool ended() const { return ended_; }

    // Requires: it has ended, at `now`.
    RunReport report(TimePoint now) const;

private:
    enum class State : std::uint8_t { waiting, running, repairing, done, failed, skipped };

    struct StageRun {
        State state = State::waiting;
        TimePoint started{};
        TimePoint ends{};  // its budget, or its share of the turn's time where that is less
        TimePoint over_at{};
        Errc why = Errc::internal;  // failed

        bool calling() const { return state == State::running || state == State::repairing; }
        bool over() const { return !calling() && state != State::waiting; }
    };

    void take_checkpoint();
    void start_ready_stages(TimePoint now);
    void start_stage(std::size_t index, TimePoint now);
    void call(std::size_t index, const std::string& complaint, TimePoint now);
    bool may_repair(std::size_t index, TimePoint now) const;  // once, with time left for it
    void end_analysis(std::size_t index, State state, TimePoint now, wire::Packed result = {},
                      std::vector<std::string> defaulted = {});
    bool alerts(std::size_t index, const TypedOutput& output) const;
    void call_reply(const Error& lost, TimePoint now);
    void read_answer(std::size_t index, const llm::ChatAnswer& answer, TimePoint now);
    void complete(const std::string& finish_reason, TimePoint now);
    void run_out(std::size_t index, TimePoint now);
    void reply_failed(const llm::ChatFailure& failure, TimePoint now);
    void fail(Errc code, std::string message, bool retryable);
    void stop_calls();
    void count(std::int64_t tries, std::int64_t prompt_tokens, std::int64_t completion_tokens);

    wire::Lease lease_;
    std::shared_ptr<const Pipeline> pipeline_;
    const RunConfig& config_;
    RunOutputs& outputs_;

    TurnPrompts prompts_;
    std::vector<StageRun> stages_;
    Reply reply_;
    int restarts_ = 0;
    Error lost_;         // why the reply was begun more than once
    std::string avoid_;  // the endpoint that lost it
    TimePoint started_{};
    TimePoint deadline_{};
    std::optional<TimePoint> first_delta_;
    wire::Usage usage_;
    wire::Timings timings_;
    std::vector<std::string> degraded_;
    bool ended_ = false;
    RunReport::End end_ = RunReport::End::fenced;
    Errc why_ = Errc::internal;  // failed
    bool was_degraded_ = false;
};

}  // namespace emostage::worker
