#include "worker/run/run.hpp"

#include <algorithm>

#include "worker/pipeline/output.hpp"

namespace emostage::worker {

namespace {

constexpr milliseconds least_left{1};  // a lease that comes late still gets a refusal of its own
// A call may use its stage's time and no more, in whole milliseconds: one that reports so little
// before the end that it took too long was ended by that time, not by its server.
constexpr milliseconds call_slack{2};

}  // namespace

Run::Run(wire::Lease lease, std::shared_ptr<const Pipeline> pipeline, const RunConfig& config,
         RunOutputs& outputs)
    : lease_(std::move(lease)),
      pipeline_(std::move(pipeline)),
      config_(config),
      outputs_(outputs),
      prompts_(pipeline_, lease_, config.help_lines),
      stages_(pipeline_->stages.size()),
      reply_(std::move(lease_.shown), lease_.on_lost, lease_.reply_bytes_max) {
    // The transcript has them.
    std::string().swap(lease_.text);
    std::vector<wire::Utterance>().swap(lease_.history);
}

void Run::on(Start, TimePoint now) {
    started_ = now;
    deadline_ = now + std::max(lease_.left, least_left);
    outputs_.emit(wire::Started{config_.worker});
    take_checkpoint();
    start_ready_stages(now);
}

// What former attempts found out is not asked for, and not told, again. A result that does not fit
// this pipeline (its file may have changed) is.
void Run::take_checkpoint() {
    for (auto& over : lease_.checkpoint) {
        const auto stage = std::find_if(pipeline_->stages.begin(), pipeline_->stages.end(),
                                        [&](const Stage& one) { return one.name == over.stage; });
        if (stage == pipeline_->stages.end() || stage->streams) continue;
        const auto index = static_cast<std::size_t>(stage - pipeline_->stages.begin());
        auto& run = stages_[index];
        if (run.over()) continue;
        if (over.status == wire::StageStatus::done) {
            auto output = unpack_result(stage->output, over);
            if (!output) continue;
            for (const auto& field : output->defaulted) {
                degraded_.push_back(stage->name + "." + field);
            }
            prompts_.add_result(index, std::move(*output));
            run.state = State::done;
        } else {
            degraded_.push_back(stage->name);
            run.state = over.status == wire::StageStatus::failed ? State::failed : State::skipped;
        }
        timings_.emplace_back(stage->name, over.ms);
    }
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
        call(index, {}, now);
    } else {
        call_reply({Errc::worker_lost, "the worker was lost in the middle of the reply"}, now);
    }
}

// Readers may hold a part of it already: `lost` says why it is no whole.
void Run::call_reply(const Error& lost, TimePoint now) {
    lost_ = lost;
    switch (reply_.next(outputs_.can_continue(now))) {
        case Reply::Next::reset:
            reply_.forget();
            outputs_.emit(wire::Reset{std::string(name(lost.code)), 0});
            [[fallthrough]];
        case Reply::Next::begin:
        case Reply::Next::go_on:
            call(pipeline_->reply, {}, now);
            return;
        case Reply::Next::full:
            complete("length", now);
            return;
        case Reply::Next::fail:
            stages_[pipeline_->reply].state = State::failed;
            fail(lost.code, lost.message, lost.code != Errc::model_refused);
            return;
    }
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
    if (stage.streams) {
        request.continue_from = reply_.text();
        request.answer_bytes_max = reply_.room();
        request.avoid = avoid_;
    } else {
        request.answer_bytes_max = answer_scan_bytes_max;
    }
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
        if (reply_.empty()) {
            reply_failed(
                {{Errc::model_output, "endpoint " + answer.endpoint + ": the reply is empty"}},
                now);
        } else {
            complete(answer.finish_reason, now);
        }
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
    auto result = pack_result(*output.result);
    if (output.defaulted.size() == stage.output.fields.size() || !result) {
        run.why = Errc::model_output;
        end_analysis(index, State::failed, now);
        return;
    }
    for (const auto& field : output.defaulted) degraded_.push_back(stage.name + "." + field);
    // Before the stage's event: who has that from a checkpoint has the alert too.
    if (alerts(index, output)) {
        const auto& careful = *pipeline_->careful;
        outputs_.emit(wire::Alert{stage.name, careful.field, careful.value});
    }
    auto defaulted = output.defaulted;
    prompts_.add_result(index, std::move(output));
    end_analysis(index, State::done, now, std::move(*result), std::move(defaulted));
}

// By this turn's own result; what the session remembers has alerted once already.
bool Run::alerts(std::size_t index, const TypedOutput& output) const {
    return pipeline_->careful && pipeline_->careful->stage == index &&
           is_careful(*pipeline_, {{index, output}}, {});
}

void Run::end_analysis(std::size_t index, State state, TimePoint now, wire::Packed result,
                       std::vector<std::string> defaulted) {
    auto& run = stages_[index];
    const auto& name = pipeline_->stages[index].name;
    run.state = state;
    run.over_at = now;
    const auto ms = to_ms(now - run.started);
    timings_.emplace_back(name, ms);
    const auto status = state == State::done     ? wire::StageStatus::done
                        : state == State::failed ? wire::StageStatus::failed
                                                 : wire::StageStatus::skipped;
    if (state != State::done) degraded_.push_back(name);
    outputs_.emit(wire::Stage{name, status, std::move(result), ms, std::move(defaulted)});
    start_ready_stages(now);
}

void Run::complete(const std::string& finish_reason, TimePoint now) {
    auto& run = stages_[pipeline_->reply];
    run.state = State::done;
    timings_.emplace_back(pipeline_->stages[pipeline_->reply].name, to_ms(now - run.started));
    if (first_delta_) timings_.emplace_back("first_delta", to_ms(*first_delta_ - started_));
    timings_.emplace_back("total", to_ms(now - started_));

    was_degraded_ = !degraded_.empty();
    wire::RunCompleted end;
    end.completed = {reply_.text().size(), reply_.hash(), finish_reason, usage_, timings_,
                     std::move(degraded_)};
    end.state = prompts_.remembered();
    ended_ = true;
    end_ = RunReport::End::completed;
    outputs_.emit(std::move(end));
}

void Run::on(CallFailed failed, TimePoint now) {
    if (ended_ || !stages_[failed.stage].calling()) return;
    count(failed.failure.tries, 0, 0);
    const TimePoint ends = stages_[failed.stage].ends;
    if (failed.failure.error.code == Errc::model_timeout && now >= ends - call_slack) {
        run_out(failed.stage, std::max(now, ends));
    } else if (failed.stage == pipeline_->reply) {
        reply_failed(failed.failure, now);
    } else if (failed.failure.error.code == Errc::model_output && may_repair(failed.stage, now)) {
        stages_[failed.stage].state = State::repairing;
        call(failed.stage, {}, now);
    } else {
        stages_[failed.stage].why = failed.failure.error.code;
        end_analysis(failed.stage, State::failed, now);
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
    const bool again = !reply_.empty() || failure.error.code == Errc::model_output;
    if (again && restarts_ < config_.reply_restarts_max && run.ends - now >= config_.repair_min) {
        ++restarts_;
        avoid_ = failure.endpoint;
        const bool refused = failure.error.code == Errc::model_refused;  // to go on with the text
        if (refused) reply_.refuse_to_continue();
        call_reply(refused ? Error(lost_) : failure.error, now);
        return;
    }
    run.state = State::failed;
    fail(failure.error.code, failure.error.message, failure.error.code != Errc::model_refused);
}

void Run::on(const Stop& stop, TimePoint) {
    if (ended_) return;
    ended_ = true;
    end_ = stop.fenced ? RunReport::End::fenced : RunReport::End::cancelled;
    stop_calls();
    if (!stop.fenced) outputs_.emit(wire::Cancelled{stop.reason});
}

void Run::on(Tick, TimePoint now) {
    if (ended_) return;
    for (std::size_t i = 0; i < stages_.size() && !ended_; ++i) {
        auto& run = stages_[i];
        if (!run.calling() || now < run.ends) continue;
        outputs_.stop_call(i);
        run_out(i, now);
    }
}

// The stage's time is used up, and its call is over.
void Run::run_out(std::size_t index, TimePoint now) {
    if (index != pipeline_->reply) {
        end_analysis(index, State::skipped, now);
        return;
    }
    stages_[index].state = State::failed;
    if (now >= deadline_) {
        fail(Errc::deadline_exceeded, "the turn's time was used up", true);
    } else {
        fail(Errc::model_timeout, "the reply took longer than its budget", true);
    }
}

void Run::fail(Errc code, std::string message, bool retryable) {
    ended_ = true;
    end_ = RunReport::End::failed;
    why_ = code;
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

RunReport Run::report(TimePoint now) const {
    RunReport report;
    report.end = end_;
    report.why = why_;
    report.took = now - started_;
    if (first_delta_) report.first_delta = *first_delta_ - started_;
    report.restarts = restarts_;
    report.degraded = was_degraded_;
    report.stages.resize(stages_.size());
    for (std::size_t i = 0; i < stages_.size(); ++i) {
        const auto& run = stages_[i];
        auto& stage = report.stages[i];
        if (run.started == TimePoint{} || !run.over()) continue;
        const bool reply = i == pipeline_->reply;
        const bool open = run.over_at == TimePoint{};  // until the run ended
        stage.took = (open ? now : run.over_at) - run.started;
        stage.why = reply ? why_ : run.why;
        switch (run.state) {
            case State::done:
                stage.end = StageReport::End::done;
                break;
            case State::failed:
                stage.end = StageReport::End::failed;
                break;
            default:
                stage.end = open ? StageReport::End::stopped : StageReport::End::skipped;
        }
    }
    return report;
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
