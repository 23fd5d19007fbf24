// A client, servers that a test scripts, and a sink that remembers, on one loop.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>

#include "core/llm/client.hpp"
#include "core/llm/policy.hpp"
#include "tests/core/llm/scripted_server.hpp"
#include "tests/patience.hpp"
#include "tests/run_until.hpp"

namespace emostage::llm {

using test::Connection;
using test::HttpRequest;
using test::ScriptedServer;

// What came of each call.
class Recorder : public ChatSink {
public:
    struct Record {
        std::string text;
        int pieces = 0;
        std::optional<ChatAnswer> answer;
        std::optional<ChatFailure> failure;
        bool over() const { return answer || failure; }
    };

    void on_content(CallId call, std::string_view text) override {
        Record& record = records[call];
        EXPECT_FALSE(record.over()) << "content after the end";
        record.text += text;
        ++record.pieces;
        if (when_content) when_content(call);
    }
    void on_answer(CallId call, ChatAnswer answer) override {
        EXPECT_FALSE(records[call].over()) << "two ends";
        records[call].answer = std::move(answer);
        if (when_over) when_over(call);
    }
    void on_failure(CallId call, ChatFailure failure) override {
        EXPECT_FALSE(records[call].over()) << "two ends";
        records[call].failure = std::move(failure);
        if (when_over) when_over(call);
    }

    std::map<CallId, Record> records;
    std::function<void(CallId)> when_content;
    std::function<void(CallId)> when_over;
};

class ClientFixture : public testing::Test {
protected:
    ClientFixture() {
        policy.backoff = {milliseconds(2), milliseconds(4)};
        policy.breaker.open_first = milliseconds(20);
    }

    ~ClientFixture() override {
        if (!client) return;
        for (const auto& status : client->endpoints(Clock::now())) {
            EXPECT_EQ(status.running, 0u) << status.name << ": a load leaked";
        }
        client.reset();
        servers.clear();
        loop.restart();
        loop.poll();
    }

    ScriptedServer& serve(test::Script script) {
        servers.push_back(std::make_unique<ScriptedServer>(loop, std::move(script)));
        EndpointConfig config;
        config.name = "s" + std::to_string(servers.size());
        config.url = servers.back()->url();
        config.model = "m";
        endpoints.push_back(config);
        return *servers.back();
    }
    Client& make_client() {
        client = std::make_unique<Client>(loop, endpoints, 1, policy);
        return *client;
    }
    CallId start(ChatRequest request) {
        if (!client) make_client();
        return client->start(std::move(request), sink);
    }
    CallId start_stream() { return start(stream_request()); }
    static ChatRequest stream_request() {
        ChatRequest request;
        request.user = "hello";
        request.stream = true;
        constexpr auto patience = emostage::test::patience;
        request.timeouts = {patience, patience, patience, patience};
        return request;
    }
    bool run_until(const std::function<bool()>& condition) {
        return emostage::test::run_until(loop, condition);
    }
    Recorder::Record finish(CallId call) {
        EXPECT_TRUE(run_until([&] { return sink.records[call].over(); })) << "the call hangs";
        return sink.records[call];
    }
    std::size_t running() {
        std::size_t sum = 0;
        for (const auto& status : client->endpoints(Clock::now())) sum += status.running;
        return sum;
    }

    asio::io_context loop{1};
    Policy policy;
    std::vector<EndpointConfig> endpoints;
    std::vector<std::unique_ptr<ScriptedServer>> servers;
    std::unique_ptr<Client> client;
    Recorder sink;
};

}  // namespace emostage::llm
