// The far sides of GatewayCore: what it pushed, and what a turn's sink heard.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "core/codec/codec.hpp"
#include "gateway/client/gateway_core.hpp"
#include "tests/gateway/client/script.hpp"

namespace emostage::gateway::test {

struct PushRecorder : Outputs {
    bool push(std::string_view command) override {
        if (full) return false;
        auto decoded = codec::decode_command(command);
        if (!decoded) throw std::runtime_error("not a command: " + decoded.error().error.message);
        commands.push_back(std::move(*decoded));
        return true;
    }
    void resubscribe() override { ++resubscribed; }
    void on_link(Link link) override { links.push_back(link); }

    // "open t1", "resume t1 after 3", "cancel t1"; forgets them.
    std::vector<std::string> take() {
        std::vector<std::string> said;
        for (const auto& command : commands) {
            if (const auto* open = std::get_if<wire::Open>(&command)) {
                said.push_back("open " + open->turn);
            } else if (const auto* cancel = std::get_if<wire::Cancel>(&command)) {
                said.push_back("cancel " + cancel->turn);
            } else {
                const auto& resume = std::get<wire::Resume>(command);
                said.push_back("resume " + resume.turn + " after " + std::to_string(resume.after));
            }
        }
        commands.clear();
        return said;
    }

    bool full = false;
    int resubscribed = 0;
    std::vector<wire::Command> commands;
    std::vector<Link> links;
};

struct SinkRecorder : TurnSink {
    void on_event(const wire::Event& event) override {
        view.add(event);
        events.push_back(event);
        if (then) then(event);
    }
    const wire::EventBody& last() const { return events.back().body; }
    template <class Body>
    const Body* last_as() const {
        return events.empty() ? nullptr : std::get_if<Body>(&events.back().body);
    }

    View view;
    std::vector<wire::Event> events;
    std::function<void(const wire::Event&)> then;
};

}  // namespace emostage::gateway::test
