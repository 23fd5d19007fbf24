// The checksum of one row: SQLite has none of its own, and what people said must not come back
// altered. A flipped bit in a row is found when a start reads it.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace emostage::broker {

// XXH64 over all columns, each seeded with the sum of those before it.
class RowSum {
public:
    RowSum& add(std::int64_t number) {
        sum_ = ::XXH64(&number, sizeof number, sum_);
        return *this;
    }
    RowSum& add(std::string_view bytes) {
        add(static_cast<std::int64_t>(bytes.size()));
        sum_ = ::XXH64(bytes.data(), bytes.size(), sum_);
        return *this;
    }
    std::int64_t value() const { return static_cast<std::int64_t>(sum_); }

private:
    std::uint64_t sum_ = 0;
};

}  // namespace emostage::broker
