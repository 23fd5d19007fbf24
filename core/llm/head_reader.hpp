// The header lines of a response, as libcurl hands them over, to what a call wants of them.
//
// Pure. Informational responses (1xx) and trailers are read past; all lines together are bounded.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/llm/exchange.hpp"

namespace emostage::llm {

class HeadReader {
public:
    static constexpr std::size_t bytes_max = 64 * 1024;
    static constexpr std::size_t value_bytes_max = 128;  // of a header that is kept; longer is cut

    bool on_line(std::string_view line);  // with its line end; false: over the bound
    bool begun() const { return bytes_ > 0; }
    bool complete() const { return complete_; }
    const ResponseHead& head() const { return head_; }

    void reset();

private:
    ResponseHead head_;
    std::size_t bytes_ = 0;
    bool complete_ = false;
};

}  // namespace emostage::llm
