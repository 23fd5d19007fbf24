// Sees what the broker decides, says and is told, and what readers are shown; knows what must hold
// of it (DESIGN.md, section 3). Independent of the code that it judges: it reads wire messages
// only.
//
// What crosses a broker's death: numbers stay what they were, but for those that a `reset` with
// `from` declares void.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/command.hpp"
#include "schemas/event.hpp"
#include "schemas/link.hpp"
#include "tests/sim/history.hpp"
#include "tests/sim/published.hpp"

namespace emostage::sim {

enum class BrokerInput : std::uint8_t { command, worker, commit, time };

inline const std::string alerts_gateway = "alerts";  // Config::alerts; no process

using Totals = std::map<std::string, std::uint64_t>;  // how often what happened

class Checker {
public:
    Checker(const Timeline& timeline, History& history) : timeline_(timeline), history_(history) {}

    // --- what people want ---
    void turn_is_made(const wire::Open& open);
    void cancel_is_wanted(const std::string& turn) { cancels_.insert(turn); }

    // --- the broker ---
    void broker_looks_at(BrokerInput input) { input_ = input; }
    void broker_decides(const wire::Event& event);  // to say, in this order
    void broker_sends(const wire::ToWorker& message);
    struct Message {  // of events, to one gateway
        std::string gateway, body;
    };
    void broker_says(const std::vector<Message>& messages);  // they leave the process together
    void broker_killed();

    // --- readers, each of one turn at one gateway ---
    std::uint64_t reader_begins(const std::string& gateway, const std::string& turn);
    void reader_hears(std::uint64_t reader, const wire::Event& event);
    void reader_is_gone(std::uint64_t reader) { readers_.erase(reader); }

    // Everything was given time to end.
    void finish();

    bool accepted(const std::string& turn) const;
    bool ended(const std::string& turn) const;
    // Whether what was decided is on the disk by now.
    std::function<bool(const std::string& turn, bool end)> is_durable;
    // By the disk: a turn of the same session that was accepted before this one, and has not ended.
    std::function<std::optional<std::string>(const std::string& turn)> waits_for;

    void count(const std::string& what, std::uint64_t by = 1) { totals_[what] += by; }
    const Totals& totals() const { return totals_; }
    void violated(const std::string& what);
    const std::vector<std::string>& violations() const { return violations_; }

private:
    struct Turn {
        wire::Open open;
        TimePoint made_at{};
        Published published;
        bool decided_accepted = false, decided_end = false;
        std::uint32_t leased_attempt = 0;  // by the broker's present life
    };
    struct Reader {
        std::string gateway, turn;
        std::uint64_t last = 0;
        std::string text;
        bool ended = false;
    };

    void said(const wire::Event& event);
    void said_to(const std::string& gateway, const wire::Event& event);
    void hears_unnumbered(Reader& reader, const wire::Event& event);

    const Timeline& timeline_;
    History& history_;
    std::map<std::string, Turn> turns_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> said_to_;  // gateway, turn
    std::map<wire::LeaseId, std::string> leases_;
    std::set<std::string> cancels_;
    std::set<std::pair<std::string, std::uint64_t>> alerts_, alerts_told_;  // turn, number
    std::map<std::uint64_t, Reader> readers_;
    std::uint64_t readers_begun_ = 0;
    BrokerInput input_ = BrokerInput::time;
    Totals totals_;
    std::vector<std::string> violations_;
};

std::string name_of(const wire::EventBody& body);

}  // namespace emostage::sim
