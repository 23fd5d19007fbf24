#include "core/llm/call.hpp"

#include <gtest/gtest.h>

#include <set>

namespace emostage::llm {
namespace {

using std::chrono::seconds;

std::string chunk(const std::string& content) {
    return R"(data: {"choices":[{"delta":{"content":")" + content + "\"}}]}\n\n";
}
const std::string finish = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string done = "data: [DONE]\n\n";

// A call with everything it shares, and a clock that the test moves.
class CallTest : public testing::Test {
protected:
    CallTest() { use({"one"}); }

    ~CallTest() override {
        if (call) call->stop();
        for (const auto& status : pool->status()) EXPECT_EQ(status.running, 0u) << "a load leaked";
    }

    void use(std::initializer_list<const char*> names) {
        std::vector<EndpointConfig> configs;
        for (const char* name : names) {
            configs.emplace_back();
            configs.back().name = name;
        }
        pool.emplace(std::move(configs), policy.breaker, policy.affinity_margin);
    }
    Call::Step start(bool stream = true) {
        request.stream = stream;
        request.timeouts = {milliseconds(100), milliseconds(1000), milliseconds(500),
                            milliseconds(10000)};
        call.emplace(request, Call::Shared{policy, *pool, budget, backoff, parser});
        return call->start(now);
    }
    Call::Step head(int status, const char* retry_after = "") {
        return call->on_head({status, retry_after, ""}, {now, 0});
    }
    Call::Step body(const std::string& bytes) { return call->on_body(bytes, now); }
    Call::Step end(ExchangeEnd how = ExchangeEnd::whole, bool answered = true,
                   bool reused = false) {
        return call->on_end({how, reused, answered, "words"}, now);
    }
    Call::Step wait() {
        now = call->next_time();
        return call->on_time(now);
    }
    void start_streaming() {
        ASSERT_TRUE(start().send);
        call->on_connected(now);
        head(200);
        EXPECT_FALSE(body(chunk("Hello")).over());
        ASSERT_EQ(call->content(), "Hello");
    }
    // The next request after a failed one, back-off waited out.
    Call::Step again(Call::Step step) {
        EXPECT_FALSE(step.over());
        return step.send ? step : wait();
    }
    static ChatFailure failure(const Call::Step& step) {
        EXPECT_TRUE(std::holds_alternative<ChatFailure>(step.end));
        return std::get<ChatFailure>(step.end);
    }
    static ChatAnswer answer(const Call::Step& step) {
        EXPECT_TRUE(std::holds_alternative<ChatAnswer>(step.end));
        return std::get<ChatAnswer>(step.end);
    }

    using Exchange = Call::Step::Exchange;
    TimePoint now{seconds(1000)};
    Policy policy;
    std::optional<EndpointPool> pool;
    RetryBudget budget{policy.retry_budget, now};
    Backoff backoff{policy.backoff, 1};
    ChunkParser parser;
    ChatRequest request;
    std::optional<Call> call;
};

TEST_F(CallTest, AStreamIsHandedOnPieceByPieceAndEndsAtDone) {
    start_streaming();
    now += milliseconds(40);
    EXPECT_FALSE(body(chunk(" you")).over());
    EXPECT_EQ(call->content(), " you");
    const auto step =
        body(finish +
             "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n" +
             done);
    EXPECT_EQ(step.exchange, Exchange::drain) << "the connection can serve again";
    const auto got = answer(step);
    EXPECT_EQ(got.text, "") << "it was streamed";
    EXPECT_EQ(got.finish_reason, "stop");
    EXPECT_EQ(got.prompt_tokens, 9);
    EXPECT_EQ(got.completion_tokens, 2);
    EXPECT_EQ(got.tries, 1);
    EXPECT_EQ(got.endpoint, "one");
    EXPECT_EQ(got.first_content, Duration::zero());
    EXPECT_EQ(call->next_time(), TimePoint::max());
}

TEST_F(CallTest, AWholeAnswerComesWithItsEnd) {
    start(false);
    call->on_connected(now);
    now += seconds(3);  // past first_token, which is of streams
    EXPECT_GT(call->next_time(), now);
    head(200);
    body(R"({"choices":[{"message":{"content":" {} "},)");
    EXPECT_EQ(call->content(), "");
    body(R"("finish_reason":"length"}]})");
    const auto got = answer(end());
    EXPECT_EQ(got.text, "{} ");
    EXPECT_EQ(got.finish_reason, "length");
    EXPECT_EQ(got.first_content, seconds(3));
}

TEST_F(CallTest, ACutStreamIsAFailureAndNeverRepeatedOnceSeen) {
    for (const auto how : {ExchangeEnd::whole, ExchangeEnd::broken}) {
        start_streaming();
        const auto failed = failure(end(how));
        EXPECT_EQ(failed.error.code, Errc::model_cut);
        EXPECT_TRUE(failed.delivered);
        EXPECT_EQ(failed.tries, 1);
    }
}

TEST_F(CallTest, ACutBeforeAnyContentIsTriedAgain) {
    start();
    head(200);
    body(": ping\n\n" + chunk("") + chunk("<think>hm"));
    ASSERT_TRUE(again(end(ExchangeEnd::broken)).send);
    head(200);
    body(chunk("Hello"));
    EXPECT_EQ(call->content(), "Hello") << "nothing of the first try is left";
    EXPECT_EQ(answer(body(finish + done)).tries, 2);
}

TEST_F(CallTest, ContentThatComesWithAFaultIsNotHandedOnButTriedAgain) {
    start();
    head(200);
    const auto step = body(chunk("Hello") + "data: nonsense\n\n");
    EXPECT_EQ(call->content(), "");
    EXPECT_EQ(step.exchange, Exchange::close);
    EXPECT_FALSE(step.over());
    EXPECT_TRUE(wait().send);
}

TEST_F(CallTest, AFaultAfterContentStillHandsOnWhatCameBeforeIt) {
    start_streaming();
    const auto step = body(chunk(" you") + "data: nonsense\n\n");
    EXPECT_EQ(call->content(), " you");
    EXPECT_EQ(failure(step).error.code, Errc::model_failed);
    EXPECT_TRUE(failure(step).delivered);
}

TEST_F(CallTest, StatusesThatNoRetryMendsAreRefusals) {
    for (int status : {400, 401, 403, 404, 413, 422, 301, 307}) {
        start();
        head(status);
        body(R"({"error":{"message":"you said: I am sad","type":"invalid_request_error"}})");
        const auto failed = failure(end());
        EXPECT_EQ(failed.error.code, Errc::model_refused) << status;
        EXPECT_EQ(failed.error.message, "endpoint one: HTTP " + std::to_string(status) +
                                            " (invalid_request_error), 1 try");
        EXPECT_EQ(failed.tries, 1);
    }
    EXPECT_EQ(pool->status()[0].failures, 0u) << "an endpoint that refuses is alive";
}

TEST_F(CallTest, StatusesThatARetryMayMendAreTriedAsOftenAsThePolicySays) {
    const std::pair<int, Errc> cases[] = {{408, Errc::model_timeout}, {429, Errc::model_busy},
                                          {500, Errc::model_failed},  {502, Errc::model_failed},
                                          {503, Errc::model_busy},    {504, Errc::model_failed}};
    for (const auto& [status, code] : cases) {
        use({"one"});
        start();
        for (int i = 1; i < policy.tries_max; ++i) {
            head(status);
            ASSERT_TRUE(again(end()).send) << status;
        }
        head(status);
        const auto failed = failure(end());
        EXPECT_EQ(failed.error.code, code);
        EXPECT_EQ(failed.error.message,
                  "endpoint one: HTTP " + std::to_string(status) + ", 3 tries");
        EXPECT_FALSE(failed.delivered);
    }
}

TEST_F(CallTest, RetriesWaitLongerEachTime) {
    start();
    end(ExchangeEnd::unreachable, false);
    const Duration first = call->next_time() - now;
    EXPECT_GE(first, policy.backoff.first / 2);
    EXPECT_LE(first, policy.backoff.first);
    wait();
    end(ExchangeEnd::unreachable, false);
    EXPECT_GE(call->next_time() - now, policy.backoff.first);
    wait();
    EXPECT_EQ(failure(end(ExchangeEnd::unreachable, false)).error.message,
              "endpoint one: words, 3 tries");
}

TEST_F(CallTest, RetryAfterIsWaitedForWhereThereIsNoOtherEndpoint) {
    start();
    head(429, "4");
    const auto step = end();
    EXPECT_FALSE(step.over());
    EXPECT_EQ(call->next_time(), now + seconds(4));
}

TEST_F(CallTest, ARetryAfterPastTheTotalTimeFailsAtOnce) {
    start();
    head(429, "11");
    EXPECT_EQ(failure(end()).error.code, Errc::model_busy);
}

TEST_F(CallTest, AnotherEndpointIsTriedAtOnce) {
    use({"one", "two"});
    const auto first = start().send->endpoint;
    head(429, "4");
    const auto step = end();
    ASSERT_TRUE(step.send);
    EXPECT_NE(step.send->endpoint, first);
    EXPECT_EQ(pool->status()[first].running, 0u);
    head(500);
    EXPECT_FALSE(end().send) << "both were tried: back-off";
}

TEST_F(CallTest, AContinuationIsTriedOnlyAtEndpointsThatContinue) {
    std::vector<EndpointConfig> configs(3);
    configs[0].name = "one";
    configs[1].name = "two";
    configs[2].name = "three";
    configs[1].capabilities.continues = Continues::vllm;
    configs[2].capabilities.continues = Continues::prefill;
    pool.emplace(std::move(configs), policy.breaker, policy.affinity_margin);
    request.continue_from = "That sounds";
    std::set<std::size_t> asked;
    auto step = start();
    for (int i = 0; i < policy.tries_max; ++i) {
        ASSERT_TRUE(step.send);
        asked.insert(step.send->endpoint);
        step = end(ExchangeEnd::unreachable, false);
        if (!step.over()) step = again(step);
    }
    EXPECT_EQ(asked, (std::set<std::size_t>{1, 2}));
    EXPECT_EQ(failure(step).endpoint.empty(), false);
}

TEST_F(CallTest, AnEndpointToAvoidIsAskedOnlyWhenThereIsNoOther) {
    use({"one", "two"});
    request.avoid = "one";
    ASSERT_EQ(start().send->endpoint, 1u);
    EXPECT_EQ(end(ExchangeEnd::unreachable, false).send, std::nullopt) << "after a back-off";
    call->stop();
    use({"one"});
    EXPECT_EQ(start().send->endpoint, 0u);
}

TEST_F(CallTest, AContinuationHandsOnOnlyWhatFollows) {
    std::vector<EndpointConfig> configs(1);
    configs[0].capabilities.continues = Continues::prefill;
    pool.emplace(std::move(configs), policy.breaker, policy.affinity_margin);
    request.continue_from = "That sounds";
    start();
    head(200);
    body(chunk("That sounds"));
    EXPECT_EQ(call->content(), "");
    body(chunk(" hard."));
    EXPECT_EQ(call->content(), " hard.");
    EXPECT_EQ(answer(body(finish + done)).finish_reason, "stop");
}

TEST_F(CallTest, ARivalAsksAnotherEndpointOnce) {
    use({"one", "two"});
    const auto first = start().send->endpoint;
    EXPECT_TRUE(call->silent());
    ASSERT_TRUE(call->can_have_rival(now));
    now += milliseconds(50);
    Call rival(Call::Rival{*call});
    const auto step = rival.start(now);
    ASSERT_TRUE(step.send);
    EXPECT_NE(step.send->endpoint, first);
    call->leave_to_rival(step.send->endpoint);
    const auto over = rival.on_end({ExchangeEnd::unreachable, false, false, "words"}, now);
    ASSERT_TRUE(over.over());
    EXPECT_EQ(failure(over).tries, 1);
    EXPECT_FALSE(end(ExchangeEnd::unreachable, false).send) << "both were asked: back-off";
}

TEST_F(CallTest, ARivalHasNoMoreTimeThanTheCall) {
    use({"one", "two"});
    start();
    const auto started = now;
    now += milliseconds(900);
    Call rival(Call::Rival{*call});
    rival.start(now);
    rival.on_connected(now);
    rival.on_head({200, "", ""}, {now, 0});
    for (int i = 0; i < 100 && now < started + seconds(10); ++i) {
        now += milliseconds(400);
        rival.on_body(chunk("x"), now);
    }
    EXPECT_LE(rival.next_time(), started + seconds(10));
    rival.stop();
}

TEST_F(CallTest, ACallThatHasSpokenOrWaitsToRetryOrIsAloneHasNoRival) {
    start();
    EXPECT_TRUE(call->silent());
    EXPECT_FALSE(call->can_have_rival(now)) << "there is one endpoint";
    call->stop();
    use({"one", "two"});
    start_streaming();
    EXPECT_FALSE(call->can_have_rival(now));
    call->stop();
    start();
    head(500);
    EXPECT_FALSE(call->can_have_rival(now)) << "it fails already";
}

TEST_F(CallTest, WithoutBudgetThereIsNoRetry) {
    while (budget.take(now)) {
    }
    start();
    head(500);
    const auto failed = failure(end());
    EXPECT_EQ(failed.tries, 1);
    EXPECT_EQ(failed.error.code, Errc::model_failed);
}

TEST_F(CallTest, ADeadReusedConnectionIsReplacedOnceAtNoCost) {
    while (budget.take(now)) {
    }
    start();
    auto step = end(ExchangeEnd::broken, false, true);
    ASSERT_TRUE(step.send);
    EXPECT_TRUE(step.send->fresh_connection);
    EXPECT_EQ(pool->status()[0].running, 1u);
    EXPECT_EQ(pool->status()[0].failures, 0u);
    step = end(ExchangeEnd::broken, false, true);
    EXPECT_EQ(failure(step).error.code, Errc::model_cut) << "once only, and the budget is empty";
    EXPECT_EQ(failure(step).tries, 2);
}

TEST_F(CallTest, AFreshConnectionThatBreaksAtOnceIsAnOrdinaryFailure) {
    start();
    EXPECT_FALSE(end(ExchangeEnd::broken, false, false).send);
    EXPECT_EQ(pool->status()[0].failures, 1u);
}

TEST_F(CallTest, EachKindOfWaitingHasItsLimit) {
    const TimePoint began = now;
    start();
    EXPECT_EQ(call->next_time(), began + milliseconds(100));
    call->on_connected(now);
    EXPECT_EQ(call->next_time(), began + milliseconds(1000));
    head(200);
    now += milliseconds(900);
    body(": ping\n\n");
    EXPECT_EQ(call->next_time(), began + milliseconds(1000)) << "a ping is no token";
    body(chunk("a"));
    EXPECT_EQ(call->next_time(), now + milliseconds(500));
    now += milliseconds(400);
    body(chunk("b"));
    EXPECT_EQ(call->next_time(), now + milliseconds(500));
    const auto step = wait();
    EXPECT_EQ(step.exchange, Exchange::close);
    EXPECT_EQ(failure(step).error.message, "endpoint one: no more content within 500 ms, 1 try");
    EXPECT_EQ(failure(step).error.code, Errc::model_timeout);
}

TEST_F(CallTest, AConnectionOrFirstTokenThatNeverComesIsTriedAgain) {
    start();
    auto step = wait();
    EXPECT_EQ(step.exchange, Exchange::close);
    ASSERT_TRUE(again(step).send);
    call->on_connected(now);
    ASSERT_TRUE(again(wait()).send);
    call->on_connected(now);
    EXPECT_EQ(failure(wait()).error.message,
              "endpoint one: no first token within 1000 ms, 3 tries");
}

TEST_F(CallTest, TheTotalTimeEndsACallThatStreamsOn) {
    start_streaming();
    const TimePoint ends = now + seconds(10);
    Call::Step step;
    for (int i = 0; i < 100 && !step.over(); ++i) {
        now += milliseconds(400);
        if (now >= ends) {
            step = call->on_time(now);
        } else {
            step = body(chunk("x"));
        }
    }
    EXPECT_EQ(failure(step).error.code, Errc::model_timeout);
    EXPECT_EQ(step.exchange, Exchange::close);
    EXPECT_EQ(pool->status()[0].failures, 0u) << "no fault of an endpoint that speaks";
}

TEST_F(CallTest, ADeadlineLookedAtTooEarlyChangesNothing) {
    start_streaming();
    const TimePoint due = call->next_time();
    EXPECT_FALSE(call->on_time(due - milliseconds(1)).over());
    EXPECT_EQ(call->next_time(), due);
}

TEST_F(CallTest, AStallAfterTheFinishReasonIsAnAnswer) {
    start_streaming();
    EXPECT_FALSE(body(finish).over());
    EXPECT_EQ(call->next_time(), now + policy.tail);
    now += policy.tail / 2;
    body(": ping\n\n");
    EXPECT_LT(call->next_time(), now + policy.tail) << "pings do not prolong it";
    const auto step = wait();
    EXPECT_EQ(answer(step).finish_reason, "stop");
    EXPECT_EQ(step.exchange, Exchange::close);
}

TEST_F(CallTest, TheEndOfTheBodyAfterTheFinishReasonIsAnAnswer) {
    start_streaming();
    body(finish);
    EXPECT_EQ(answer(end()).finish_reason, "stop");
}

TEST_F(CallTest, EndlessTextIsCutAndItsConnectionClosed) {
    request.answer_bytes_max = 7;
    start_streaming();
    const auto step = body(chunk("world"));
    EXPECT_EQ(call->content(), "wo");
    EXPECT_EQ(answer(step).finish_reason, "length");
    EXPECT_EQ(step.exchange, Exchange::close);
}

TEST_F(CallTest, AnEmptyAnswerIsOutputThatNoRetryMends) {
    start();
    head(200);
    const auto failed = failure(body(chunk("<think>never closed") + finish + done));
    EXPECT_EQ(failed.error.code, Errc::model_output);
    EXPECT_EQ(failed.tries, 1);
}

TEST_F(CallTest, AnErrorsBodyIsBoundedInBytesAndTime) {
    start();
    head(400);
    auto step = body(std::string(Call::error_body_bytes_max + 1, 'x'));
    EXPECT_EQ(failure(step).error.code, Errc::model_refused);
    EXPECT_EQ(step.exchange, Exchange::close);
    start();
    head(400);
    EXPECT_EQ(call->next_time(), now + policy.error_body);
    EXPECT_EQ(failure(wait()).error.code, Errc::model_refused);
}

TEST_F(CallTest, StopGivesThePlaceBackInEveryState) {
    const auto running = [&] { return pool->status()[0].running; };
    start();
    EXPECT_EQ(running(), 1u);
    call->stop();
    EXPECT_EQ(running(), 0u);
    start_streaming();
    call->stop();
    EXPECT_EQ(running(), 0u);
    start();
    head(500);
    end();
    EXPECT_EQ(running(), 0u) << "a call that waits to retry loads nobody";
    call->stop();
    call->stop();
    EXPECT_EQ(running(), 0u);
    EXPECT_EQ(call->next_time(), TimePoint::max());
}

TEST_F(CallTest, ACallWaitsForABreakerThatOpensInTimeAndCountsNoTry) {
    policy.tries_max = 1;
    for (std::size_t i = 0; i < policy.breaker.failures_in_a_row_max; ++i) {
        start();
        failure(end(ExchangeEnd::unreachable, false));
    }
    auto step = start();
    const auto began = now;
    int waits = 0;
    while (!step.send) {
        ASSERT_FALSE(step.over());
        ASSERT_LT(++waits, 20) << "the pause grows";
        now = call->next_time();
        step = call->on_time(now);
    }
    EXPECT_GE(now - began, policy.breaker.open_first);
    EXPECT_LT(now - began, policy.endpoint_wait_max);
    call->stop();
}

TEST_F(CallTest, ABreakerThatStaysOpenFailsTheCallWhenItHasWaitedLongEnough) {
    policy.tries_max = 1;
    policy.breaker.open_first = milliseconds(60'000);
    use({"one"});
    for (std::size_t i = 0; i < policy.breaker.failures_in_a_row_max; ++i) {
        start();
        failure(end(ExchangeEnd::unreachable, false));
    }
    auto step = start();
    const auto began = now;
    while (!step.over()) {
        ASSERT_FALSE(step.send);
        now = call->next_time();
        step = call->on_time(now);
    }
    EXPECT_EQ(failure(step).error.code, Errc::model_unreachable);
    EXPECT_LE(now - began, policy.endpoint_wait_max);
}

TEST_F(CallTest, AnOpenBreakerSendsNothingAndItsProbeMendsIt) {
    policy.tries_max = 1;
    policy.endpoint_wait_max = milliseconds(0);
    for (std::size_t i = 0; i < policy.breaker.failures_in_a_row_max; ++i) {
        start();
        failure(end(ExchangeEnd::unreachable, false));
    }
    auto step = start();
    EXPECT_EQ(failure(step).error.code, Errc::model_unreachable);
    EXPECT_EQ(failure(step).tries, 0);
    now += policy.breaker.open_first;
    start_streaming();
    EXPECT_EQ(pool->status()[0].breaker, BreakerState::closed) << "the first content is proof";
    call->stop();
}

TEST_F(CallTest, AStoppedProbeLetsTheNextCallProbe) {
    policy.tries_max = 1;
    for (std::size_t i = 0; i < policy.breaker.failures_in_a_row_max; ++i) {
        start();
        end(ExchangeEnd::unreachable, false);
    }
    now += policy.breaker.open_first;
    start();
    call->stop();
    EXPECT_TRUE(start().send);
}

TEST_F(CallTest, AStreamsTimesAndTokensAreMeasuredByEndpoint) {
    start();
    now += milliseconds(150);
    call->on_connected(now);
    head(200);
    body(chunk("Hello"));
    now += milliseconds(90);
    body(chunk(" you"));
    body(finish +
         "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n" +
         done);
    const auto& meter = pool->meter(0);
    EXPECT_EQ(meter.answered.count(), 1u);
    EXPECT_NEAR(meter.answered.sum(), 0.24, 1e-9);
    EXPECT_EQ(meter.first_token.count(), 1u) << "of the first piece alone";
    EXPECT_NEAR(meter.first_token.sum(), 0.15, 1e-9);
    EXPECT_NEAR(meter.output_token.sum(), 0.03, 1e-9) << "90 ms for the three tokens after it";
    EXPECT_EQ(meter.prompt_tokens.sum(), 9.0);
    EXPECT_EQ(meter.completion_tokens.sum(), 4.0);
    EXPECT_TRUE(meter.failed.empty());
    EXPECT_EQ(meter.stopped, 0u) << "it ended by itself";
    call->stop();
    EXPECT_EQ(meter.stopped, 0u);
}

TEST_F(CallTest, AWholeAnswerHasNoFirstTokenAndOneWithoutUsageNoTokens) {
    start(false);
    call->on_connected(now);
    head(200);
    body(R"({"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}]})");
    EXPECT_TRUE(end().over());
    const auto& meter = pool->meter(0);
    EXPECT_EQ(meter.answered.count(), 1u);
    EXPECT_EQ(meter.first_token.count(), 0u);
    EXPECT_EQ(meter.output_token.count(), 0u);
    EXPECT_EQ(meter.completion_tokens.count(), 0u);
}

TEST_F(CallTest, AFailedRequestIsCountedByItsCodeAndWhetherItWasTriedAgain) {
    start();
    call->on_connected(now);
    head(429);
    now += milliseconds(20);
    again(end());
    call->on_connected(now);
    head(400);
    EXPECT_TRUE(end().over());
    const auto& meter = pool->meter(0);
    EXPECT_EQ(meter.failed.at(Errc::model_busy).count(), 1u);
    EXPECT_NEAR(meter.failed.at(Errc::model_busy).sum(), 0.02, 1e-9);
    EXPECT_EQ(meter.failed.at(Errc::model_refused).count(), 1u);
    EXPECT_EQ(meter.retried, 1u);
    EXPECT_EQ(meter.answered.count(), 0u);
}

TEST_F(CallTest, AStoppedRequestIsCountedOnceAndOneThatWaitsToBeTriedAgainNotAtAll) {
    start_streaming();
    call->stop();
    call->stop();
    EXPECT_EQ(pool->meter(0).stopped, 1u);
    start();
    call->on_connected(now);
    head(429);
    EXPECT_FALSE(end().over());
    call->stop();
    EXPECT_EQ(pool->meter(0).stopped, 1u);
}

TEST_F(CallTest, ABreakersOpeningsAreCounted) {
    policy.breaker.failures_in_a_row_max = 1;
    use({"one"});
    start();
    end(ExchangeEnd::unreachable, false);
    EXPECT_EQ(pool->status()[0].breaker, BreakerState::open);
    EXPECT_EQ(pool->status()[0].breaker_opens, 1u);
}

}  // namespace
}  // namespace emostage::llm
