#include "worker/shell/worker_options.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "core/codec/codec.hpp"

namespace emostage::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string sample = EMOSTAGE_SOURCE_DIR "/ops/worker.yaml";
const std::string local = "http://127.0.0.1:8080/v1";

class WorkerOptionsTest : public testing::Test {
protected:
    ~WorkerOptionsTest() override {
        for (const auto& path : files_) std::remove(path.c_str());
    }

    std::string file(const std::string& text) {
        files_.push_back(testing::TempDir() + "worker_options_" +
                         testing::UnitTest::GetInstance()->current_test_info()->name() +
                         std::to_string(files_.size()));
        std::ofstream(files_.back(), std::ios::binary) << text;
        return files_.back();
    }

    Result<config::Request> load(std::vector<std::string> arguments) {
        options_ = {};
        return load_worker_options(
            arguments,
            [this](const std::string& name) -> std::optional<std::string> {
                const auto at = environment_.find(name);
                if (at == environment_.end()) return std::nullopt;
                return at->second;
            },
            "host", 42, options_);
    }
    std::string problem(std::vector<std::string> arguments) {
        const auto request = load(std::move(arguments));
        EXPECT_FALSE(request);
        if (request) return "";
        EXPECT_EQ(request.error().code, Errc::config);
        return request.error().message;
    }
    std::string problem_of(const std::string& yaml) { return problem({"--config", file(yaml)}); }

    std::map<std::string, std::string> environment_;
    std::vector<std::string> files_;
    WorkerOptions options_;
};

TEST_F(WorkerOptionsTest, TakeOneEndpointFromAFlagAndDefaultsForTheRest) {
    ASSERT_TRUE(load({"--endpoint", local}));
    EXPECT_EQ(options_.broker, "tcp://127.0.0.1:7703");
    EXPECT_EQ(options_.name, "host-42");
    EXPECT_EQ(options_.slots, 64u);
    EXPECT_EQ(options_.shards, 1u);
    EXPECT_EQ(options_.drain, milliseconds(30000));
    EXPECT_EQ(options_.admin, (config::Address{"127.0.0.1", 0})) << "any free port";
    EXPECT_TRUE(options_.help_lines.empty());
    ASSERT_EQ(options_.endpoints.size(), 1u);
    const auto& endpoint = options_.endpoints.front();
    EXPECT_EQ(endpoint.url, local);
    EXPECT_EQ(endpoint.name, "127.0.0.1:8080");
    EXPECT_EQ(endpoint.model, "default");
    EXPECT_EQ(endpoint.key, "");
    EXPECT_EQ(endpoint.capabilities, llm::Capabilities{});
    EXPECT_EQ(endpoint.calls_max, 4096u);
}

TEST_F(WorkerOptionsTest, NameTheAdminPagesAddressOrTurnThemOff) {
    ASSERT_TRUE(load({"--endpoint", local, "--admin", "[::1]:7721"}));
    EXPECT_EQ(options_.admin, (config::Address{"::1", 7721}));
    ASSERT_TRUE(load({"--endpoint", local, "--admin", "off"}));
    EXPECT_FALSE(options_.admin);
    EXPECT_THAT(problem({"--endpoint", local, "--admin", "7721"}), HasSubstr("HOST:PORT"));
    environment_["EMOSTAGE_ADMIN"] = "127.0.0.1:7704";
    ASSERT_TRUE(load({"--endpoint", local}));
    EXPECT_EQ(options_.admin, (config::Address{"127.0.0.1", 0})) << "that is the broker's";
    environment_["EMOSTAGE_WORKER_ADMIN"] = "127.0.0.1:7722";
    ASSERT_TRUE(load({"--endpoint", local}));
    EXPECT_EQ(options_.admin, (config::Address{"127.0.0.1", 7722}));
}

TEST_F(WorkerOptionsTest, OfTheSampleFileAreTheDefaults) {
    ASSERT_TRUE(load({"--endpoint", local}));
    const WorkerOptions defaults = options_;
    const auto request = load({"--endpoint", local, "--config", sample, "--check-config"});
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->kind, config::Request::Kind::check);
    EXPECT_EQ(options_.broker, defaults.broker);
    EXPECT_EQ(options_.pipelines, defaults.pipelines);
    EXPECT_EQ(options_.name, defaults.name);
    EXPECT_EQ(options_.slots, defaults.slots);
    EXPECT_EQ(options_.shards, defaults.shards);
    EXPECT_EQ(options_.drain, defaults.drain);
    EXPECT_EQ(options_.admin, defaults.admin);
    EXPECT_EQ(options_.endpoints.front().model, defaults.endpoints.front().model);
    EXPECT_EQ(options_.hedge, defaults.hedge);
    EXPECT_EQ(options_.help_lines, defaults.help_lines);
    EXPECT_EQ(options_.log.level, defaults.log.level);
    EXPECT_EQ(options_.log.format, defaults.log.format);
}

TEST_F(WorkerOptionsTest, OfTheSampleFilesExampleAreRead) {
    std::ifstream in(sample);
    std::string yaml;
    bool example = false;
    for (std::string line; std::getline(in, line);) {
        if (line == "# endpoints:") example = true;
        if (line.empty()) example = false;
        yaml += (example ? line.substr(2) : line) + "\n";
    }
    environment_["VLLM_KEY"] = "k";
    const auto request = load({"--config", file(yaml)});
    ASSERT_TRUE(request) << request.error().message;
    ASSERT_EQ(options_.endpoints.size(), 2u);
    EXPECT_EQ(options_.endpoints[0].key, "k");
    EXPECT_TRUE(options_.endpoints[0].capabilities.json_schema);
    EXPECT_TRUE(options_.endpoints[1].capabilities.grammar);
}

TEST_F(WorkerOptionsTest, ReadEndpointsWithAllTheirKeys) {
    environment_["MY_KEY"] = "sk-1";
    const auto key_file = file("sk-2\n");
    const auto yaml = file("model: shared\nendpoints:\n  - name: first\n    url: " + local +
                           "\n    model: own\n    key_env: MY_KEY\n    calls_max: 7\n"
                           "    capabilities: [json_schema, json_object, grammar]\n"
                           "    continues: vllm\n"
                           "  - url: https://models.example.org\n    key_file: " +
                           key_file + "\n");
    const auto request = load({"--config", yaml});
    ASSERT_TRUE(request) << request.error().message;
    ASSERT_EQ(options_.endpoints.size(), 2u);
    const auto& first = options_.endpoints[0];
    EXPECT_EQ(first.name, "first");
    EXPECT_EQ(first.model, "own");
    EXPECT_EQ(first.key, "sk-1");
    EXPECT_EQ(first.calls_max, 7u);
    EXPECT_EQ(first.capabilities, (llm::Capabilities{true, true, true, llm::Continues::vllm}));
    const auto& second = options_.endpoints[1];
    EXPECT_EQ(second.name, "models.example.org:443");
    EXPECT_EQ(second.url, "https://models.example.org/v1");
    EXPECT_EQ(second.model, "shared");
    EXPECT_EQ(second.key, "sk-2");
}

TEST_F(WorkerOptionsTest, HedgeOnlyWhereThatIsAskedForAndWithinBounds) {
    ASSERT_TRUE(load({"--endpoint", local}));
    EXPECT_EQ(options_.hedge, (llm::HedgeSettings{0, 5, milliseconds(200)}));
    const std::string head = "endpoints: [{url: \"" + std::string(local) + "\"}]\n";
    const auto request =
        load({"--config", file(head + "hedge: {after_percentile: 95, "
                                      "extra_calls_max_percent: 3, min_delay_ms: 50}\n")});
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(options_.hedge, (llm::HedgeSettings{95, 3, milliseconds(50)}));
    EXPECT_THAT(problem_of(head + "hedge: {after_percentile: 100}\n"), HasSubstr("0 to 99"));
    EXPECT_THAT(problem_of(head + "hedge: {extra_calls_max_percent: 0}\n"), HasSubstr("1 to 100"));
    EXPECT_THAT(problem_of(head + "hedge: {after: 95}\n"), HasSubstr("unknown key"));
}

TEST_F(WorkerOptionsTest, TakeFlagsBeforeTheEnvironmentBeforeTheFile) {
    const auto yaml = file("endpoints: [{url: \"http://file:1\"}]\n");
    ASSERT_TRUE(load({"--config", yaml}));
    EXPECT_EQ(options_.endpoints.front().url, "http://file:1/v1");
    environment_["EMOSTAGE_LLM_URL"] = "http://environment:1";
    environment_["EMOSTAGE_LLM_MODEL"] = "m";
    ASSERT_TRUE(load({"--config", yaml}));
    ASSERT_EQ(options_.endpoints.size(), 1u);
    EXPECT_EQ(options_.endpoints.front().url, "http://environment:1/v1");
    EXPECT_EQ(options_.endpoints.front().model, "m");
    ASSERT_TRUE(load({"--config", yaml, "--endpoint", "http://flag:1", "--endpoint",
                      "http://flag:2", "--model", "n"}));
    ASSERT_EQ(options_.endpoints.size(), 2u);
    EXPECT_EQ(options_.endpoints[1].url, "http://flag:2/v1");
    EXPECT_EQ(options_.endpoints[1].model, "n");
}

TEST_F(WorkerOptionsTest, GiveEqualDefaultNamesANumber) {
    ASSERT_TRUE(load({"--endpoint", local, "--endpoint", local, "--endpoint", local}));
    EXPECT_EQ(options_.endpoints[0].name, "127.0.0.1:8080");
    EXPECT_EQ(options_.endpoints[1].name, "127.0.0.1:8080#2");
    EXPECT_EQ(options_.endpoints[2].name, "127.0.0.1:8080#3");
}

TEST_F(WorkerOptionsTest, SendTheKeyOfTheEnvironmentToOneEndpointOnly) {
    environment_["EMOSTAGE_LLM_KEY"] = "sk-secret";
    ASSERT_TRUE(load({"--endpoint", local}));
    EXPECT_EQ(options_.endpoints.front().key, "sk-secret");

    const std::string several = problem({"--endpoint", local, "--endpoint", local});
    EXPECT_THAT(several, HasSubstr("EMOSTAGE_LLM_KEY is set, but there are 2 endpoints"));
    EXPECT_THAT(several, Not(HasSubstr("sk-secret")));

    ASSERT_TRUE(load({"--config", file("endpoints: [{url: \"http://file:1\"}]\n")}));
    EXPECT_EQ(options_.endpoints.front().key, "") << "the file says which endpoint has which key";
}

TEST_F(WorkerOptionsTest, NeverTakeAKeyFromTheFileOrAFlag) {
    const std::string message =
        problem_of("endpoints:\n  - url: " + local + "\n    key: sk-secret\n");
    EXPECT_THAT(message, HasSubstr(":3: a key is never written here"));
    EXPECT_THAT(message, Not(HasSubstr("sk-secret")));
    EXPECT_THAT(problem({"--endpoint", local, "--key", "x"}), HasSubstr("unknown flag \"--key\""));
    const std::string in_url = problem({"--endpoint", "http://user:sk-secret@host/v1"});
    EXPECT_THAT(in_url, HasSubstr("--endpoint: the URL holds a name or password"));
    EXPECT_THAT(in_url, Not(HasSubstr("sk-secret")));
}

TEST_F(WorkerOptionsTest, RefuseKeysThatAreNotThereOrAreNone) {
    const std::string head = "endpoints:\n  - url: " + local + "\n";
    EXPECT_THAT(problem_of(head + "    key_env: NOT_SET\n"),
                HasSubstr(":3: key_env: the environment has no NOT_SET"));
    environment_["BAD"] = "a b";
    EXPECT_THAT(problem_of(head + "    key_env: BAD\n"), HasSubstr("BAD does not hold a key"));
    EXPECT_THAT(problem_of(head + "    key_file: /nonexistent/key\n"),
                HasSubstr(":3: key_file: /nonexistent/key"));
    for (const auto* content : {"", "\n", "a\nb\n", "a b"}) {
        const std::string message = problem_of(head + "    key_file: " + file(content) + "\n");
        EXPECT_THAT(message, HasSubstr("does not hold one line with a key"));
        EXPECT_THAT(message, Not(HasSubstr("a b")));
    }
    environment_["GOOD"] = "k";
    EXPECT_THAT(problem_of(head + "    key_env: GOOD\n    key_file: " + file("k") + "\n"),
                HasSubstr(":4: either key_env or key_file, not both"));
    environment_["EMOSTAGE_LLM_KEY"] = "line\nbreak";
    EXPECT_THAT(problem({"--endpoint", local}), HasSubstr("EMOSTAGE_LLM_KEY does not hold a key"));
}

TEST_F(WorkerOptionsTest, RefuseUrlsThatAreNone) {
    for (const auto* url : {"127.0.0.1:8080", "ftp://host/v1", "http://", "http:///v1",
                            "http://:80/v1", "http://host:0/v1", "http://host:99999",
                            "http://host:x", "http://ho st/v1", "http://host/?a", "http://host#a",
                            "http://hö/v1", "http://[::1/v1", "http://[]/v1", "http://a[b]/v1"}) {
        EXPECT_THAT(problem({"--endpoint", url}), HasSubstr("--endpoint: the URL")) << url;
    }
    EXPECT_THAT(problem({"--endpoint", "http://" + std::string(2000, 'a')}), HasSubstr("too long"));
    EXPECT_THAT(problem_of("endpoints:\n  - url: nothing\n"),
                HasSubstr(":2: the URL does not begin"));
    environment_["EMOSTAGE_LLM_URL"] = "x";
    EXPECT_THAT(problem({}), HasSubstr("EMOSTAGE_LLM_URL: the URL does not begin"));
}

TEST_F(WorkerOptionsTest, CompleteAUrlWithoutAPath) {
    const std::map<std::string, std::string> urls{
        {"http://host", "http://host/v1"},
        {"http://host:11434/", "http://host:11434/v1"},
        {"https://host/v1/", "https://host/v1"},
        {"http://[::1]:8080", "http://[::1]:8080/v1"},
        {"http://host/openai/v1", "http://host/openai/v1"},
    };
    for (const auto& [given, complete] : urls) {
        ASSERT_TRUE(load({"--endpoint", given})) << given;
        EXPECT_EQ(options_.endpoints.front().url, complete);
    }
    ASSERT_TRUE(load({"--endpoint", "http://[::1]"}));
    EXPECT_EQ(options_.endpoints.front().name, "[::1]:80");
}

TEST_F(WorkerOptionsTest, RefuseAWorkerWithoutAModelServer) {
    EXPECT_THAT(problem({}), HasSubstr("no model server: give --endpoint URL"));
    EXPECT_THAT(problem_of("endpoints: []\n"),
                HasSubstr(":1: \"endpoints\" must be a list of 1 to 64"));
    EXPECT_THAT(problem_of("endpoints: {url: x}\n"), HasSubstr("must be a list"));
}

TEST_F(WorkerOptionsTest, RefuseWhatAnEndpointDoesNotKnow) {
    const std::string head = "endpoints:\n  - url: " + local + "\n";
    EXPECT_THAT(problem_of(head + "    modell: x\n"),
                HasSubstr(":3: unknown key \"modell\" in an endpoint; did you mean \"model\"?"));
    EXPECT_THAT(problem_of(head + "    capabilities: [json]\n"),
                HasSubstr(":3: capabilities are json_schema, json_object and grammar"));
    EXPECT_THAT(problem_of(head + "    capabilities: [continue]\n"),
                HasSubstr(":3: that a server continues answers is said beside the capabilities"));
    EXPECT_THAT(problem_of(head + "    continues: always\n"),
                HasSubstr(":3: continues is vllm (continue_final_message), prefill"));
    EXPECT_THAT(problem_of(head + "    calls_max: 0\n"), HasSubstr("calls_max"));
    EXPECT_THAT(problem_of(head + "    model: \"\"\n"), HasSubstr("model must not be empty"));
    EXPECT_THAT(problem_of(head + "    name: a b\n"), HasSubstr(":3: name must be 1 to 64"));
    EXPECT_THAT(problem_of("endpoints:\n  - name: a\n"), HasSubstr("needs the key \"url\""));
    EXPECT_THAT(problem_of(head + "    name: a\n  - url: " + local + "\n    name: a\n"),
                HasSubstr("two endpoints are named \"a\""));
}

TEST_F(WorkerOptionsTest, RefuseNamesAndBrokersThatAreNone) {
    EXPECT_THAT(problem({"--endpoint", local, "--name", "a b"}),
                HasSubstr("--name: must be 1 to 64"));
    EXPECT_THAT(problem({"--endpoint", local, "--broker", "tcp://*:1"}),
                HasSubstr("--broker: the host"));
    EXPECT_THAT(problem({"--endpoint", local, "--slots", "0"}), HasSubstr("--slots: must be"));
    EXPECT_THAT(problem({"--endpoint", local, "--slots", "2", "--shards", "3"}),
                HasSubstr("shards (3) must not be more than slots (2)"));
}

TEST_F(WorkerOptionsTest, TakeHelpLinesOfEachLanguage) {
    environment_["EMOSTAGE_HELP_LINES_ZH"] = "热线 12345";
    const auto yaml = file("help_lines:\n  ja: |\n    いのちの電話\n    0120\n");
    ASSERT_TRUE(load({"--endpoint", local, "--config", yaml, "--help-lines-en", "Call 988."}));
    EXPECT_EQ(options_.help_lines[Language::ja], "いのちの電話\n0120\n");
    EXPECT_EQ(options_.help_lines[Language::zh], "热线 12345");
    EXPECT_EQ(options_.help_lines[Language::en], "Call 988.");
    EXPECT_THAT(problem({"--endpoint", local, "--help-lines-en", std::string(1025, 'a')}),
                HasSubstr("--help-lines-en: is longer than 1024 bytes"));
    EXPECT_THAT(problem({"--endpoint", local, "--help-lines-en", "a\x1b[2J"}),
                HasSubstr("control characters"));
}

TEST_F(WorkerOptionsTest, HaveHelpWithoutAnEndpoint) {
    const auto request = load({"--help"});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, config::Request::Kind::show);
    for (const auto* part :
         {"--endpoint", "EMOSTAGE_LLM_MODEL", "--pipelines", "--slots", "--shards"}) {
        EXPECT_THAT(request->text, HasSubstr(part));
    }
}

TEST(DefaultWorkerName, IsAnIdWhateverTheHostIsCalled) {
    EXPECT_EQ(default_worker_name("node-1.example", 7), "node-1.example-7");
    EXPECT_EQ(default_worker_name("a b/ü", 7), "a-b----7");
    EXPECT_EQ(default_worker_name("", 7), "worker-7");
    const std::string longest = default_worker_name(std::string(300, 'h'), 2147483647);
    EXPECT_EQ(longest.size(), 64u);
    EXPECT_TRUE(codec::is_id(longest));
    EXPECT_THAT(longest, testing::EndsWith("-2147483647"));
}

}  // namespace
}  // namespace emostage::worker
