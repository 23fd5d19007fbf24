#include "worker/run/run.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/codec/hash.hpp"

namespace emostage::worker {
namespace {

using namespace std::chrono_literals;

std::map<Language, Prompt> prompts(const std::string& text) {
    std::map<Language, Prompt> all;
    for (const auto language : languages) all.emplace(language, *Prompt::compile("test", text));
    return all;
}

Stage analysis(const std::string& name, std::vector<Field> fields) {
    Stage stage;
    stage.name = name;
    stage.output.fields = std::move(fields);
    stage.output.shape =
        std::make_shared<const llm::AnswerShape>(make_shape(name, stage.output.fields));
    stage.instruction = prompts("analyse " + name);
    stage.budget = 5s;
    return stage;
}

Field label(const std::string& name, std::vector<std::string> labels) {
    Field field;
    field.name = name;
    field.type = FieldType::label;
    field.default_json = "\"" + labels.front() + "\"";
    field.words.resize(labels.size());
    field.labels = std::move(labels);
    return field;
}

// Two analyses at once, then the reply; what a session remembers is the phase.
std::shared_ptr<Pipeline> make_pipeline() {
    auto pipeline = std::make_shared<Pipeline>();
    pipeline->name = "test";
    pipeline->stages.push_back(
        analysis("mood", {label("feeling", {"calm", "sad"}), label("risk", {"none", "alert"})}));
    pipeline->stages.push_back(analysis("phase", {label("phase", {"opening", "closing"})}));
    Stage reply;
    reply.name = "response";
    reply.streams = true;
    reply.after = {0, 1};
    reply.budget = 30s;
    reply.instruction =
        prompts("reply{{#mood}} to {{feeling}}{{/mood}}{{#phase}} in {{phase}}{{/phase}}");
    pipeline->stages.push_back(reply);
    pipeline->reply = 2;
    Remembered remembered;
    remembered.name = "phase";
    remembered.stage = 1;
    remembered.field = "phase";
    remembered.initial = "opening";
    pipeline->remembered.push_back(remembered);
    pipeline->careful = Condition{0, "risk", "alert"};
    pipeline->preamble = prompts("You are a counsellor.");
    for (const auto language : languages) pipeline->repair[language] = "Again, please.";
    return pipeline;
}

class Recorder : public RunOutputs {
public:
    void emit(wire::RunEvent event) override { events.push_back(std::move(event)); }
    void start_call(std::size_t stage, llm::ChatRequest request) override {
        EXPECT_FALSE(open.contains(stage)) << "one call a stage";
        open.insert_or_assign(stage, request);
        requests.push_back(std::move(request));
    }
    void stop_call(std::size_t stage) override {
        EXPECT_EQ(open.erase(stage), 1u);
        stopped.push_back(stage);
    }
    bool can_continue(TimePoint) const override { return continues; }

    template <class T>
    std::vector<T> of() const {
        std::vector<T> found;
        for (const auto& event : events) {
            if (const auto* one = std::get_if<T>(&event)) found.push_back(*one);
        }
        return found;
    }
    std::string text() const {
        std::string text;
        for (const auto& event : events) {
            if (std::holds_alternative<wire::Reset>(event)) text.clear();
            if (const auto* delta = std::get_if<wire::Delta>(&event)) text += delta->text;
        }
        return text;
    }

    std::vector<wire::RunEvent> events;
    std::map<std::size_t, llm::ChatRequest> open;
    std::vector<llm::ChatRequest> requests;
    std::vector<std::size_t> stopped;
    bool continues = false;  // an endpoint does
};

class RunTest : public testing::Test {
protected:
    using Run = worker::Run;  // not testing::Test::Run
    static constexpr std::size_t mood = 0, phase = 1, response = 2;

    void start(milliseconds left = 60s) {
        lease.left = left;
        run.emplace(lease, pipeline, config, out);
        run->on(Run::Start{}, now);
    }
    RunTest() {
        lease.lease = 1;
        lease.turn = "t";
        lease.session = "s";
        lease.pipeline = "test";
        lease.text = "I feel low";
        lease.history = {{wire::Role::user, "hello"}, {wire::Role::assistant, "hi"}};
        lease.reply_bytes_max = 1024;
    }
    // What a former attempt did, as the broker hands it on.
    void done_before(const std::string& shown, wire::OnLost on_lost = wire::OnLost::go_on) {
        lease.attempt = 2;
        lease.shown = shown;
        lease.on_lost = on_lost;
        lease.checkpoint = {
            {"phase", wire::StageStatus::done, *pack_result({{"phase", "closing"}}), 70, {}},
            {"mood",
             wire::StageStatus::done,
             *pack_result({{"feeling", "sad"}, {"risk", "none"}}),
             90,
             {"risk"}}};
    }
    void answer(std::size_t stage, const std::string& text, const std::string& finish = "stop") {
        ASSERT_EQ(out.open.erase(stage), 1u) << "no call of stage " << stage;
        llm::ChatAnswer answer;
        answer.text = text;
        answer.finish_reason = finish;
        answer.prompt_tokens = 100;
        answer.completion_tokens = 10;
        answer.endpoint = "test";
        run->on(Run::Answer{stage, answer}, now);
    }
    void content(const std::string& text) { run->on(Run::Content{response, text}, now); }
    void call_fails(std::size_t stage, Errc code, bool delivered = false) {
        ASSERT_EQ(out.open.erase(stage), 1u);
        run->on(
            Run::CallFailed{stage, {{code, "endpoint test: it happened"}, delivered, 3, "test"}},
            now);
    }
    void pass(Duration duration) {
        const auto end = now + duration;
        while (run->next_time() && *run->next_time() <= end) {
            now = std::max(now, *run->next_time());
            run->on(Run::Tick{}, now);
        }
        now = end;
    }
    void analyses_end() {
        answer(mood, R"({"feeling":"sad","risk":"none"})");
        answer(phase, R"({"phase":"closing"})");
    }

    std::shared_ptr<Pipeline> pipeline = make_pipeline();
    wire::Lease lease;
    RunConfig config{"w1", {}, 2, 500ms, 0.5};
    Recorder out;
    TimePoint now{1h};
    std::optional<Run> run;
};

TEST_F(RunTest, BothAnalysesStartAtOnceAndTheReplyWaitsForBoth) {
    start();
    EXPECT_EQ(out.events.size(), 1u);
    EXPECT_EQ(out.of<wire::Started>().at(0).worker, "w1");
    EXPECT_EQ(out.open.size(), 2u);
    answer(phase, R"({"phase":"closing"})");
    EXPECT_FALSE(out.open.contains(response));
    answer(mood, R"({"feeling":"sad","risk":"none"})");
    ASSERT_TRUE(out.open.contains(response));
    EXPECT_TRUE(out.open.at(response).stream);
    const auto stages = out.of<wire::Stage>();
    ASSERT_EQ(stages.size(), 2u);
    EXPECT_EQ(stages[0].stage, "phase");
    EXPECT_FALSE(stages[0].result.bytes.empty());
}

TEST_F(RunTest, AllCallsOfATurnBeginWithTheSameBytes) {
    start();
    analyses_end();
    ASSERT_EQ(out.requests.size(), 3u);
    const auto& first = out.requests[0].user;
    const auto shared = first.find("[stage:");
    ASSERT_NE(shared, std::string::npos);
    EXPECT_GT(shared, 10u);
    for (const auto& request : out.requests) {
        EXPECT_EQ(request.shared_prefix, out.requests[0].shared_prefix);
        EXPECT_EQ(request.user.substr(0, shared), first.substr(0, shared));
        EXPECT_EQ(request.session, "s");
    }
    EXPECT_NE(out.requests[2].user.find("reply to sad in closing"), std::string::npos);
}

TEST_F(RunTest, TheReplyStreamsAndItsEndProvesItWhole) {
    start();
    now += 200ms;
    analyses_end();
    now += 50ms;
    content("That sounds ");
    now += 30ms;
    content("hard.");
    answer(response, "", "stop");
    ASSERT_TRUE(run->ended());
    const auto ends = out.of<wire::RunCompleted>();
    ASSERT_EQ(ends.size(), 1u);
    const auto& end = ends[0].completed;
    EXPECT_EQ(end.text_bytes, 17u);
    EXPECT_EQ(end.text_hash, codec::text_hash("That sounds hard."));
    EXPECT_EQ(end.finish_reason, "stop");
    EXPECT_EQ(end.usage, (wire::Usage{300, 30, 3}));
    EXPECT_TRUE(end.degraded.empty());
    EXPECT_EQ(end.timings_ms, (wire::Timings{{"mood", 200},
                                             {"phase", 200},
                                             {"response", 80},
                                             {"first_delta", 250},
                                             {"total", 280}}));
    EXPECT_EQ(nlohmann::json::from_msgpack(ends[0].state.bytes).at("phase"), "closing");
}

TEST_F(RunTest, AnAnswerThatIsNotWhatWasAskedIsRepairedOnce) {
    start();
    answer(mood, "I am not sure, maybe sad?");
    ASSERT_TRUE(out.open.contains(mood));
    EXPECT_NE(out.open.at(mood).user.find("Again, please."), std::string::npos);
    EXPECT_TRUE(out.of<wire::Stage>().empty());
    answer(mood, R"({"feeling":"sad","risk":"none"})");
    EXPECT_EQ(out.of<wire::Stage>().at(0).status, wire::StageStatus::done);
    answer(phase, R"({"phase":"closing"})");
    content("hi");
    answer(response, "");
    EXPECT_TRUE(out.of<wire::RunCompleted>().at(0).completed.degraded.empty());
    EXPECT_EQ(out.of<wire::RunCompleted>().at(0).completed.usage.calls, 4);
}

TEST_F(RunTest, AnAnalysisWithoutAWordIsAskedForOnceMore) {
    start();
    call_fails(mood, Errc::model_output);
    ASSERT_TRUE(out.open.contains(mood));
    call_fails(mood, Errc::model_output);
    EXPECT_FALSE(out.open.contains(mood));
    EXPECT_EQ(out.of<wire::Stage>().at(0).status, wire::StageStatus::failed);
}

TEST_F(RunTest, AfterTheRepairAnAnalysisWithoutAnyFieldIsGivenUpAndNamed) {
    start();
    answer(mood, "nonsense");
    answer(mood, "nonsense again");
    EXPECT_EQ(out.of<wire::Stage>().at(0).status, wire::StageStatus::failed);
    EXPECT_TRUE(out.of<wire::Stage>().at(0).result.bytes.empty());
    answer(phase, R"({"phase":"closing"})");
    EXPECT_NE(out.open.at(response).user.find("reply in closing"), std::string::npos);
    content("hi");
    answer(response, "");
    EXPECT_EQ(out.of<wire::RunCompleted>().at(0).completed.degraded,
              std::vector<std::string>{"mood"});
}

TEST_F(RunTest, AfterTheRepairOneUnusableFieldIsItsDefaultAndNamed) {
    start();
    answer(mood, R"({"feeling":"sad","risk":"purple"})");
    answer(mood, R"({"feeling":"sad","risk":"green"})");
    const auto stage = out.of<wire::Stage>().at(0);
    EXPECT_EQ(stage.status, wire::StageStatus::done);
    const auto result = nlohmann::json::from_msgpack(stage.result.bytes);
    EXPECT_EQ(result.at("feeling"), "sad");
    EXPECT_EQ(result.at("risk"), "none");
    answer(phase, R"({"phase":"closing"})");
    content("hi");
    answer(response, "");
    EXPECT_EQ(out.of<wire::RunCompleted>().at(0).completed.degraded,
              std::vector<std::string>{"mood.risk"});
}

TEST_F(RunTest, AnAnalysisThatOverrunsItsBudgetIsClosedAndTheReplyGoesOn) {
    start();
    answer(phase, R"({"phase":"closing"})");
    pass(4999ms);
    EXPECT_FALSE(out.open.contains(response));
    pass(1ms);
    EXPECT_EQ(out.stopped, std::vector<std::size_t>{mood});
    EXPECT_EQ(out.of<wire::Stage>().at(1).status, wire::StageStatus::skipped);
    EXPECT_EQ(out.of<wire::Stage>().at(1).ms, 5000);
    EXPECT_TRUE(out.open.contains(response));
}

TEST_F(RunTest, AShortDeadlineLeavesTheReplyItsHalf) {
    start(2s);
    pass(1s);
    EXPECT_EQ(out.stopped.size(), 2u);
    ASSERT_TRUE(out.open.contains(response));
    EXPECT_EQ(out.open.at(response).timeouts.total, 1s);
}

// The call's own limit is the stage's time; whichever timer is first, the reason is one.
TEST_F(RunTest, ACallThatReportsTheEndOfItsTimeEndsAsTheStageWould) {
    start(2s);
    pass(999ms);
    call_fails(mood, Errc::model_timeout);
    call_fails(phase, Errc::model_timeout);
    EXPECT_EQ(out.of<wire::Stage>().at(0).status, wire::StageStatus::skipped);
    EXPECT_EQ(out.of<wire::Stage>().at(1).status, wire::StageStatus::skipped);
    ASSERT_TRUE(out.open.contains(response));
    pass(999ms);
    call_fails(response, Errc::model_timeout);
    ASSERT_EQ(out.of<wire::Failed>().size(), 1u);
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::deadline_exceeded);
}

TEST_F(RunTest, AServerThatIsTooSlowLongBeforeItsStagesEndIsSaidToBe) {
    start(2s);
    pass(900ms);
    call_fails(mood, Errc::model_timeout);
    EXPECT_EQ(out.of<wire::Stage>().at(0).status, wire::StageStatus::failed);
    pass(100ms);
    call_fails(response, Errc::model_timeout);
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::model_timeout);
}

TEST_F(RunTest, ARepairThatWouldOverrunTheBudgetIsNotTried) {
    start();
    now += 4600ms;
    answer(mood, "nonsense");
    EXPECT_FALSE(out.open.contains(mood));
    EXPECT_EQ(out.of<wire::Stage>().at(0).status, wire::StageStatus::failed);
}

TEST_F(RunTest, AFailedAnalysisDoesNotFailTheTurn) {
    start();
    call_fails(mood, Errc::model_failed);
    call_fails(phase, Errc::model_busy);
    ASSERT_TRUE(out.open.contains(response));
    content("hi");
    answer(response, "");
    const auto end = out.of<wire::RunCompleted>().at(0);
    EXPECT_EQ(end.completed.degraded, (std::vector<std::string>{"mood", "phase"}));
    EXPECT_EQ(nlohmann::json::from_msgpack(end.state.bytes).at("phase"), "opening")
        << "what was remembered stays";
}

TEST_F(RunTest, AReplyThatIsCutStartsAgainAfterAReset) {
    start();
    analyses_end();
    content("That sou");
    call_fails(response, Errc::model_cut, true);
    ASSERT_EQ(out.of<wire::Reset>().size(), 1u);
    EXPECT_EQ(out.of<wire::Reset>()[0].reason, "model_cut");
    ASSERT_TRUE(out.open.contains(response));
    content("That sounds hard.");
    answer(response, "");
    const auto end = out.of<wire::RunCompleted>().at(0).completed;
    EXPECT_EQ(out.text(), "That sounds hard.");
    EXPECT_EQ(end.text_bytes, 17u);
    EXPECT_EQ(end.text_hash, codec::text_hash("That sounds hard."));
}

TEST_F(RunTest, AReplyThatIsCutAgainAndAgainFailsAndIsNeverCompleted) {
    start();
    analyses_end();
    for (int i = 0; i < 3; ++i) {
        content("That sou");
        call_fails(response, Errc::model_cut, true);
    }
    ASSERT_TRUE(run->ended());
    EXPECT_EQ(out.of<wire::Reset>().size(), 2u);
    EXPECT_TRUE(out.of<wire::RunCompleted>().empty());
    ASSERT_EQ(out.of<wire::Failed>().size(), 1u);
    EXPECT_EQ(out.of<wire::Failed>()[0].code, Errc::model_cut);
    EXPECT_TRUE(out.of<wire::Failed>()[0].retryable);
}

TEST_F(RunTest, AReplyThatNeverBeganFailsWithoutAReset) {
    start();
    analyses_end();
    call_fails(response, Errc::model_refused);
    EXPECT_TRUE(out.of<wire::Reset>().empty());
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::model_refused);
    EXPECT_FALSE(out.of<wire::Failed>().at(0).retryable);
}

TEST_F(RunTest, AnEmptyReplyIsAskedForAgainAndThenAFailure) {
    start();
    analyses_end();
    answer(response, "");
    call_fails(response, Errc::model_output);
    EXPECT_FALSE(run->ended());
    answer(response, "");
    EXPECT_TRUE(out.of<wire::Reset>().empty()) << "nothing was shown";
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::model_output);
    EXPECT_TRUE(out.of<wire::RunCompleted>().empty());
}

TEST_F(RunTest, TheDeadlineEndsTheTurnAndClosesTheCall) {
    start(10s);
    analyses_end();
    content("That");
    pass(10s);
    ASSERT_TRUE(run->ended());
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::deadline_exceeded);
    EXPECT_TRUE(out.open.empty());
}

TEST_F(RunTest, ACancelClosesEveryCallAndSaysSoOnce) {
    for (const bool streaming : {false, true}) {
        out = {};
        start();
        if (streaming) {
            analyses_end();
            content("That");
        }
        run->on(Run::Stop{"requested", false}, now);
        EXPECT_TRUE(out.open.empty());
        ASSERT_EQ(out.of<wire::Cancelled>().size(), 1u);
        EXPECT_TRUE(run->ended());
        const auto said = out.events.size();
        run->on(Run::Stop{"requested", false}, now);
        run->on(Run::Content{response, "late"}, now);
        run->on(Run::Tick{}, now + 1h);
        EXPECT_EQ(out.events.size(), said);
        EXPECT_FALSE(run->next_time().has_value());
    }
}

TEST_F(RunTest, AFencedRunClosesItsCallsAndSaysNothing) {
    start();
    const auto said = out.events.size();
    run->on(Run::Stop{"not confirmed", true}, now);
    EXPECT_TRUE(out.open.empty());
    EXPECT_EQ(out.events.size(), said);
    EXPECT_TRUE(run->ended());
}

// --- what former attempts did ------------------------------------------------------------------

TEST_F(RunTest, StagesThatAreOverAreNotRunAgainAndTheirResultsCount) {
    done_before("");
    start();
    EXPECT_EQ(out.requests.size(), 1u);
    ASSERT_TRUE(out.open.contains(response));
    EXPECT_NE(out.open.at(response).user.find("reply to sad in closing"), std::string::npos);
    EXPECT_TRUE(out.open.at(response).continue_from.empty());
    EXPECT_TRUE(out.of<wire::Stage>().empty()) << "they were told";
    content("hi");
    answer(response, "");
    const auto end = out.of<wire::RunCompleted>().at(0);
    EXPECT_EQ(end.completed.degraded, std::vector<std::string>{"mood.risk"});
    EXPECT_EQ(nlohmann::json::from_msgpack(end.state.bytes).at("phase"), "closing");
    EXPECT_EQ(end.completed.timings_ms.at(0), (std::pair<std::string, std::int64_t>("phase", 70)));
}

TEST_F(RunTest, AStageThatHadFailedStaysFailedAndOneThatIsMissingRuns) {
    lease.checkpoint = {{"mood", wire::StageStatus::skipped, {}, 5000, {}}};
    start();
    EXPECT_EQ(out.open.size(), 1u);
    EXPECT_TRUE(out.open.contains(phase));
    answer(phase, R"({"phase":"closing"})");
    EXPECT_NE(out.open.at(response).user.find("reply in closing"), std::string::npos);
    content("hi");
    answer(response, "");
    EXPECT_EQ(out.of<wire::RunCompleted>().at(0).completed.degraded,
              std::vector<std::string>{"mood"});
}

TEST_F(RunTest, ACheckpointThatDoesNotFitThePipelineIsRunAgain) {
    lease.checkpoint = {
        {"mood", wire::StageStatus::done, {"\xc1"}, 5, {}},
        {"phase", wire::StageStatus::done, *pack_result({{"gone", "closing"}}), 5, {}},
        {"response", wire::StageStatus::done, *pack_result({{"phase", "closing"}}), 5, {}},
        {"unheard-of", wire::StageStatus::failed, {}, 5, {}}};
    start();
    EXPECT_EQ(out.open.size(), 2u);
    EXPECT_TRUE(out.open.contains(mood) && out.open.contains(phase));
}

TEST_F(RunTest, AReplyThatWasBegunGoesOnWhereAnEndpointCan) {
    done_before("That sounds");
    out.continues = true;
    start();
    ASSERT_TRUE(out.open.contains(response));
    EXPECT_EQ(out.open.at(response).continue_from, "That sounds");
    EXPECT_EQ(out.open.at(response).answer_bytes_max, 1024u - 11u);
    content(" hard.");
    answer(response, "");
    EXPECT_TRUE(out.of<wire::Reset>().empty());
    EXPECT_EQ(out.text(), " hard.") << "readers hold the rest";
    const auto end = out.of<wire::RunCompleted>().at(0).completed;
    EXPECT_EQ(end.text_bytes, 17u);
    EXPECT_EQ(end.text_hash, codec::text_hash("That sounds hard."));
}

TEST_F(RunTest, NothingMoreAfterAWholeReplyCompletesIt) {
    done_before("That sounds hard.");
    out.continues = true;
    start();
    answer(response, "");
    const auto end = out.of<wire::RunCompleted>().at(0).completed;
    EXPECT_EQ(end.text_hash, codec::text_hash("That sounds hard."));
    for (const auto& [name, ms] : end.timings_ms) EXPECT_NE(name, "first_delta");
}

TEST_F(RunTest, AReplyThatIsAsLongAsItMayBeNeedsNoCall) {
    for (const auto on_lost : {wire::OnLost::go_on, wire::OnLost::reset, wire::OnLost::fail}) {
        out = {};
        done_before(std::string(1024, 'x'), on_lost);
        start();
        EXPECT_TRUE(out.requests.empty());
        const auto end = out.of<wire::RunCompleted>().at(0).completed;
        EXPECT_EQ(end.text_bytes, 1024u);
        EXPECT_EQ(end.finish_reason, "length");
    }
}

TEST_F(RunTest, WhereNoEndpointContinuesTheReplyIsResetAndBegunAgain) {
    done_before("That sou");
    start();
    ASSERT_EQ(out.of<wire::Reset>().size(), 1u);
    EXPECT_EQ(out.of<wire::Reset>()[0].reason, "worker_lost");
    EXPECT_EQ(out.open.at(response).continue_from, "");
    EXPECT_EQ(out.open.at(response).answer_bytes_max, 1024u);
    content("That is hard.");
    answer(response, "");
    EXPECT_EQ(out.of<wire::RunCompleted>().at(0).completed.text_hash,
              codec::text_hash("That is hard."));
}

TEST_F(RunTest, AGatewayThatWantsAResetGetsOneEvenWhereAnEndpointContinues) {
    done_before("That sou", wire::OnLost::reset);
    out.continues = true;
    start();
    EXPECT_EQ(out.of<wire::Reset>().size(), 1u);
    EXPECT_EQ(out.open.at(response).continue_from, "");
}

TEST_F(RunTest, AGatewayThatTakesNothingBackGetsAFailureWhereNoEndpointContinues) {
    done_before("That sou", wire::OnLost::fail);
    start();
    ASSERT_TRUE(run->ended());
    EXPECT_TRUE(out.of<wire::Reset>().empty());
    EXPECT_TRUE(out.requests.empty());
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::worker_lost);
    EXPECT_TRUE(out.of<wire::Failed>().at(0).retryable);
}

TEST_F(RunTest, WithNothingShownOnLostChangesNothing) {
    for (const auto on_lost : {wire::OnLost::go_on, wire::OnLost::reset, wire::OnLost::fail}) {
        out = {};
        done_before("", on_lost);
        start();
        EXPECT_TRUE(out.of<wire::Reset>().empty());
        EXPECT_TRUE(out.open.contains(response));
    }
}

// --- an endpoint that is lost in the middle of the reply ---------------------------------------

TEST_F(RunTest, AReplyThatIsCutGoesOnAtAnotherEndpoint) {
    out.continues = true;
    start();
    analyses_end();
    content("That sou");
    call_fails(response, Errc::model_cut, true);
    EXPECT_TRUE(out.of<wire::Reset>().empty());
    ASSERT_TRUE(out.open.contains(response));
    EXPECT_EQ(out.open.at(response).continue_from, "That sou");
    EXPECT_EQ(out.open.at(response).avoid, "test");
    content("nds ha");
    call_fails(response, Errc::model_timeout, true);
    EXPECT_EQ(out.open.at(response).continue_from, "That sounds ha");
    content("rd.");
    answer(response, "");
    EXPECT_EQ(out.text(), "That sounds hard.");
    EXPECT_EQ(out.of<wire::RunCompleted>().at(0).completed.text_hash,
              codec::text_hash("That sounds hard."));
}

TEST_F(RunTest, AServerThatRefusesToContinueIsNotAskedAgainAndTheReplyIsReset) {
    done_before("That sou");
    out.continues = true;
    start();
    call_fails(response, Errc::model_refused);
    ASSERT_EQ(out.of<wire::Reset>().size(), 1u);
    EXPECT_EQ(out.of<wire::Reset>()[0].reason, "worker_lost") << "not the refusal";
    EXPECT_EQ(out.open.at(response).continue_from, "");
    content("That is");
    call_fails(response, Errc::model_cut, true);
    EXPECT_EQ(out.open.at(response).continue_from, "");
    EXPECT_EQ(out.of<wire::Reset>().size(), 2u);
}

TEST_F(RunTest, ARefusalToContinueFailsAReplyThatMayNotBeTakenBack) {
    done_before("That sou", wire::OnLost::fail);
    out.continues = true;
    start();
    call_fails(response, Errc::model_refused);
    ASSERT_TRUE(run->ended());
    EXPECT_TRUE(out.of<wire::Reset>().empty());
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::worker_lost);
    EXPECT_TRUE(out.of<wire::Failed>().at(0).retryable);
}

TEST_F(RunTest, ACutReplyThatMayNotBeTakenBackFailsWithoutAnEndpointThatContinues) {
    lease.on_lost = wire::OnLost::fail;
    start();
    analyses_end();
    content("That sou");
    call_fails(response, Errc::model_cut, true);
    ASSERT_TRUE(run->ended());
    EXPECT_TRUE(out.of<wire::Reset>().empty());
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::model_cut);
}

TEST_F(RunTest, AReplyGoesOnNoMoreOftenThanItMayStartAgain) {
    out.continues = true;
    start();
    analyses_end();
    for (int i = 0; i < 3; ++i) {
        content("That ");
        call_fails(response, Errc::model_cut, true);
    }
    ASSERT_TRUE(run->ended());
    EXPECT_TRUE(out.of<wire::Reset>().empty());
    EXPECT_EQ(out.of<wire::Failed>().at(0).code, Errc::model_cut);
}

// --- alerts ------------------------------------------------------------------------------------

TEST_F(RunTest, AnAlertIsToldOnceBeforeWhatFollowsFromIt) {
    start();
    answer(mood, R"({"feeling":"sad","risk":"alert"})");
    ASSERT_EQ(out.events.size(), 3u);
    EXPECT_EQ(std::get<wire::Alert>(out.events[1]), (wire::Alert{"mood", "risk", "alert"}));
    EXPECT_EQ(std::get<wire::Stage>(out.events[2]).stage, "mood");
    answer(phase, R"({"phase":"closing"})");
    content("hi");
    answer(response, "");
    EXPECT_EQ(out.of<wire::Alert>().size(), 1u);
}

TEST_F(RunTest, NoAlertComesFromACalmResultFromADefaultOrFromACheckpoint) {
    start();
    answer(mood, R"({"feeling":"sad","risk":"none"})");
    EXPECT_TRUE(out.of<wire::Alert>().empty());

    pipeline->stages[mood].output.fields[1].default_json = R"("alert")";
    out = {};
    start();
    answer(mood, R"({"feeling":"sad","risk":"purple"})");
    answer(mood, R"({"feeling":"sad","risk":"purple"})");
    ASSERT_EQ(out.of<wire::Stage>().size(), 1u);
    EXPECT_EQ(out.of<wire::Stage>()[0].defaulted, std::vector<std::string>{"risk"});
    EXPECT_TRUE(out.of<wire::Alert>().empty()) << "nobody has said so";

    out = {};
    done_before("");
    lease.checkpoint[1].result = *pack_result({{"feeling", "sad"}, {"risk", "alert"}});
    start();
    EXPECT_TRUE(out.of<wire::Alert>().empty()) << "it was told before the stage was";
}

TEST_F(RunTest, WhatTheSessionRemembersAlertsNobodyAgain) {
    pipeline->remembered.push_back({"risk", 0, "risk", "none", "", ""});
    nlohmann::json::to_msgpack({{"risk", "alert"}}, lease.state.bytes);
    start();
    analyses_end();
    EXPECT_TRUE(out.of<wire::Alert>().empty());
}

TEST_F(RunTest, ContentOfAnAnalysisIsNeverShown) {
    start();
    run->on(Run::Content{mood, "secret thoughts"}, now);
    EXPECT_TRUE(out.of<wire::Delta>().empty());
}

TEST_F(RunTest, ReportsHowLongAWholeTurnTook) {
    start();
    now += 200ms;
    answer(phase, R"({"phase":"closing"})");
    now += 100ms;
    answer(mood, R"({"feeling":"sad","risk":"none"})");
    now += 50ms;
    content("I hear you.");
    now += 400ms;
    answer(response, "");
    const auto report = run->report(now);
    EXPECT_EQ(report.end, RunReport::End::completed);
    EXPECT_EQ(report.took, 750ms);
    EXPECT_EQ(report.first_delta, Duration(350ms));
    EXPECT_FALSE(report.degraded);
    ASSERT_EQ(report.stages.size(), 3u);
    EXPECT_EQ(report.stages[phase].end, StageReport::End::done);
    EXPECT_EQ(report.stages[phase].took, 200ms);
    EXPECT_EQ(report.stages[mood].took, 300ms);
    EXPECT_EQ(report.stages[response].took, 450ms);
}

TEST_F(RunTest, ReportsWhyItsStagesWereGivenUp) {
    start();
    now += 100ms;
    call_fails(mood, Errc::model_busy);
    pass(10s);  // phase's budget
    content("I hear you.");
    answer(response, "");
    const auto report = run->report(now);
    EXPECT_TRUE(report.degraded);
    EXPECT_EQ(report.stages[mood].end, StageReport::End::failed);
    EXPECT_EQ(report.stages[mood].why, Errc::model_busy);
    EXPECT_EQ(report.stages[mood].took, 100ms);
    EXPECT_EQ(report.stages[phase].end, StageReport::End::skipped);
    EXPECT_EQ(report.stages[phase].took, 5s);
}

TEST_F(RunTest, ReportsAnAnswerThatIsNoneAsTheModelsOutput) {
    start();
    answer(mood, "nonsense");
    answer(mood, "nonsense again");
    answer(phase, R"({"phase":"closing"})");
    call_fails(response, Errc::model_unreachable);
    const auto report = run->report(now);
    EXPECT_EQ(report.stages[mood].end, StageReport::End::failed);
    EXPECT_EQ(report.stages[mood].why, Errc::model_output);
    EXPECT_EQ(report.end, RunReport::End::failed);
    EXPECT_EQ(report.why, Errc::model_unreachable);
    EXPECT_EQ(report.stages[response].end, StageReport::End::failed);
    EXPECT_EQ(report.stages[response].why, Errc::model_unreachable);
}

TEST_F(RunTest, ReportsWhatWasStoppedAndNothingOfWhatNeverBegan) {
    start();
    answer(phase, R"({"phase":"closing"})");
    now += 30ms;
    run->on(Run::Stop{"requested", false}, now);
    const auto report = run->report(now);
    EXPECT_EQ(report.end, RunReport::End::cancelled);
    EXPECT_EQ(report.stages[mood].end, StageReport::End::stopped);
    EXPECT_EQ(report.stages[mood].took, 30ms);
    EXPECT_EQ(report.stages[response].end, StageReport::End::none);
    EXPECT_FALSE(report.first_delta);
}

TEST_F(RunTest, ReportsNothingOfWhatAFormerAttemptDid) {
    done_before("");
    start();
    run->on(Run::Stop{"not confirmed", true}, now);
    const auto report = run->report(now);
    EXPECT_EQ(report.end, RunReport::End::fenced);
    EXPECT_EQ(report.stages[mood].end, StageReport::End::none);
    EXPECT_EQ(report.stages[phase].end, StageReport::End::none);
    EXPECT_EQ(report.stages[response].end, StageReport::End::stopped);
}

}  // namespace
}  // namespace emostage::worker
