// The bytes of an answer's status line and header.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/server/outlet.hpp"

namespace emostage::http {

// Without a length the body comes in chunks. Values are ours or checked: none holds a line's end.
std::string response_head(const Head& head,
                          const std::vector<std::pair<std::string, std::string>>& fields,
                          std::optional<std::size_t> length, bool keep_alive);

}  // namespace emostage::http
