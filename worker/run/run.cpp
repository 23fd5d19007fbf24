#include "worker/run/run.hpp"

#include <algorithm>

#include "worker/pipeline/output.hpp"

namespace emostage::worker {

namespace {

constexpr milliseconds least_left{1};  // a lease that comes late still gets a refusal of its own

}  // namespace

Run::Run(wire::Lease lease, std::shared_ptr<const Pipeline> pipeline, const RunConfig& config,
         RunOutputs& outputs)
    : lease_(std::move(lease)),
      pipeline_(std::move(pipeline)),
      config_(config),
      outputs_(outputs),
      prompts_(pipeline_, lease_, config.help_lines),
      stages_(pipeline_->stages.size()) {}

void Run::on(Start, TimePoint now) {
    started_ = now;
    deadline_ = now + std::max(lease_.left, least_left);
    outputs_.emit(wire::Started{config_.worker});
    start_ready_stages(now);
}

void Run::start_ready_stages(TimePoint now) {
    for (std::size_t i = 0; i < stages_.size(); ++i) {
        if (stages_[i].state != State::waiting) continue;
        const auto& after = pipeline_->stages[i].after;
        if (std::all_of(after.begin(), after.end(),
                        [&](auto other) { return stages_[other].over(); })) {
            start_stage(i, now);
        }
    }
}

void Run::start_stage(std::size_t index, TimePoint now) {
    const auto& stage = pipeline_->stages[index];
    auto& run = stages_[index];
    run.state = State::running;
    run.started = now;
    run.ends = std::min(deadline_, now + stage.budget);
    if (index != pipeline_->reply) {
        // The client waits for no analysis that would leave the reply no time.
        const auto share =
            std::chrono::duration_cast<Duration>((deadline_ - now) * config_.analysis_share);
        run.ends = std::min(run.ends, now + share);
    }
    call(index, {}, now);
}

void Run::call(std::size_t index, const std::string& complaint, TimePoint now) {
    const auto& stage = pipeline_->stages[index];
    llm::ChatRequest request;
    request.shared_prefix = prompts_.preamble();
    request.user = prompts_.user_message(index, complaint);
    request.stream = stage.streams;
    request.max_tokens = stage.max_tokens;
    request.temperature = stage.temperature;
    request.top_p = stage.top_p;
    request.stop = stage.stop;
    request.shape = stage.output.shape;
    request.answer_bytes_max = stage.streams ? lease_.reply_bytes_max : answer_scan_bytes_max;
    request.timeouts = stage.timeouts;
    request.timeouts.total = std::min(
        request.timeouts.total,
        std::max(std::chrono::duration_cast<milliseconds>(stages_[index].ends - now), least_left));
    request.session = lease_.session;
    request.traceparent = lease_.traceparent;
    outputs_.start_call(index, std::move(request));
}

void Run::on(const Content& content, TimePoint now) {
    if (ended_ || content.stage != pipeline_->reply || !stages_[content.stage].calling()) return;
    if (content.text.empty()) return;
    if (!first_delta_) first_delta_ = now;
    reply_.append(content.text);
    outputs_.emit(wire::Delta{std::string(content.text), 0});
}

void Run::on(Answer answered, TimePoint now) {
    if (ended_ || !stages_[answered.stage].calling()) return;
    const auto& answer = answered.answer;
    count(answer.tries, answer.prompt_tokens, answer.completion_tokens);
    if (answered.stage == pipeline_->reply) {
        complete(answer, now);
    } else {
        read_answer(answered.stage, answer, now);
    }
}

void Run::read_answer(std::size_t index, const llm::ChatAnswer& answer, TimePoint now) {
    auto& run = stages_[index];
    const auto& stage = pipeline_->stages[index];
    auto output = read_output(stage.output, answer.text);
    if (!output.valid() && may_repair(index, now)) {
        run.state = State::repairing;
        call(index, output.complaint, now);
        return;
    }
    auto result = pack_result(output.result_json);
    if (output.defaulted.size() == stage.output.fields.size() || !result) {
        end_analysis(index, State::failed, {}, now);
        return;
    }
    for (const auto& field : output.defaulted) degraded_.push_back(stage.name + "." + field);
    prompts_.add_result(index, std::move(output));
    end_analysis(index, State::done, std::move(*result), now);
}

void Run::end_analysis(std::size_t index, State state, wire::Packed result, TimePoint now) {
    auto& run = stages_[index];
    const auto& name = pipeline_->stages[index].name;
    run.state = state;
    const auto ms = to_ms(now - run.started);
    timings_.emplace_back(name, ms);
    const auto status = state == State::done     ? wire::StageStatus::done
                        : state == State::failed ? wire::StageStatus::failed
                                                 : wire::StageStatus::skipped;
    if (state != State::done) degraded_.push_back(name);
    outputs_.emit(wire::Stage{name, status, std::move(result), ms});
    start_ready_stages(now);
}

void Run::complete(const llm::ChatAnswer& answer, TimePoint now) {
    if (reply_.bytes() == 0) {
        reply_failed({{Errc::model_output, "endpoint " + answer.endpoint + ": the reply is empty"}},
                     now);
        return;
    }
    auto& run = stages_[pipeline_->reply];
    run.state = State::done;
    timings_.emplace_back(pipeline_->stages[pipeline_->reply].name, to_ms(now - run.started));
    timings_.emplace_back("first_delta", to_ms(*first_delta_ - started_));
    timings_.emplace_back("total", to_ms(now - started_));

    wire::RunCompleted end;
    end.completed = {reply_.bytes(), reply_.hash(), answer.finish_reason,
                     usage_,         timings_,      std::move(degraded_)};
    end.state = prompts_.remembered();
    ended_ = true;
    outputs_.emit(std::move(end));
}

void Run::on(CallFailed failed, TimePoint now) {
    if (ended_ || !stages_[failed.stage].calling()) return;
    count(failed.failure.tries, 0, 0);
    if (failed.stage == pipeline_->reply) {
        reply_failed(failed.failure, now);
    } else if (failed.failure.error.code == Errc::model_output && may_repair(failed.stage, now)) {
        stages_[failed.stage].state = State::repairing;
        call(failed.stage, {}, now);
    } else {
        end_analysis(failed.stage, State::failed, {}, now);
    }
}

bool Run::may_repair(std::size_t index, TimePoint now) const {
    const auto& run = stages_[index];
    return run.state == State::running && run.ends - now >= config_.repair_min;
}

void Run::reply_failed(const llm::ChatFailure& failure, TimePoint now) {
    auto& run = stages_[pipeline_->reply];
    // Before the first content the client has tried all it may; after it, and where the model ended
    // without a word, only a whole new call helps.
    const bool cut = reply_.bytes() > 0;
    const bool again = cut || failure.error.code == Errc::model_output;
    if (again && restarts_ < config_.reply_restarts_max && run.ends - now >= config_.repair_min) {
        ++restarts_;
        if (cut) {
            reply_.reset();
            outputs_.emit(wire::Reset{std::string(name(failure.error.code))});
        }
        call(pipeline_->reply, {}, now);
        return;
    }
    run.state = State::failed;
    fail(failure.error.code, failure.error.message, failure.error.code != Errc::model_refused);
}

void Run::on(const Stop& stop, TimePoint) {
    if (ended_) return;
    ended_ = true;
    stop_calls();
    if (!stop.fenced) outputs_.emit(wire::Cancelled{stop.reason});
}

void Run::on(Tick, TimePoint now) {
    if (ended_) return;
    for (std::size_t i = 0; i < stages_.size() && !ended_; ++i) {
        auto& run = stages_[i];
        if (!run.calling() || now < run.ends) continue;
        outputs_.stop_call(i);
        if (i != pipeline_->reply) {
            end_analysis(i, State::skipped, {}, now);
        } else {
            run.state = State::failed;
            if (now >= deadline_) {
                fail(Errc::deadline_exceeded, "the turn's time was used up", true);
            } else {
                fail(Errc::model_timeout, "the reply took longer than its budget", true);
            }
        }
    }
}

void Run::fail(Errc code, std::string message, bool retryable) {
    ended_ = true;
    stop_calls();
    outputs_.emit(wire::Failed{code, std::move(message), retryable});
}

void Run::stop_calls() {
    for (std::size_t i = 0; i < stages_.size(); ++i) {
        if (!stages_[i].calling()) continue;
        stages_[i].state = State::skipped;
        outputs_.stop_call(i);
    }
}

void Run::count(std::int64_t tries, std::int64_t prompt_tokens, std::int64_t completion_tokens) {
    usage_.calls += tries;
    usage_.prompt_tokens += prompt_tokens;
    usage_.completion_tokens += completion_tokens;
}

std::optional<TimePoint> Run::next_time() const {
    std::optional<TimePoint> next;
    if (ended_) return next;
    for (const auto& run : stages_) {
        if (run.calling() && (!next || run.ends < *next)) next = run.ends;
    }
    return next;
}

}  // namespace emostage::worker
