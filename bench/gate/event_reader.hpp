// A gateway's view of the script's turns: that each has its numbers without a hole, its text whole
// and one end.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "bench/gate/script.hpp"
#include "core/result.hpp"
#include "schemas/event.hpp"

namespace emostage::gate {

class EventReader {
public:
    void on_message(std::string_view body);

    // The first thing that was not as it has to be.
    Result<Counts> result() const;

private:
    struct View {
        std::uint64_t last = 0;
        std::string text;
        bool ended = false;
    };

    void on_event(const wire::Event& event);
    void blame(const wire::Event& event, std::string_view what);

    std::map<std::string, View> views_;
    Counts counts_;
    std::string wrong_;
};

}  // namespace emostage::gate
