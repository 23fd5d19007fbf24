// Writing msgpack into a std::string.
//
// Internal to core/codec.
#pragma once

#include <msgpack.hpp>
#include <string>
#include <string_view>

namespace emostage::codec {

class Packer {
public:
    explicit Packer(std::string& out) : stream_{out}, packer_(stream_) {}

    Packer& map(std::size_t size) {
        return packer_.pack_map(static_cast<std::uint32_t>(size)), *this;
    }
    Packer& array(std::size_t size) {
        return packer_.pack_array(static_cast<std::uint32_t>(size)), *this;
    }
    Packer& str(std::string_view text) {
        packer_.pack_str(static_cast<std::uint32_t>(text.size()));
        packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
        return *this;
    }
    Packer& uint(std::uint64_t value) { return packer_.pack_uint64(value), *this; }
    Packer& integer(std::int64_t value) { return packer_.pack_int64(value), *this; }
    Packer& boolean(bool value) {
        return value ? packer_.pack_true() : packer_.pack_false(), *this;
    }
    Packer& nil() { return packer_.pack_nil(), *this; }
    // A value that is msgpack already.
    Packer& raw(std::string_view bytes) { return stream_.out.append(bytes), *this; }
    Packer& object(const msgpack::object& value) { return packer_.pack(value), *this; }

    Packer& field(std::string_view key, std::string_view value) { return str(key).str(value); }
    Packer& field(std::string_view key, std::uint64_t value) { return str(key).uint(value); }
    Packer& field(std::string_view key, std::int64_t value) { return str(key).integer(value); }

private:
    struct Stream {
        std::string& out;
        void write(const char* data, std::size_t size) { out.append(data, size); }
    };
    Stream stream_;
    msgpack::packer<Stream> packer_;
};

}  // namespace emostage::codec
