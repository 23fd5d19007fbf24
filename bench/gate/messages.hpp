// The messages that the scripts and the micro-benchmarks make their turns of.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "schemas/command.hpp"
#include "schemas/link.hpp"

namespace emostage::gate {

inline constexpr std::size_t gateways = 4;

std::string gateway_id(std::size_t turn);

wire::Open an_open(std::size_t turn);
wire::Lease a_lease(std::size_t turn, const std::string& pipeline);  // its number: turn + 1
wire::Stage a_perspective(std::size_t turn);
wire::Stage a_phase(std::size_t turn);
wire::RunCompleted a_completion(std::string_view text);

}  // namespace emostage::gate
