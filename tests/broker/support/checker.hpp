// Sees all that a broker says, before anything is lost, and knows what must hold of it (DESIGN.md,
// section 3): numbers without a hole, one content each, one end and nothing after it, replies that
// are what was completed, one running turn per session in order of acceptance.
//
// Independent of the broker's code: it reads wire events only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/broker.hpp"

namespace emostage::broker::test {

class Checker {
public:
    void published(const std::string& gateway, const wire::Event& event);
    void sent(const wire::ToWorker& message);
    void finish();  // everything was given time to end

    std::uint64_t accepted() const { return accepted_; }
    std::uint64_t ended(const std::string& type) const;
    std::uint64_t last_number(const std::string& turn) const;
    bool has_ended(const std::string& turn) const;
    std::string text(const std::string& turn) const;  // of the deltas since the last reset
    const std::vector<std::string>& violations() const { return violations_; }

private:
    struct Turn {
        std::vector<wire::Event> events;  // number 1 first, none merged
        std::string text;
        bool ended = false;
        std::uint32_t leased_attempt = 0;
        std::map<std::string, std::uint64_t> seen;  // the highest number by gateway
    };
    struct Session {
        std::vector<std::string> turns;  // in order of acceptance
        std::string running;             // as leased
    };

    void take_new(Turn& turn, const wire::Event& event);
    void compare(const Turn& turn, const wire::Event& event);
    void compare_merged(const Turn& turn, const wire::Event& event, std::uint64_t from);
    void violated(const std::string& what) { violations_.push_back(what); }

    std::map<std::string, Turn> turns_;
    std::map<std::string, Session> sessions_;
    std::set<wire::LeaseId> leases_;
    std::map<std::string, std::uint64_t> ends_;  // by type
    std::uint64_t accepted_ = 0;
    std::vector<std::string> violations_;
};

}  // namespace emostage::broker::test
