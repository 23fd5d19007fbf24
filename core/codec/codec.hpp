// Bytes to wire structs and back. Every decode is bounded (schemas/limits.hpp) and checks
// everything that the struct promises: types, ranges, alphabets, UTF-8. Encoders trust their
// argument.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "schemas/command.hpp"
#include "schemas/event.hpp"
#include "schemas/link.hpp"

namespace emostage::codec {

// A command that cannot be accepted, with as much of its names as could be read: where `gateway`
// and `turn` are both there, the sender can be told.
struct BadCommand {
    std::string gateway;  // empty: unknown
    std::string turn;     // empty: unknown
    Error error;
};

tl::expected<wire::Command, BadCommand> decode_command(std::string_view bytes,
                                                       const wire::Limits& limits = {});
std::string encode_command(const wire::Command& command);

std::string encode_events(const wire::EventBatch& batch);  // of at most wire::events_per_batch_max
// The same in pieces: the batch, its events one after the other, and at last how many they were, at
// the place that begin_events() gave.
std::size_t begin_events(std::string& bytes, std::string_view broker);
void append_event(std::string& bytes, const wire::Event& event);
void end_events(std::string& bytes, std::size_t place, std::size_t events);
Result<wire::EventBatch> decode_events(std::string_view bytes);

std::string encode_to_worker(const wire::ToWorker& message);
Result<wire::ToWorker> decode_to_worker(std::string_view bytes);
std::string encode_from_worker(const wire::FromWorker& message);
// An `outputs` message in pieces: the outputs one after the other, and then the message of them.
void append_output(std::string& packed, const wire::Output& output);
std::string encode_outputs(std::size_t outputs, std::string_view packed);
Result<wire::FromWorker> decode_from_worker(std::string_view bytes);

// 1 to 64 of A-Z a-z 0-9 . _ : -
bool is_id(std::string_view text);

// At most 35 of A-Z a-z 0-9 -; empty too.
bool is_locale(std::string_view text);

// 00-<32 hex>-<16 hex>-<2 hex>, lower-case. https://www.w3.org/TR/trace-context/
bool is_traceparent(std::string_view text);

}  // namespace emostage::codec
