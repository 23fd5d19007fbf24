#include "bench/rehearsal/chat_call.hpp"

#include <nlohmann/json.hpp>

namespace emostage::rehearsal {
namespace {

using Json = nlohmann::json;

struct ChatCallTest : testing::Test {
    ChatCallReader reader{8};

    ChatCall read(const Json& body) {
        const auto call = reader.read(body.dump());
        EXPECT_TRUE(call.has_value()) << body.dump() << ": " << call.error().message;
        return call.value_or(ChatCall{});
    }
    ChatCall read_messages(const Json& messages) { return read({{"messages", messages}}); }
    ChatCall read_staged(const std::string& text) {
        return read_messages({{{"role", "system"}, {"content", "You are a counsellor."}},
                              {{"role", "user"}, {"content", text}}});
    }
    BadCall refuse(const std::string& body) {
        const auto call = reader.read(body);
        EXPECT_FALSE(call.has_value()) << body;
        return call ? BadCall{} : call.error();
    }
    std::string refused_param(const Json& change) {
        Json body = {{"messages", {{{"role", "user"}, {"content", "hi"}}}}};
        body.update(change);
        return refuse(body.dump()).param;
    }
};

TEST_F(ChatCallTest, EachUserMessageIsALineOfTheClient) {
    const ChatCall call = read_messages({{{"role", "user"}, {"content", "first"}},
                                         {{"role", "assistant"}, {"content", "mm"}},
                                         {{"role", "user"}, {"content", "last"}}});
    EXPECT_EQ(call.client_lines, 2u);
    EXPECT_EQ(call.first, "first");
    EXPECT_EQ(call.newest, "last");
    EXPECT_EQ(call.stage, "");
    EXPECT_EQ(call.language, Language::en);
    EXPECT_FALSE(call.stream);
}

TEST_F(ChatCallTest, ContentMayBeParts) {
    const ChatCall call = read_messages(
        {{{"role", "user"},
          {"content",
           {{{"type", "text"}, {"text", "one "}}, {{"type", "text"}, {"text", "two"}}}}}});
    EXPECT_EQ(call.newest, "one two");
}

TEST_F(ChatCallTest, AStagedRequestIsATranscriptAndAnInstruction) {
    const ChatCall call = read_staged(
        "Client: I am tired\nCounsellor: Mm.\nClient: Very tired\n\n[stage:phase]\nName the "
        "phase.");
    EXPECT_EQ(call.stage, "phase");
    EXPECT_EQ(call.client_lines, 2u);
    EXPECT_EQ(call.first, "I am tired");
    EXPECT_EQ(call.newest, "Very tired");
}

TEST_F(ChatCallTest, ADialogueBetweenItsMarksIsReadInEachLanguage) {
    for (const auto& [client, counsellor] :
         {std::pair("相談者", "カウンセラー"), {"来访者", "咨询师"}, {"Client", "Counsellor"}}) {
        const std::string who = client;
        const ChatCall call =
            read_staged("<dialogue>\n…\n" + who + ": one\n" + counsellor + ": mm\n" + who +
                        ": two / three\n</dialogue>\n[stage:perspective]\nTask");
        EXPECT_EQ(call.client_lines, 2u) << who;
        EXPECT_EQ(call.newest, "two / three") << who;
    }
}

TEST_F(ChatCallTest, TheLastTagCountsBecauseAClientMayWriteOneToo) {
    const ChatCall call = read_staged(
        "Client: [stage:perspective] [phase:closing]\n[stage:response]\n[phase:exploring]\nReply.");
    EXPECT_EQ(call.stage, "response");
    EXPECT_EQ(call.phase, "exploring");
}

TEST_F(ChatCallTest, WhatIsNoNameIsNoTag) {
    EXPECT_EQ(last_tag("[stage:a] [stage:] [stage:b c] [stage:", "stage"), "a");
    EXPECT_EQ(last_tag("[stage:" + std::string(tag_bytes_max + 1, 'x') + "]", "stage"), "");
    EXPECT_EQ(last_tag("", "stage"), "");
    EXPECT_EQ(last_tag("[stage:a]", "phase"), "");
}

TEST_F(ChatCallTest, TheInstructionsLanguageIsTheAnswers) {
    EXPECT_EQ(read_staged("相談者：ok\n[stage:response]\n日本語で返事をしてください。").language,
              Language::ja);
    EXPECT_EQ(read_staged("来访者：ok\n[stage:response]\n请回复。").language, Language::zh);
    EXPECT_EQ(read_staged("Client: 你好\n[stage:response]\nReply.").language, Language::en);
}

TEST_F(ChatCallTest, WithoutAnInstructionTheClientsNewestScriptCounts) {
    const auto language = [this](std::vector<std::string> lines) {
        Json messages = Json::array();
        for (const auto& line : lines) messages.push_back({{"role", "user"}, {"content", line}});
        return read_messages(messages).language;
    };
    EXPECT_EQ(language({"つらいです"}), Language::ja);
    EXPECT_EQ(language({"我很难过"}), Language::zh);
    EXPECT_EQ(language({"つらいです", "大丈夫"}), Language::ja);
    EXPECT_EQ(language({"我很难过", "123 !"}), Language::zh);
    EXPECT_EQ(language({"我很难过", "let us switch"}), Language::en);
    EXPECT_EQ(language({"😀"}), Language::en);
}

TEST_F(ChatCallTest, WishesAreRead) {
    const ChatCall call = read({{"messages", {{{"role", "user"}, {"content", "hi"}}}},
                                {"model", "m"},
                                {"stream", true},
                                {"stream_options", {{"include_usage", true}}},
                                {"max_tokens", 7},
                                {"response_format", {{"type", "json_object"}}},
                                {"temperature", 0.5},
                                {"unknown", {1, 2}}});
    EXPECT_TRUE(call.stream);
    EXPECT_TRUE(call.include_usage);
    EXPECT_TRUE(call.wants_json);
    EXPECT_EQ(call.max_tokens, 7u);
    EXPECT_EQ(call.prompt_tokens, 1u);
}

TEST_F(ChatCallTest, NullIsNotSaid) {
    const ChatCall call = read({{"messages", {{{"role", "user"}, {"content", nullptr}}}},
                                {"max_tokens", nullptr},
                                {"stream", nullptr}});
    EXPECT_EQ(call.newest, "");
    EXPECT_FALSE(call.stream);
}

TEST_F(ChatCallTest, WhatIsNotJsonIsRefused) {
    EXPECT_EQ(refuse("").param, "");
    EXPECT_EQ(refuse("{").param, "");
    EXPECT_EQ(refuse("[]").param, "");
    EXPECT_EQ(refuse("{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}").param, "");
    EXPECT_EQ(refuse(std::string(100, '[') + std::string(100, ']')).param, "");
}

TEST_F(ChatCallTest, AWrongFieldIsNamed) {
    EXPECT_EQ(refused_param({{"messages", "hi"}}), "messages");
    EXPECT_EQ(refused_param({{"messages", Json::array()}}), "messages");
    EXPECT_EQ(refused_param({{"messages", {{{"role", "user"}}}}}), "messages");
    EXPECT_EQ(refused_param({{"messages", {{{"role", 1}, {"content", "x"}}}}}), "messages");
    EXPECT_EQ(refused_param({{"messages", {{{"role", "user"}, {"content", 5}}}}}), "messages");
    EXPECT_EQ(refused_param({{"stream", "yes"}}), "stream");
    EXPECT_EQ(refused_param({{"max_tokens", 0}}), "max_tokens");
    EXPECT_EQ(refused_param({{"max_tokens", -1}}), "max_tokens");
    EXPECT_EQ(refused_param({{"n", 2}}), "n");
    EXPECT_EQ(refused_param({{"model", 1}}), "model");
    EXPECT_EQ(refused_param({{"stream_options", true}}), "stream_options");
    EXPECT_EQ(refused_param({{"stream_options", {{"include_usage", 1}}}}), "stream_options");
    EXPECT_EQ(refused_param({{"response_format", {{"type", "xml"}}}}), "response_format");
    EXPECT_EQ(refuse("{}").param, "messages");
}

TEST_F(ChatCallTest, ALastMessageOfTheAssistantIsTheAnswersBeginning) {
    const Json talk = {{{"role", "user"}, {"content", "Client: hello\n\n[stage:response]\nReply."}},
                       {{"role", "assistant"}, {"content", "(Rehearsal reply) I"}}};
    for (const Json& more :
         {Json::object(), Json{{"continue_final_message", true}},
          Json{{"continue_final_message", true}, {"add_generation_prompt", false}}}) {
        Json body = {{"messages", talk}};
        body.update(more);
        const ChatCall call = read(body);
        EXPECT_EQ(call.begun, "(Rehearsal reply) I");
        EXPECT_EQ(call.stage, "response");
        EXPECT_EQ(call.newest, "hello");
        EXPECT_EQ(call.client_lines, 1u);
    }
    EXPECT_EQ(read_messages({{{"role", "user"}, {"content", "hi"}}}).begun, "");
}

TEST_F(ChatCallTest, ContinuingIsRefusedWhereItCannotBe) {
    EXPECT_EQ(refused_param({{"continue_final_message", true}}), "continue_final_message")
        << "the last message is the user's";
    EXPECT_EQ(refused_param({{"continue_final_message", 1}}), "continue_final_message");
    EXPECT_EQ(refused_param({{"continue_final_message", true}, {"add_generation_prompt", true}}),
              "add_generation_prompt");
}

TEST_F(ChatCallTest, ARefusalNeverRepeatsWhatWasSaid) {
    const BadCall bad = refuse(R"({"messages":[{"role":"user","content":"secret"},{"role":7}]})");
    EXPECT_THAT(bad.message, testing::Not(testing::HasSubstr("secret")));
}

TEST_F(ChatCallTest, MoreMessagesThanTheLimitAreRefused) {
    Json messages = Json::array();
    for (int i = 0; i < 8; ++i) messages.push_back({{"role", "user"}, {"content", "x"}});
    EXPECT_EQ(read_messages(messages).client_lines, 8u);
    messages.push_back({{"role", "user"}, {"content", "x"}});
    EXPECT_EQ(refuse(Json{{"messages", messages}}.dump()).param, "messages");
}

TEST_F(ChatCallTest, ATranscriptThatNamesNobodyStillHasANewestLine) {
    const ChatCall call = read_staged("A: hello\nB: I am lonely\n\n[stage:response]\nReply.");
    EXPECT_EQ(call.client_lines, 1u);
    EXPECT_EQ(call.newest, "B: I am lonely");
}

}  // namespace
}  // namespace emostage::rehearsal
