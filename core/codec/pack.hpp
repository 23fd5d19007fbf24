// Writing msgpack into a std::string. https://github.com/msgpack/msgpack/blob/master/spec.md
//
// Each value is appended in one piece, its head with what it heads. Internal to core/codec.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <msgpack.hpp>
#include <string>
#include <string_view>

namespace emostage::codec {

class Packer {
public:
    explicit Packer(std::string& out) : out_(out) {}

    Packer& map(std::size_t size) {
        return size < 16        ? byte(0x80 | size)
               : size <= 0xffff ? head<2>(0xde, size)
                                : head<4>(0xdf, size);
    }
    Packer& array(std::size_t size) {
        return size < 16        ? byte(0x90 | size)
               : size <= 0xffff ? head<2>(0xdc, size)
                                : head<4>(0xdd, size);
    }
    Packer& str(std::string_view text) {
        if (text.size() < short_text) {
            char bytes[short_text];
            bytes[0] = static_cast<char>(0xa0 | text.size());
            std::memcpy(bytes + 1, text.data(), text.size());
            return out_.append(bytes, 1 + text.size()), *this;
        }
        if (text.size() <= 0xff) {
            head<1>(0xd9, text.size());
        } else if (text.size() <= 0xffff) {
            head<2>(0xda, text.size());
        } else {
            head<4>(0xdb, text.size());
        }
        return out_.append(text), *this;
    }
    // A literal's length is known here: most texts are names of fields.
    template <std::size_t size>
    Packer& str(const char (&text)[size]) {
        static_assert(size <= short_text, "its head would be longer");
        char bytes[size];
        bytes[0] = static_cast<char>(0xa0 | (size - 1));
        std::memcpy(bytes + 1, text, size - 1);
        return out_.append(bytes, size), *this;
    }
    Packer& uint(std::uint64_t value) {
        if (value < 0x80) return byte(value);
        if (value <= 0xff) return head<1>(0xcc, value);
        if (value <= 0xffff) return head<2>(0xcd, value);
        return value <= 0xffff'ffff ? head<4>(0xce, value) : head<8>(0xcf, value);
    }
    Packer& integer(std::int64_t value) {
        const auto bits = static_cast<std::uint64_t>(value);
        if (value >= 0) return uint(bits);
        if (value >= -0x20) return byte(bits);
        if (value >= INT8_MIN) return head<1>(0xd0, bits);
        if (value >= INT16_MIN) return head<2>(0xd1, bits);
        return value >= INT32_MIN ? head<4>(0xd2, bits) : head<8>(0xd3, bits);
    }
    Packer& boolean(bool value) { return byte(value ? 0xc3 : 0xc2); }
    Packer& nil() { return byte(0xc0); }
    // A value that is msgpack already.
    Packer& raw(std::string_view bytes) { return out_.append(bytes), *this; }
    Packer& object(const msgpack::object& value) {
        Stream stream{out_};
        return msgpack::pack(stream, value), *this;
    }

    template <class Key>
    Packer& field(const Key& key, std::string_view value) {
        return str(key).str(value);
    }
    template <class Key>
    Packer& field(const Key& key, std::uint64_t value) {
        return str(key).uint(value);
    }
    template <class Key>
    Packer& field(const Key& key, std::int64_t value) {
        return str(key).integer(value);
    }

private:
    static constexpr std::size_t short_text = 32;  // below this a text's head is one byte

    struct Stream {
        std::string& out;
        void write(const char* data, std::size_t size) { out.append(data, size); }
    };

    Packer& byte(std::uint64_t bits) { return out_.push_back(static_cast<char>(bits)), *this; }
    // A type and the lowest `size` bytes of a number, highest first.
    template <std::size_t size>
    Packer& head(unsigned char type, std::uint64_t number) {
        static_assert(std::endian::native == std::endian::little);
        const std::uint64_t highest_first = __builtin_bswap64(number << (64 - 8 * size));
        char bytes[1 + size];
        bytes[0] = static_cast<char>(type);
        std::memcpy(bytes + 1, &highest_first, size);
        return out_.append(bytes, sizeof bytes), *this;
    }

    std::string& out_;
};

}  // namespace emostage::codec
