// emostage-chat from outside: a process at a pipe or a terminal, against a scripted broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/gateway/chat/chat_process.hpp"
#include "tests/gateway/chat/terminal.hpp"
#include "tests/gateway/scripted_broker.hpp"

namespace emostage::chat {
namespace {

using gateway::test::completed;
using gateway::test::numbered;
using gateway::test::run_until;
using gateway::test::ScriptedBroker;
using nlohmann::json;
using test::ChatProcess;
using testing::HasSubstr;
using testing::Not;

wire::Stage phase(const std::string& name) {
    wire::Stage stage{"phase", wire::StageStatus::done, {}, 5};
    const auto bytes = json::to_msgpack({{"phase", name}, {"confidence", "high"}});
    stage.result.bytes.assign(bytes.begin(), bytes.end());
    return stage;
}

struct ChatTest : testing::Test {
    // By the turn's text: "live" stays open after half a reply, "fail" fails, "again" has a reset.
    static std::vector<wire::Event> answer(const wire::Open& open) {
        std::vector<wire::EventBody> bodies{wire::Accepted{0}, wire::Started{"w1"},
                                            phase("exploring")};
        const auto add = [&](std::vector<wire::EventBody> more) {
            bodies.insert(bodies.end(), more.begin(), more.end());
        };
        if (open.text == "live") {
            add({wire::Delta{"Half "}, wire::Delta{"a reply"}});
        } else if (open.text == "wait") {
            // Nothing yet.
        } else if (open.text == "fail") {
            add({wire::Delta{"Half"}, wire::Failed{Errc::model_cut, "cut", true}});
        } else if (open.text == "again") {
            add({wire::Delta{"A first reply that is long enough to wrap around."},
                 wire::Reset{"worker_lost"}, wire::Delta{"Second."}, completed("Second.")});
        } else if (open.text == "hostile") {
            const std::string text =
                "a\x1b[2J\x1b]0;owned\x07"
                "b\xc2\x9b"
                "c";
            add({wire::Delta{text}, completed(text)});
        } else {
            const std::string text = "You said " + open.text + ".";
            add({wire::Delta{text.substr(0, 4)}, wire::Delta{text.substr(4)}, completed(text)});
        }
        return numbered(std::move(bodies), open.turn);
    }

    std::vector<std::string> arguments(std::vector<std::string> more = {}) {
        std::vector<std::string> all{"--commands", broker.commands_endpoint(), "--events",
                                     broker.events_endpoint()};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    std::unique_ptr<ChatProcess> at_pipe(std::vector<std::string> more = {}) {
        return std::make_unique<ChatProcess>(
            loop, ChatProcess::Options{arguments(std::move(more)), {{"LANG", "C.UTF-8"}}});
    }
    std::unique_ptr<ChatProcess> at_terminal(std::map<std::string, std::string> environment = {},
                                             std::vector<std::string> more = {}) {
        environment.emplace("TERM", "xterm");
        environment.emplace("LANG", "C.UTF-8");
        return std::make_unique<ChatProcess>(
            loop, ChatProcess::Options{arguments(std::move(more)), environment, true});
    }
    wire::Open opened(std::size_t number) {
        std::vector<const wire::Open*> opens;
        for (const auto& command : broker.commands) {
            if (const auto* open = std::get_if<wire::Open>(&command)) opens.push_back(open);
        }
        return *opens.at(number);
    }
    // The reply's last words are there and the prompt after them: what is typed next comes below.
    static bool ends_with_prompt(ChatProcess& chat, std::string_view reply) {
        return chat.shows(reply) && chat.shows("> ", chat.out().find(reply));
    }
    bool was_cancelled(const std::string& turn) {
        return run_until(loop, [&] {
            for (const auto& command : broker.commands) {
                const auto* cancel = std::get_if<wire::Cancel>(&command);
                if (cancel != nullptr && cancel->turn == turn) return true;
            }
            return false;
        });
    }

    asio::io_context loop;
    zmq::context_t context;
    ScriptedBroker broker{loop, context, answer};
};

// --- pipes ---------------------------------------------------------------------------------------

TEST_F(ChatTest, PipedLinesAreTurnsInOrderInPlainText) {
    auto chat = at_pipe({"--session", "s7", "--pipeline", "base", "--locale", "en", "--gateway",
                         "g7", "--deadline-ms", "30000"});
    chat->type("one\n\ntwo\nthree");
    chat->close_input();
    EXPECT_EQ(chat->exit_code(), 0);
    EXPECT_EQ(chat->out(),
              "> one\n  phase: exploring\nYou said one.\n"
              "> two\n  phase: exploring\nYou said two.\n"
              "> three\n  phase: exploring\nYou said three.\n");
    EXPECT_THAT(chat->err(), HasSubstr("no person"));
    EXPECT_EQ(opened(0).session, "s7");
    EXPECT_EQ(opened(2).session, "s7");
    EXPECT_EQ(opened(0).gateway, "g7");
    EXPECT_EQ(opened(0).pipeline, "base");
    EXPECT_EQ(opened(0).locale, "en");
    EXPECT_EQ(opened(0).deadline, std::chrono::milliseconds(30000));
}

TEST_F(ChatTest, TheNextTurnOfAPipeWaitsForTheEndOfTheLast) {
    auto chat = at_pipe();
    chat->type("live\ntwo\n");
    chat->close_input();
    ASSERT_TRUE(chat->shows("Half a reply"));
    const auto turn = opened(0).turn;
    EXPECT_EQ(broker.commands.size(), 1u);
    broker.say_more(turn, {completed("Half a reply")});
    EXPECT_EQ(chat->exit_code(), 0);
    EXPECT_EQ(broker.commands.size(), 2u);
    EXPECT_EQ(opened(1).session, opened(0).session);
    EXPECT_NE(opened(1).turn, turn);
}

TEST_F(ChatTest, JsonPrintsEveryEventAsALine) {
    auto chat = at_pipe({"--json"});
    chat->type("one\nhostile\n");
    chat->close_input();
    EXPECT_EQ(chat->exit_code(), 0);
    EXPECT_THAT(chat->out(), Not(HasSubstr("\x1b")));
    std::istringstream lines(chat->out());
    std::string line, reply;
    std::vector<std::string> types;
    while (std::getline(lines, line)) {
        const auto read = json::parse(line);
        types.push_back(read["type"]);
        if (read["type"] == "delta") reply += read["text"];
    }
    EXPECT_THAT(types,
                testing::ElementsAre("accepted", "started", "stage", "delta", "delta", "completed",
                                     "accepted", "started", "stage", "delta", "completed"));
    EXPECT_EQ(reply,
              "You said one.a\x1b[2J\x1b]0;owned\x07"
              "b\xc2\x9b"
              "c");
}

TEST_F(ChatTest, AFailedTurnIsToldTheOthersRunAndTheExitCodeIsOne) {
    auto chat = at_pipe();
    chat->type("fail\ntwo\n");
    chat->close_input();
    EXPECT_EQ(chat->exit_code(), 1);
    EXPECT_THAT(chat->out(), HasSubstr("The reply above is not complete."));
    EXPECT_THAT(chat->out(), HasSubstr("You said two."));
}

TEST_F(ChatTest, ALineAboveTheBrokersLimitIsNotSent) {
    broker.limits.text_bytes = 100;
    auto chat = at_pipe();
    chat->type("one\n" + std::string(101, 'x') + "\n" + std::string(2'000'000, 'y') + "\ntwo\n");
    chat->close_input();
    EXPECT_EQ(chat->exit_code(), 1);
    EXPECT_THAT(chat->out(), HasSubstr("A line has at most 100 bytes."));
    EXPECT_THAT(chat->out(), HasSubstr("You said two."));
    EXPECT_EQ(broker.commands.size(), 2u);
}

TEST_F(ChatTest, WhatTheModelSaysCannotSteerTheTerminal) {
    auto chat = at_pipe();
    chat->type("hostile\n");
    chat->close_input();
    EXPECT_EQ(chat->exit_code(), 0);
    EXPECT_THAT(chat->out(), HasSubstr("a[2J]0;ownedbc\n"));
    EXPECT_THAT(chat->out(), Not(HasSubstr("\x1b")));
}

TEST_F(ChatTest, APipeGivesUpOnABrokerThatIsNotThere) {
    broker.stop();
    auto chat = at_pipe({"--patience-ms", "200"});
    chat->type("one\ntwo\n");
    EXPECT_EQ(chat->exit_code(), 1) << "although its input is still open";
    EXPECT_THAT(chat->out(), HasSubstr("[unavailable]"));
    EXPECT_THAT(chat->out(), Not(HasSubstr("two")));
}

TEST_F(ChatTest, AFileAndAnEmptyInputAreInputsToo) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("emostage_chat_" + std::to_string(::getpid()) + ".txt");
    std::ofstream(path) << "one\r\ntwo";
    ChatProcess file(loop, {arguments(), {}, false, path.string()});
    EXPECT_EQ(file.exit_code(), 0);
    EXPECT_THAT(file.out(), HasSubstr("You said one.\n"));
    EXPECT_THAT(file.out(), HasSubstr("You said two.\n"));
    std::filesystem::remove(path);
    ChatProcess nothing(loop, {arguments(), {}, false, "/dev/null"});
    EXPECT_EQ(nothing.exit_code(), 0);
    EXPECT_EQ(nothing.out(), "");
}

TEST_F(ChatTest, ASignalStopsAPipesTurnAndLeavesWithOne) {
    for (const int number : {SIGINT, SIGTERM}) {
        auto chat = at_pipe();
        chat->type("live\ntwo\n");
        ASSERT_TRUE(chat->shows("Half a reply"));
        chat->signal(number);
        EXPECT_EQ(chat->exit_code(), 1);
        EXPECT_THAT(chat->out(), HasSubstr("Stopped."));
        EXPECT_THAT(chat->out(), Not(HasSubstr("> two")));
        EXPECT_TRUE(was_cancelled(opened(0).turn));
        broker.commands.clear();
    }
}

TEST_F(ChatTest, WrongOptionsEndWithTwo) {
    for (const std::vector<std::string>& wrong :
         std::vector<std::vector<std::string>>{{"--what"},
                                               {"--session", "no good"},
                                               {"--gateway", "a/b"},
                                               {"--deadline-ms", "0"},
                                               {"--deadline-ms", "soon"},
                                               {"--commands", "nowhere"},
                                               {"loose"}}) {
        ChatProcess chat(loop, {wrong, {}, false, "/dev/null"});
        EXPECT_EQ(chat.exit_code(), 2) << wrong[0];
        EXPECT_NE(chat.err(), "") << wrong[0];
    }
    ChatProcess help(loop, {{"--help"}, {}, false, "/dev/null"});
    EXPECT_EQ(help.exit_code(), 0);
    EXPECT_THAT(help.out(), HasSubstr("--session"));
}

// --- terminals -----------------------------------------------------------------------------------

TEST_F(ChatTest, TheReplyIsSeenWhileItIsWrittenAndCtrlCStopsIt) {
    auto chat = at_terminal();
    ASSERT_TRUE(chat->shows("> "));
    chat->type("live\n");
    ASSERT_TRUE(chat->shows("phase: exploring"));
    ASSERT_TRUE(chat->shows("Half a reply"));
    chat->type("\x03");
    ASSERT_TRUE(was_cancelled(opened(0).turn));
    ASSERT_TRUE(chat->shows("Stopped."));
    auto from = chat->out().size();
    chat->type("two\n");
    ASSERT_TRUE(chat->shows("You said two.", from));
    EXPECT_EQ(opened(1).session, opened(0).session) << "the session goes on";
    EXPECT_EQ(opened(0).locale, "") << "the language of the text decides";
    chat->type("/quit\n");
    EXPECT_EQ(chat->exit_code(), 0);
}

TEST_F(ChatTest, ACapableTerminalShowsNothingOfAReplyThatWasTakenBack) {
    auto chat = at_terminal();
    ASSERT_TRUE(chat->shows("> "));
    chat->type("again\n");
    ASSERT_TRUE(ends_with_prompt(*chat, "Second."));
    chat->type("/quit\n");
    EXPECT_EQ(chat->exit_code(), 0);
    test::Terminal terminal(40, 24);
    terminal.feed(chat->out());
    EXPECT_THAT(terminal.text(), HasSubstr("> again\n  phase: exploring\nSecond.\n> /quit"));
    EXPECT_THAT(terminal.text(), Not(HasSubstr("first")));
}

TEST_F(ChatTest, TheWaitingMarkStandsOnlyWhileThereIsNothing) {
    auto chat = at_terminal();
    ASSERT_TRUE(chat->shows("> "));
    chat->type("wait\n");
    ASSERT_TRUE(chat->shows("exploring"));
    ASSERT_TRUE(chat->shows("…", chat->out().find("exploring")));
    test::Terminal waiting(40, 24);
    waiting.feed(chat->out());
    EXPECT_THAT(waiting.text(), testing::EndsWith("phase: exploring\n…"));
    broker.say_more(opened(0).turn, {wire::Delta{"Here."}, completed("Here.")});
    ASSERT_TRUE(ends_with_prompt(*chat, "Here."));
    chat->type("\x04");
    EXPECT_EQ(chat->exit_code(), 0) << "Ctrl-D leaves";
    test::Terminal done(40, 24);
    done.feed(chat->out());
    EXPECT_THAT(done.text(), HasSubstr("phase: exploring\nHere.\n>"));
}

TEST_F(ChatTest, ADumbTerminalGetsNoEscapes) {
    auto chat = at_terminal({{"TERM", "dumb"}});
    ASSERT_TRUE(chat->shows("> "));
    chat->type("again\n");
    ASSERT_TRUE(ends_with_prompt(*chat, "Second."));
    chat->type("/quit\n");
    EXPECT_EQ(chat->exit_code(), 0);
    EXPECT_THAT(chat->out(), Not(HasSubstr("\x1b")));
    EXPECT_THAT(chat->out(), HasSubstr("wrap around.\r\n  The reply starts again.\r\nSecond.\r\n"));
}

TEST_F(ChatTest, NoColorIsHonoured) {
    for (const std::string value : {"", "1"}) {
        auto chat = at_terminal({{"NO_COLOR", value}});
        ASSERT_TRUE(chat->shows("> "));
        chat->type("one\n");
        ASSERT_TRUE(ends_with_prompt(*chat, "You said one."));
        chat->type("/quit\n");
        EXPECT_EQ(chat->exit_code(), 0);
        EXPECT_EQ(chat->out().find("\x1b[2m") == std::string::npos, !value.empty());
    }
}

TEST_F(ChatTest, IdleCtrlCHintsFirstAndLeavesAtTheSecond) {
    auto chat = at_terminal();
    ASSERT_TRUE(chat->shows("> "));
    chat->type("\x03");
    ASSERT_TRUE(chat->shows("once more to leave"));
    chat->type("\x03");
    EXPECT_EQ(chat->exit_code(), 0);
}

TEST_F(ChatTest, ItSpeaksTheLanguageOfTheEnvironmentOrTheOption) {
    auto japanese = at_terminal({{"LANG", "ja_JP.UTF-8"}});
    ASSERT_TRUE(japanese->shows("人の代わりにもなりません"));
    ASSERT_TRUE(japanese->shows("> "));
    japanese->type("one\n");
    ASSERT_TRUE(japanese->shows("段階: 話を聴く"));
    auto chinese = at_terminal({{"LANG", "ja_JP.UTF-8"}}, {"--locale", "zh"});
    ASSERT_TRUE(chinese->shows("也不能代替真人"));
    ASSERT_TRUE(chinese->shows("> "));
    chinese->type("two\n");
    ASSERT_TRUE(chinese->shows("阶段: 倾诉"));
    EXPECT_EQ(opened(1).locale, "zh");
}

TEST_F(ChatTest, ABrokerThatIsNotThereIsToldAndWaitedFor) {
    broker.stop();
    auto chat = at_terminal();
    ASSERT_TRUE(chat->shows("> "));
    chat->type("one\n");
    ASSERT_TRUE(chat->shows("The broker does not answer."));
    broker.start_again("b2");
    ASSERT_TRUE(ends_with_prompt(*chat, "You said one.")) << chat->out();
    EXPECT_THAT(chat->out(), HasSubstr("Connected."));
    chat->type("/quit\n");
    EXPECT_EQ(chat->exit_code(), 0);
}

TEST_F(ChatTest, AnOutputThatNobodyReadsEndsTheChat) {
    auto chat = at_terminal();
    ASSERT_TRUE(chat->shows("> "));
    chat->signal(SIGHUP);
    EXPECT_EQ(chat->exit_code(), 0);
}

}  // namespace
}  // namespace emostage::chat
