// Reading msgpack in place, where its shape is known: no tree is made.
//
// Internal to core/codec. What is there and is what was asked for is taken, and the cursor stands
// behind it; else nothing is given, and where it stands is of no use any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <msgpack.hpp>
#include <optional>
#include <string_view>

#include "core/codec/fields.hpp"
#include "core/result.hpp"

namespace emostage::codec {

class Cursor {
public:
    explicit Cursor(std::string_view bytes) : left_(bytes) {}

    bool at_end() const { return left_.empty(); }

    // True: these bytes come next, and are passed over. Else the cursor stays.
    bool skip(std::string_view packed) {
        if (!left_.starts_with(packed)) return false;
        left_.remove_prefix(packed.size());
        return true;
    }

    std::optional<std::uint64_t> uint() {
        const auto type = byte();
        if (!type || *type < 0x80) return type;
        if (*type < 0xcc || *type > 0xcf) return std::nullopt;
        return number(std::size_t{1} << (*type - 0xcc));
    }

    std::optional<std::size_t> array() {
        const auto type = byte();
        if (type && (*type & 0xf0) == 0x90) return *type & 0x0f;
        if (type == 0xdc) return number(2);
        if (type == 0xdd) return number(4);
        return std::nullopt;
    }

    // Any bytes: UTF-8 is the caller's to check.
    std::optional<std::string_view> str() {
        const auto type = byte();
        if (!type) return std::nullopt;
        std::optional<std::uint64_t> size;
        if ((*type & 0xe0) == 0xa0) {
            size = *type & 0x1f;
        } else if (*type >= 0xd9 && *type <= 0xdb) {
            size = number(std::size_t{1} << (*type - 0xd9));
        }
        if (!size || *size > left_.size()) return std::nullopt;
        const auto text = left_.substr(0, *size);
        left_.remove_prefix(*size);
        return text;
    }

    // Whatever comes next, as unpack() gives it.
    Result<msgpack::object> value(std::size_t depth_max) { return unpack_next(left_, depth_max); }

private:
    std::optional<std::uint64_t> byte() { return number(1); }

    std::optional<std::uint64_t> number(std::size_t bytes) {
        if (left_.size() < bytes) return std::nullopt;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            value = value << 8 | static_cast<unsigned char>(left_[i]);
        }
        left_.remove_prefix(bytes);
        return value;
    }

    std::string_view left_;
};

}  // namespace emostage::codec
