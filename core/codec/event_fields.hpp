// The fields of those events that also cross the worker link.
//
// Internal to core/codec.
#pragma once

#include "core/codec/fields.hpp"
#include "core/codec/pack.hpp"
#include "schemas/event.hpp"

namespace emostage::codec {

inline constexpr std::size_t names_max = 64;  // of timings and degraded lists

void pack_completed(Packer& out, const wire::Completed& completed);  // six fields
void pack_failed(Packer& out, const wire::Failed& failed);           // three fields
void pack_stage(Packer& out, const wire::Stage& stage);              // stage_fields() fields
std::size_t stage_fields(const wire::Stage& stage);
void pack_alert(Packer& out, const wire::Alert& alert);              // three fields
wire::Alert read_alert(Fields& fields);
wire::Stage read_stage(Fields& fields);
wire::Completed read_completed(Fields& fields);
wire::Failed read_failed(Fields& fields);

// A map of at most `bytes_max`, packed again, so that what is kept is known to be well-formed.
wire::Packed read_packed(Fields& fields, std::string_view key, std::size_t bytes_max);

}  // namespace emostage::codec
