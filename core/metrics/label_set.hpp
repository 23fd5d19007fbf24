// The values that one label may have, taken as they come until there are too many: then `other`.
//
// So what a file or a peer names cannot make more time series than we want. Pure; one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace emostage::metrics {

class LabelSet {
public:
    static constexpr std::size_t other = 0;  // the place of what has none of its own
    static constexpr std::string_view other_name = "other";

    explicit LabelSet(std::size_t values_max) : values_max_(values_max), values_{"other"} {}

    // The value's place, which it keeps; `other` where there is no room.
    std::size_t add(std::string_view value) {
        const std::size_t known = find(value);
        if (known != other || value == other_name || values_.size() > values_max_) return known;
        values_.emplace_back(value);
        return values_.size() - 1;
    }
    std::size_t find(std::string_view value) const {
        for (std::size_t i = 1; i < values_.size(); ++i) {
            if (values_[i] == value) return i;
        }
        return other;
    }

    std::size_t size() const { return values_.size(); }  // `other` included
    const std::string& value(std::size_t place) const { return values_[place]; }

private:
    std::size_t values_max_;
    std::vector<std::string> values_;
};

}  // namespace emostage::metrics
