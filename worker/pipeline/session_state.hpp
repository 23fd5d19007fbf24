// What a session remembers between turns: a small map of names and values, opaque to the broker.
//
// Pure functions; any thread. Bytes that come back are never trusted.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "schemas/event.hpp"
#include "worker/pipeline/output.hpp"
#include "worker/pipeline/pipeline.hpp"

namespace emostage::worker {

using SessionState = std::map<std::string, std::string, std::less<>>;  // Remembered::name to value
using StageResults = std::map<std::size_t, TypedOutput>;  // by index into Pipeline::stages

// Every remembered value, its initial one.
SessionState initial_state(const Pipeline& pipeline);

// What a lease brought: unknown names, wrong types, unknown labels and bytes that are no msgpack
// map (or more than wire::state_bytes_max) count as absent, and what is absent is initial.
SessionState unpack_state(const Pipeline& pipeline, const wire::Packed& packed);

// At most wire::state_bytes_max: the loader refuses pipelines that could remember more.
wire::Packed pack_state(const SessionState& state);

// The state after these results. A value stays where its stage has no result, where the field is
// only a default, and where Remembered::unless says so.
SessionState remember(const Pipeline& pipeline, const StageResults& results,
                      const SessionState& old_state);

// TypedOutput::result as an event carries it. Errc::too_large beyond wire::result_bytes_max,
// Errc::internal for anything but an object.
Result<wire::Packed> pack_result(const nlohmann::ordered_json& object);

// What a checkpoint brought of a stage that is done, read against the spec again: it may come from
// another version of the pipeline. Nothing: no field of it is of use. Requires: nested no deeper
// than wire::message_depth_max, as the codec ensures.
std::optional<TypedOutput> unpack_result(const OutputSpec& spec, const wire::Stage& done);

}  // namespace emostage::worker
