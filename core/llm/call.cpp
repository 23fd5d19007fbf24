#include "core/llm/call.hpp"

#include <algorithm>

namespace emostage::llm {
namespace {

std::string within(std::string_view what, milliseconds limit) {
    return std::string(what) + " within " + std::to_string(limit.count()) + " ms";
}

constexpr EndpointSet bit(std::size_t endpoint) { return EndpointSet{1} << endpoint; }

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

Call::Call(const ChatRequest& request, Shared shared)
    : request_(request),
      shared_(shared),
      reader_(shared.parser, request.stream, request.answer_bytes_max, request.continue_from),
      among_(request.continue_from.empty() ? EndpointPool::all : shared.pool.continuing()),
      tried_(shared.pool.named(request.avoid)) {}

Call::Call(Rival rival)
    : request_(rival.of.request_),
      shared_(rival.of.shared_),
      reader_(shared_.parser, request_.stream, request_.answer_bytes_max, request_.continue_from),
      total_until_(rival.of.total_until_),
      started_at_(rival.of.started_at_),
      among_(rival.of.among_ & ~bit(rival.of.endpoint_)),
      tried_(rival.of.tried_),
      rival_(true) {}

bool Call::can_have_rival(TimePoint now) const {
    return silent() && shared_.pool.has_other(tried_, now, among_);
}

void Call::leave_to_rival(std::size_t endpoint) { tried_ |= bit(endpoint); }

void Call::wait_for(Wait what, TimePoint until) {
    wait_ = what;
    wait_until_ = until;
}

Call::Step Call::start(TimePoint now) {
    if (!rival_) {
        started_at_ = now;
        total_until_ = now + request_.timeouts.total;
        shared_.budget.on_call(now);
    }
    return send(now);
}

// Takes a place and asks the shell to send.
Call::Step Call::send(TimePoint now) {
    auto place = shared_.pool.take(request_.session, tried_, now, among_);
    if (!place) {
        // A breaker opens for seconds, and a turn can wait for some of them: one server that fails
        // now and then must not fail everybody who asks meanwhile. Not a try.
        const auto at = now + shared_.backoff.delay(++waits_);
        const auto until = std::min(total_until_, started_at_ + shared_.policy.endpoint_wait_max);
        if (!rival_ && at < until) {
            wait_for(Wait::retry, at);
            return {};
        }
        // A call that was sent tells of the endpoint, not of the pool.
        if (last_fault_) return fail_with(*last_fault_, Step::Exchange::keep);
        Fault fault{place.error().code, place.error().message};
        return fail_with(fault, Step::Exchange::keep);
    }
    place_ = *place;
    endpoint_ = place->endpoint;
    tried_ |= bit(endpoint_);
    ++tries_;
    ++sent_;
    replaced_dead_ = false;
    last_fault_.reset();
    reader_.reset();
    content_.clear();
    text_.clear();
    error_body_.clear();
    status_ = 0;
    first_content_at_.reset();
    sent_at_ = connected_at_ = now;
    wait_for(Wait::connection, now + request_.timeouts.connect);
    Step step;
    step.send = Send{endpoint_, false};
    return step;
}

Call::Step Call::on_connected(TimePoint now) {
    content_.clear();
    if (wait_ != Wait::connection) return {};
    connected_at_ = now;
    wait_for(Wait::first_token,
             request_.stream ? now + request_.timeouts.first_token : TimePoint::max());
    return {};
}

Call::Step Call::on_head(const ResponseHead& head, Now now) {
    content_.clear();
    if (wait_ == Wait::connection) on_connected(now.steady);
    status_ = head.status;
    if (!is_success(status_)) {
        if (const auto rest =
                parse_retry_after(head.retry_after, head.retry_after_ms, now.unix_ms)) {
            shared_.pool.rest(endpoint_, now.steady + *rest);
        }
        wait_for(Wait::error_body, now.steady + shared_.policy.error_body);
    } else if (!request_.stream) {
        wait_for(Wait::more, now.steady + request_.timeouts.silence);
    }
    return {};
}

void Call::take_content(TimePoint now) {
    if (content_.empty()) return;
    if (!first_content_at_) {
        first_content_at_ = now;
        shared_.pool.succeeded(*place_);
        if (request_.stream) shared_.pool.meter(endpoint_).first_token.observe(now - sent_at_);
    }
    if (request_.stream) {
        delivered_ = true;
    } else {
        text_.append(content_);
        content_.clear();
    }
}

Call::Step Call::on_body(std::string_view bytes, TimePoint now) {
    content_.clear();
    if (wait_ == Wait::error_body) {
        const std::size_t room = error_body_bytes_max - error_body_.size();
        error_body_.append(bytes.substr(0, room));
        if (bytes.size() >= room) return settle_status(now, Step::Exchange::close);
        return {};
    }
    auto fault = reader_.on_body(bytes, content_);
    if (fault && !delivered_) content_.clear();  // nobody has seen it: the try can be repeated
    take_content(now);
    if (fault) return settle(std::move(*fault), now, Step::Exchange::close);
    if (reader_.done()) {
        const auto rest = reader_.cut() ? Step::Exchange::close : Step::Exchange::drain;
        return finish(now, rest);
    }
    if (reader_.finished()) {
        if (wait_ != Wait::tail) wait_for(Wait::tail, now + shared_.policy.tail);
    } else if (first_content_at_ || !request_.stream) {
        wait_for(Wait::more, now + request_.timeouts.silence);
    }
    return {};
}

Call::Step Call::on_end(const ExchangeResult& result, TimePoint now) {
    content_.clear();
    constexpr auto gone = Step::Exchange::keep;  // there is nothing to close any more
    if (wait_ == Wait::error_body) return settle_status(now, gone);
    switch (result.end) {
        case ExchangeEnd::whole:
            return finish(now, gone);
        case ExchangeEnd::unreachable:
            return settle(unreachable_fault(std::string(result.words)), now, gone);
        case ExchangeEnd::garbled:
            return settle(malformed_fault(std::string(result.words)), now, gone);
        case ExchangeEnd::broken:
            break;
    }
    if (result.answered) {
        auto fault = reader_.on_end(false, content_);
        content_.clear();
        return settle(fault ? std::move(*fault) : cut_fault("the connection broke"), now, gone);
    }
    if (result.reused && !replaced_dead_) {
        // The server had closed it while it was idle: no fault of the call's.
        replaced_dead_ = true;
        ++sent_;
        wait_for(Wait::connection, now + request_.timeouts.connect);
        Step step;
        step.send = Send{endpoint_, true};
        return step;
    }
    return settle(cut_fault("the connection closed before an answer"), now, gone);
}

Call::Step Call::on_time(TimePoint now) {
    content_.clear();
    if (now >= total_until_) return on_total(now);
    if (now < wait_until_) return {};
    constexpr auto close = Step::Exchange::close;
    const CallTimeouts& limits = request_.timeouts;
    switch (wait_) {
        case Wait::nothing:
            return {};
        case Wait::connection:
            return settle(timeout_fault(within("no connection", limits.connect), Blame::endpoint),
                          now, close);
        case Wait::first_token:
            return settle(
                timeout_fault(within("no first token", limits.first_token), Blame::endpoint), now,
                close);
        case Wait::more:
            return settle(timeout_fault(within("no more content", limits.silence), Blame::endpoint),
                          now, close);
        case Wait::tail:
            return finish(now, close);
        case Wait::error_body:
            return settle_status(now, close);
        case Wait::retry:
            return send(now);
    }
    return {};
}

Call::Step Call::on_total(TimePoint now) {
    const auto exchange = wait_ == Wait::retry ? Step::Exchange::keep : Step::Exchange::close;
    if (wait_ == Wait::tail) return finish(now, exchange);
    const bool silent =
        place_ && !first_content_at_ && now - sent_at_ >= shared_.policy.blame_total_after;
    Fault fault = timeout_fault(within("no end", request_.timeouts.total),
                                silent ? Blame::endpoint : Blame::nobody);
    fault.retryable = false;
    return settle(std::move(fault), now, exchange);
}

void Call::stop() {
    if (place_) ++shared_.pool.meter(endpoint_).stopped;
    give_back();
    wait_for(Wait::nothing, TimePoint::max());
    total_until_ = TimePoint::max();
}

void Call::give_back() {
    if (place_) shared_.pool.give_back(*place_);
    place_.reset();
}

void Call::count_answer(TimePoint now) {
    auto& meter = shared_.pool.meter(endpoint_);
    meter.answered.observe(now - sent_at_);
    const auto prompt = reader_.usage().prompt_tokens, said = reader_.usage().completion_tokens;
    if (prompt > 0) meter.prompt_tokens.observe(static_cast<double>(prompt));
    if (said > 0) meter.completion_tokens.observe(static_cast<double>(said));
    if (request_.stream && first_content_at_ && said > 1) {
        meter.output_token.observe((now - *first_content_at_) / (said - 1));
    }
}

// The body is over, or needs no more: the answer is whole if the reader says so.
Call::Step Call::finish(TimePoint now, Step::Exchange exchange) {
    const std::size_t before = content_.size();
    if (auto fault = reader_.on_end(true, content_)) {
        content_.resize(before);
        return settle(std::move(*fault), now, exchange);
    }
    take_content(now);
    ChatAnswer answer;
    answer.text = std::move(text_);
    answer.finish_reason = reader_.finish_reason();
    answer.prompt_tokens = reader_.usage().prompt_tokens;
    answer.completion_tokens = reader_.usage().completion_tokens;
    answer.tries = sent_;
    answer.endpoint = shared_.pool.config(endpoint_).name;
    answer.first_content = first_content_at_.value_or(now) - started_at_;
    count_answer(now);
    give_back();
    stop();
    Step step;
    step.exchange = exchange;
    step.end = std::move(answer);
    return step;
}

Call::Step Call::settle_status(TimePoint now, Step::Exchange exchange) {
    const ChatChunk* body = shared_.parser.parse(error_body_);
    const bool says = body != nullptr && body->error;
    return settle(status_fault(status_, says ? body->error->detail : ""), now, exchange);
}

// The running try has failed: again, or the end.
Call::Step Call::settle(Fault fault, TimePoint now, Step::Exchange exchange) {
    if (place_) {
        shared_.pool.meter(endpoint_).fail(fault.code, now - sent_at_);
        if (fault.blame == Blame::endpoint) {
            shared_.pool.failed(*place_, now);
        } else if (status_ != 0 && fault.code != Errc::model_timeout) {
            shared_.pool.succeeded(*place_);  // it lives, whatever it thinks of the request
        }
    }
    give_back();
    TimePoint at;
    if (!may_retry(fault, now, at)) return fail_with(fault, exchange);
    ++shared_.pool.meter(endpoint_).retried;
    last_fault_ = std::move(fault);
    if (at <= now) {
        Step step = send(now);
        step.exchange = exchange;
        return step;
    }
    wait_for(Wait::retry, at);
    Step step;
    step.exchange = exchange;
    return step;
}

// `at`: at once where another endpoint is free, else after the back-off and what Retry-After asks.
bool Call::may_retry(const Fault& fault, TimePoint now, TimePoint& at) {
    if (rival_ || !fault.retryable || delivered_) return false;
    if (tries_ >= shared_.policy.tries_max) return false;
    if (shared_.pool.has_other(tried_, now, among_)) {
        at = now;
    } else {
        at = std::max(now + shared_.backoff.delay(tries_), shared_.pool.rested_at(now, among_));
    }
    return at < total_until_ && shared_.budget.take(now);
}

Call::Step Call::fail_with(const Fault& fault, Step::Exchange exchange) {
    std::string message;
    if (sent_ > 0) message = "endpoint " + shared_.pool.config(endpoint_).name + ": ";
    message += fault.what;
    if (sent_ > 0) message += ", " + std::to_string(sent_) + (sent_ == 1 ? " try" : " tries");
    stop();
    Step step;
    step.exchange = exchange;
    step.end = ChatFailure{{fault.code, std::move(message)},
                           delivered_,
                           sent_,
                           sent_ > 0 ? shared_.pool.config(endpoint_).name : ""};
    return step;
}

}  // namespace emostage::llm
