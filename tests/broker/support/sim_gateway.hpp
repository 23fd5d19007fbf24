// A gateway of World: opens, cancels and joins turns, loses events, and mends that as PROTOCOL.md
// says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/broker/support/world.hpp"

namespace emostage::broker::test {

class SimGateway {
public:
    SimGateway(World& world, std::string name) : world_(world), name_(std::move(name)) {}

    void act();   // something at random: most often a new turn
    void mend();  // now and then: ask for what is missing
    void take(const wire::Event& event);

    bool done() const;
    void check();  // at the end, against what the broker said

private:
    struct Asked {
        wire::Open open;  // of an own turn; else of no turn
        ReplyView view;
        bool rejected = false;
        TimePoint tried_at{};
        bool own() const { return !open.turn.empty(); }
        bool over() const { return view.ended() || (rejected && view.applied() == 0); }
    };

    void open_new();
    void open_conflicting(const std::string& turn);
    void push(const wire::Open& open);
    void cancel(const std::string& turn);
    void resume(const std::string& turn, std::uint64_t after);
    template <class Command>
    void push_command(Command command);

    World& world_;
    std::string name_;
    std::map<std::string, Asked> asked_;
    std::uint64_t opened_ = 0;
};

}  // namespace emostage::broker::test
