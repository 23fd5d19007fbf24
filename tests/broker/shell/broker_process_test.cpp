// The program itself: what it prints, how it ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/codec/hash.hpp"
#include "core/config/address.hpp"
#include "tests/broker/journal/journal_scene.hpp"
#include "tests/broker/shell/shell_scene.hpp"
#include "tests/patience.hpp"

extern char** environ;

namespace emostage::broker {
namespace {

using testing::HasSubstr;
using namespace test;

// emostage-broker, beside this test program, with its output in one pipe.
class Process {
public:
    explicit Process(const std::vector<std::string>& arguments) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        output_ = ends[0];
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
        const std::string program =
            std::filesystem::read_symlink("/proc/self/exe").parent_path() / "emostage-broker";
        std::vector<std::string> words{program};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        EXPECT_EQ(
            ::posix_spawn(&process_, program.c_str(), &actions, nullptr, argv.data(), environ), 0)
            << program;
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
    }
    ~Process() {
        if (process_ > 0 && !exit_code_) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
        ::close(output_);
    }

    void signal(int number) const { ::kill(process_, number); }

    // A line that holds `part`; empty when none comes in time.
    std::string line_with(const std::string& part) {
        const auto until = std::chrono::steady_clock::now() + emostage::test::patience;
        while (true) {
            for (auto end = unread_.find('\n'); end != std::string::npos;
                 end = unread_.find('\n')) {
                const std::string line = unread_.substr(0, end);
                unread_.erase(0, end + 1);
                if (line.find(part) != std::string::npos) return line;
            }
            if (std::chrono::steady_clock::now() > until || !read_more()) return "";
        }
    }
    // All that it wrote until it ended.
    const std::string& everything() {
        while (read_more()) {
        }
        return everything_;
    }
    bool ended() {
        if (exit_code_) return true;
        int status = 0;
        if (::waitpid(process_, &status, WNOHANG) != process_) return false;
        exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return true;
    }
    int exit_code() {
        everything();
        if (!exit_code_) {
            int status = 0;
            ::waitpid(process_, &status, 0);
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return *exit_code_;
    }

private:
    bool read_more() {
        pollfd wanted{output_, POLLIN, 0};
        if (::poll(&wanted, 1, 10'000) != 1) return false;
        std::array<char, 4096> piece;
        const ssize_t size = ::read(output_, piece.data(), piece.size());
        if (size <= 0) return false;
        unread_.append(piece.data(), static_cast<std::size_t>(size));
        everything_.append(piece.data(), static_cast<std::size_t>(size));
        return true;
    }

    pid_t process_ = -1;
    int output_ = -1;
    std::string unread_, everything_;
    std::optional<int> exit_code_;
};

const std::vector<std::string> free_ports{
    "--commands",        "tcp://127.0.0.1:*", "--events",    "tcp://127.0.0.1:*", "--workers",
    "tcp://127.0.0.1:*", "--admin",           "127.0.0.1:0", "--log-format",      "json"};

std::vector<std::string> with_free_ports(std::vector<std::string> more = {}) {
    auto arguments = free_ports;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

// A broker that runs, a gateway and a worker of its own.
class RunningBroker : public testing::Test {
protected:
    void start(std::vector<std::string> more = {}) {
        process_ = std::make_unique<Process>(with_free_ports(std::move(more)));
        started_ = nlohmann::json::parse(process_->line_with("broker started"), nullptr, false);
        ASSERT_TRUE(started_.is_object());
        gateway_ = std::make_unique<Subscriber>(context_, started_["events"], "g1/");
        pusher_ = std::make_unique<Peer>(context_, zmq::socket_type::push, started_["commands"]);
        worker_ = std::make_unique<FakeWorker>(context_, started_["workers"], "w1");
        ASSERT_TRUE(until([&] { return gateway_->last<wire::Hello>() != nullptr; }));
    }
    void open(const std::string& turn) {
        wire::Open open;
        open.gateway = "g1";
        open.turn = turn;
        open.session = "s-" + turn;
        open.text = "hello";
        pusher_->send({codec::encode_command(wire::Command(open))});
    }
    void start_a_turn() {
        open("t1");
        ASSERT_TRUE(until([&] { return !worker_->leases.empty(); }));
    }
    // The whole answer of an admin page.
    std::string get(const std::string& path) {
        const auto address = config::parse_listen_address(started_["admin"].get<std::string>());
        asio::io_context loop;
        asio::ip::tcp::socket socket(loop);
        socket.connect({asio::ip::make_address(address->host), address->port});
        asio::write(socket, asio::buffer("GET " + path +
                                         " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        std::string answer;
        asio::error_code ended;
        asio::read(socket, asio::dynamic_buffer(answer), ended);
        return answer;
    }
    // Reads what comes. False when patience ended first.
    bool until(const std::function<bool()>& reached) {
        const auto until = std::chrono::steady_clock::now() + emostage::test::patience;
        while (!reached()) {
            if (std::chrono::steady_clock::now() > until) return false;
            ::poll(nullptr, 0, 1);
            gateway_->read();
            worker_->read();
        }
        return true;
    }

    zmq::context_t context_;
    std::unique_ptr<Process> process_;
    nlohmann::json started_;
    std::unique_ptr<Subscriber> gateway_;
    std::unique_ptr<Peer> pusher_;
    std::unique_ptr<FakeWorker> worker_;
};

TEST_F(RunningBroker, NamesItsEndpointsInItsFirstLine) {
    start();
    EXPECT_EQ(started_["level"], "info");
    EXPECT_EQ(started_["program"], "emostage-broker");
    EXPECT_EQ(started_["version"], EMOSTAGE_VERSION);
    for (const auto* key : {"commands", "events", "workers"}) {
        EXPECT_THAT(started_[key].get<std::string>(),
                    testing::MatchesRegex("tcp://127.0.0.1:[1-9][0-9]*"));
    }
    EXPECT_THAT(started_["admin"].get<std::string>(),
                testing::MatchesRegex("127.0.0.1:[1-9][0-9]*"));
    EXPECT_EQ(started_["broker"], gateway_->batches.front().broker);
    EXPECT_THAT(started_["broker"].get<std::string>(), testing::MatchesRegex("[0-9a-f]{16}"));
}

TEST_F(RunningBroker, EndsWithZeroAtOnceWhenItIsToldToAndNothingRuns) {
    for (const int number : {SIGTERM, SIGINT}) {
        start();
        process_->signal(number);
        EXPECT_EQ(process_->exit_code(), 0);
    }
}

TEST_F(RunningBroker, LetsRunningTurnsFinishAndTheirEndsArrive) {
    start();
    start_a_turn();
    EXPECT_THAT(get("/readyz"), HasSubstr("200 OK"));
    process_->signal(SIGTERM);
    EXPECT_FALSE(process_->line_with("draining").empty());
    open("t2");
    ASSERT_TRUE(until([&] { return gateway_->last<wire::Rejected>() != nullptr; }));
    EXPECT_EQ(gateway_->last<wire::Rejected>()->code, Errc::unavailable);
    EXPECT_THAT(get("/readyz"), HasSubstr("503 Service Unavailable"));
    EXPECT_THAT(get("/readyz"), HasSubstr("the broker is draining"));
    EXPECT_THAT(get("/queue"), HasSubstr("\"running\":1"));
    EXPECT_FALSE(process_->ended());
    wire::RunCompleted end;
    end.completed.text_bytes = 5;
    end.completed.text_hash = codec::text_hash("hello");
    end.completed.finish_reason = "stop";
    worker_->output(1, {wire::Started{"w1"}, wire::Delta{"hello", 0}, end});
    EXPECT_TRUE(until([&] { return gateway_->last<wire::Completed>() != nullptr; }));
    EXPECT_EQ(process_->exit_code(), 0);
}

TEST_F(RunningBroker, EndsAtTheDrainLimit) {
    start({"--drain-ms", "100"});
    start_a_turn();
    process_->signal(SIGTERM);
    const std::string line = process_->line_with("drained");
    EXPECT_THAT(line, HasSubstr("\"turns_left\":1"));
    EXPECT_EQ(process_->exit_code(), 0);
}

TEST_F(RunningBroker, EndsAtOnceAtASecondSignal) {
    start({"--drain-ms", "600000"});
    start_a_turn();
    process_->signal(SIGTERM);
    EXPECT_FALSE(process_->line_with("draining").empty());
    process_->signal(SIGTERM);
    EXPECT_FALSE(process_->line_with("stopped by a second signal").empty());
    EXPECT_EQ(process_->exit_code(), 1);
}

TEST_F(RunningBroker, NeverLogsWhatPeopleSay) {
    start({"--log-level", "debug"});
    wire::Open open;
    open.gateway = "g1";
    open.turn = "t1";
    open.session = "s1";
    open.text = "unmistakable-words-of-a-client";
    pusher_->send({codec::encode_command(wire::Command(open))});
    pusher_->send({codec::encode_command(wire::Command(open)) + "unmistakable-rest"});
    ASSERT_TRUE(until([&] { return !worker_->leases.empty(); }));
    EXPECT_EQ(worker_->leases.front().text, open.text);
    EXPECT_FALSE(process_->line_with("message not understood").empty());
    worker_->output(1, {wire::Started{"w1"}, wire::Delta{"unmistakable-reply", 0}});
    ASSERT_TRUE(until([&] { return gateway_->last<wire::Delta>() != nullptr; }));
    process_->signal(SIGTERM);
    process_->signal(SIGINT);
    EXPECT_THAT(process_->everything(), testing::Not(HasSubstr("unmistakable")));
}

TEST_F(RunningBroker, RefusesAPortThatIsTakenWithOneSentence) {
    start();
    Process second({"--commands", started_["commands"], "--events", "tcp://127.0.0.1:*",
                    "--workers", "tcp://127.0.0.1:*", "--admin", "off"});
    EXPECT_EQ(second.exit_code(), 1);
    EXPECT_EQ(
        second.everything(),
        "emostage-broker: cannot listen on " + started_["commands"].get<std::string>() +
            ": Address already in use; it is the endpoint of `commands`: stop what uses it, or "
            "choose another with --commands\n");
    Process third({"--commands", "tcp://127.0.0.1:*", "--events", "tcp://127.0.0.1:*", "--workers",
                   "tcp://127.0.0.1:*", "--admin", started_["admin"]});
    EXPECT_EQ(third.exit_code(), 1);
    EXPECT_THAT(third.everything(), HasSubstr("Address already in use; stop what uses it, choose "
                                              "another address with --admin"));
}

TEST(BrokerProgram, ShowsHelpAndVersionAndChecksItsConfiguration) {
    Process help({"--help"});
    EXPECT_EQ(help.exit_code(), 0);
    EXPECT_THAT(help.everything(), HasSubstr("--commands"));
    Process version({"--version"});
    EXPECT_EQ(version.exit_code(), 0);
    EXPECT_EQ(version.everything(), std::string("emostage-broker ") + EMOSTAGE_VERSION + "\n");
    Process check({"--check-config", "--config", EMOSTAGE_SOURCE_DIR "/ops/broker.yaml"});
    EXPECT_EQ(check.exit_code(), 0);
    EXPECT_EQ(check.everything(), "the configuration is fine\n");
}

TEST(BrokerProgram, PrintsWhatIsInAJournal) {
    const TemporaryDirectory directory;
    stored_in(directory.path());
    Process inspect({"--inspect", directory.path()});
    EXPECT_EQ(inspect.exit_code(), 0);
    EXPECT_THAT(inspect.everything(), HasSubstr("\nturns queued"));
    EXPECT_THAT(inspect.everything(), HasSubstr("\nbroker                  broker-id\n"));
    Process missing({"--inspect", directory / "none"});
    EXPECT_EQ(missing.exit_code(), 1);
    EXPECT_THAT(missing.everything(),
                testing::StartsWith("emostage-broker: cannot use " + (directory / "none") +
                                    "/journal.db: No such file or directory"));
}

TEST(BrokerProgram, EndsWithTwoAndASentenceWhenItIsToldWrongly) {
    Process flag({"--comands", "x"});
    EXPECT_EQ(flag.exit_code(), 2);
    EXPECT_EQ(flag.everything(),
              "emostage-broker: unknown flag \"--comands\"; did you mean \"--commands\"?\n");
    const std::string path = testing::TempDir() + "broker_process_test.yaml";
    std::ofstream(path) << "leases:\n  lease: 3\n";
    Process file({"--check-config", "--config", path});
    EXPECT_EQ(file.exit_code(), 2);
    EXPECT_THAT(file.everything(), HasSubstr(path + ":2: unknown key \"lease\" in \"leases\""));
    std::remove(path.c_str());
}

}  // namespace
}  // namespace emostage::broker
