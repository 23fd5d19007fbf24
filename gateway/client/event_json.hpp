// Events as JSON objects: the fields of PROTOCOL.md under their names.
//
// Pure; any thread. What is appended is valid UTF-8 on one line. A delta costs one copy of its
// text.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "schemas/event.hpp"

namespace emostage::gateway {

void append_event_json(std::string& out, const wire::Event& event);
// The same where the reader knows the turn and its session by other names.
void append_event_json(std::string& out, const wire::Event& event, std::string_view turn,
                       std::string_view session);

// The same, put together in two steps for a reader of many events of one turn: the names are the
// same in each.
std::string names_json(std::string_view turn, std::string_view session);
void append_named_event_json(std::string& out, const wire::Event& event, std::string_view names);

// `accepted`, `delta`, …; `other` for what this version does not know.
std::string_view type_of(const wire::EventBody& body);

// What a stage says: {"stage", "status", "result"?, "ms", "defaulted"?}.
nlohmann::ordered_json stage_json(const wire::Stage& stage);
nlohmann::ordered_json timings_json(const wire::Timings& timings);

void append_number(std::string& out, std::uint64_t number);

// One line of what was put together; what is not UTF-8 in it becomes U+FFFD.
std::string one_line(const nlohmann::ordered_json& object);

}  // namespace emostage::gateway
