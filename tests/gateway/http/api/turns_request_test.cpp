#include "tests/gateway/http/api/refused.hpp"

namespace emostage::http {
namespace {

using namespace test;
using wire::Role;

std::string why_not(const json& body) { return why(refused(read_turns_request, body)); }

TEST(TurnsRequest, TheLeastIsAText) {
    const auto request = taken(read_turns_request, {{"text", "Hello."}});
    EXPECT_EQ(request.open.text, "Hello.");
    EXPECT_FALSE(request.open.history);  // its session begins to be remembered
    EXPECT_EQ(request.open.session, "");
    EXPECT_EQ(request.open.pipeline, "");
    EXPECT_EQ(request.on_disconnect, OnDisconnect::go_on);
    EXPECT_EQ(request.open.on_lost, wire::OnLost::go_on);
}

TEST(TurnsRequest, EveryFieldIsRead) {
    RequestContext context;
    context.scope = "alice";
    const auto request = taken(
        read_turns_request,
        {{"text", "c"},
         {"session", "anna"},
         {"pipeline", "base"},
         {"locale", "zh"},
         {"deadline_ms", 5000},
         {"priority", "low"},
         {"on_busy", "reject"},
         {"on_lost", "fail"},
         {"history", {{{"role", "user"}, {"text", "a"}}, {{"role", "assistant"}, {"text", "b"}}}}},
        context);
    EXPECT_EQ(request.open.session, "alice:anna");
    EXPECT_EQ(request.open.pipeline, "base");
    EXPECT_EQ(request.model, "base");
    EXPECT_EQ(request.open.locale, "zh");
    EXPECT_EQ(request.open.deadline, milliseconds(5000));
    EXPECT_EQ(request.open.priority, wire::Priority::low);
    EXPECT_EQ(request.open.on_busy, wire::OnBusy::reject);
    EXPECT_EQ(request.open.on_lost, wire::OnLost::fail);
    EXPECT_EQ(request.open.history,
              (std::vector<wire::Utterance>{{Role::user, "a"}, {Role::assistant, "b"}}));
    EXPECT_TRUE(
        taken(read_turns_request, {{"text", "c"}, {"history", json::array()}}).open.history);
}

TEST(TurnsRequest, RefusalsNameTheField) {
    EXPECT_EQ(why_not(json::object()), "400 missing_field text");
    EXPECT_EQ(why_not({{"text", ""}}), "400 invalid_value text");
    EXPECT_EQ(why_not({{"text", 7}}), "400 invalid_value text");
    EXPECT_EQ(why_not({{"text", "secret"}, {"sesion", "x"}}), "400 unknown_field sesion");
    EXPECT_EQ(why_not({{"text", "secret"}, {"pipeline", "a b"}}), "400 invalid_value pipeline");
    EXPECT_EQ(why_not({{"text", "secret"}, {"locale", "a_b"}}), "400 invalid_value locale");
    EXPECT_EQ(why_not({{"text", "secret"}, {"on_lost", "x"}}), "400 invalid_value on_lost");
    EXPECT_EQ(why_not({{"text", "x"}, {"history", "secret"}}), "400 invalid_value history");
    EXPECT_EQ(why_not({{"text", "x"}, {"history", {"secret"}}}), "400 invalid_value history.0");
    EXPECT_EQ(why_not({{"text", "x"}, {"history", {{{"role", "system"}, {"text", "secret"}}}}}),
              "400 invalid_value history.0.role");
    EXPECT_EQ(why_not({{"text", "x"}, {"history", {{{"text", "secret"}}}}}),
              "400 missing_field history.0.role");
    EXPECT_EQ(why_not({{"text", "x"}, {"history", {{{"role", "user"}}}}}),
              "400 missing_field history.0.text");
    EXPECT_EQ(why_not({{"text", "x"},
                       {"history", {{{"role", "user"}, {"content", "secret"}, {"text", "a"}}}}}),
              "400 unknown_field history.0.content");
}

}  // namespace
}  // namespace emostage::http
