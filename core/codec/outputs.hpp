// What a worker says of its runs: `output` and `outputs` messages and the events in them.
//
// They are nearly all that it says, and are packed in one way only. So they are read in place; what
// is packed in another way, or is wrong, is left to the reader by names, which has the last word.
// Internal to core/codec.
#pragma once

#include <optional>
#include <string_view>

#include "core/codec/fields.hpp"
#include "core/codec/pack.hpp"
#include "schemas/link.hpp"

namespace emostage::codec {

void pack_output(Packer& out, const wire::Output& output);     // the whole message
void pack_outputs(Packer& out, const wire::Outputs& outputs);  // the whole message

// The message, where it is one of the two as they are packed here.
std::optional<wire::FromWorker> read_outputs_in_place(std::string_view bytes);

wire::Output read_output(Fields& fields);
wire::Outputs read_outputs(Fields& fields);

}  // namespace emostage::codec
