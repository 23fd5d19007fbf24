#include "tests/gateway/http/api/refused.hpp"

namespace emostage::http {
namespace {

using namespace test;
using wire::Role;

json minimal() { return {{"model", "emostage"}, {"input", "Hello."}}; }

std::string why_not(const json& body) { return why(refused(read_responses_request, body)); }

TEST(ResponsesRequest, AStringIsOneMessage) {
    auto request = taken(read_responses_request, minimal());
    EXPECT_EQ(request.open.text, "Hello.");
    EXPECT_TRUE(request.open.history && request.open.history->empty());
    EXPECT_EQ(request.on_disconnect, OnDisconnect::cancel);
    EXPECT_EQ(request.open.on_lost, wire::OnLost::fail);
    request = taken(read_responses_request, with(minimal(), "user", "anna"));
    EXPECT_EQ(request.open.session, "anna");
    EXPECT_FALSE(request.open.history);
}

TEST(ResponsesRequest, AListHoldsMessagesAlsoThoseThatWeAnswered) {
    const json input = {
        {{"role", "user"}, {"content", "a"}},
        {{"id", "msg_1"},
         {"type", "message"},
         {"status", "completed"},
         {"role", "assistant"},
         {"content", {{{"type", "output_text"}, {"text", "b"}, {"annotations", json::array()}}}}},
        {{"type", "message"}, {"role", "developer"}, {"content", "x"}},
        {{"type", "message"},
         {"role", "user"},
         {"content",
          {{{"type", "input_text"}, {"text", "c"}}, {{"type", "input_text"}, {"text", "d"}}}}}};
    const auto request = taken(read_responses_request, with(minimal(), "input", input));
    EXPECT_EQ(request.open.text, "c\nd");
    EXPECT_EQ(request.open.history,
              (std::vector<wire::Utterance>{{Role::user, "a"}, {Role::assistant, "b"}}));
    EXPECT_EQ(request.ignored, std::vector<std::string>{"developer"});
}

TEST(ResponsesRequest, InTheBackgroundItGoesOnWithoutItsClient) {
    auto body = with(minimal(), "background", true);
    body["stream"] = true;
    auto request = taken(read_responses_request, body);
    EXPECT_TRUE(request.background && request.stream);
    EXPECT_EQ(request.on_disconnect, OnDisconnect::go_on);
    body["emostage"] = {{"on_disconnect", "cancel"}, {"include_stages", true}};
    request = taken(read_responses_request, body);
    EXPECT_EQ(request.on_disconnect, OnDisconnect::cancel);
    EXPECT_TRUE(request.include_stages);
}

TEST(ResponsesRequest, StoreChangesNothingAndTheRestIsTold) {
    auto body = minimal();
    body["store"] = false;
    body["instructions"] = "secret";
    body["text"] = {{"format", {{"type", "text"}}}};
    EXPECT_EQ(taken(read_responses_request, body).ignored,
              (std::vector<std::string>{"instructions", "text"}));
}

TEST(ResponsesRequest, RefusalsNameTheField) {
    EXPECT_EQ(why_not({{"model", "emostage"}}), "400 missing_field input");
    EXPECT_EQ(why_not({{"input", "secret"}}), "400 missing_field model");
    EXPECT_EQ(why_not(with(minimal(), "input", "")), "400 invalid_value input");
    EXPECT_EQ(why_not(with(minimal(), "input", 7)), "400 invalid_value input");
    EXPECT_EQ(why_not(with(minimal(), "store", "no")), "400 invalid_value store");
    EXPECT_EQ(why_not(with(minimal(), "background", 1)), "400 invalid_value background");
    EXPECT_EQ(why_not(with(minimal(), "previous_response_id", "resp_1")),
              "400 invalid_value previous_response_id");
    EXPECT_EQ(why_not(with(minimal(), "conversation", "conv_1")), "400 invalid_value conversation");
    EXPECT_EQ(why_not(with(minimal(), "input", {{{"type", "reasoning"}, {"summary", "secret"}}})),
              "400 invalid_value input.0.type");
    EXPECT_EQ(why_not(with(minimal(), "input",
                           {{{"role", "user"}, {"content", {{{"type", "input_image"}}}}}})),
              "400 invalid_value input.0.content.0.type");
    EXPECT_EQ(why_not(with(minimal(), "input", {{{"role", "assistant"}, {"content", "secret"}}})),
              "400 invalid_value input.0.role");
}

}  // namespace
}  // namespace emostage::http
