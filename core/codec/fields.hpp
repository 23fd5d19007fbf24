// Reading one msgpack map field by field, each checked; the first thing that is wrong is kept.
//
// Internal to core/codec. The object's memory (zone and input bytes) outlives the reader.
#pragma once

#include <cstdint>
#include <limits>
#include <msgpack.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace emostage::codec {

// One value out of `bytes`, bounded by schemas/limits.hpp; strings refer into `bytes`, the rest
// lives in a zone of the calling thread until its next unpack. Errc::malformed.
Result<msgpack::object> unpack(std::string_view bytes);
// The same of the first value, with at most `depth_max` maps and arrays in one another; `bytes` is
// what follows it.
Result<msgpack::object> unpack_next(std::string_view& bytes, std::size_t depth_max);

bool is_utf8(std::string_view text);

class Fields {
public:
    static constexpr std::size_t fields_max = 64;
    static constexpr std::size_t names_suggested_max = 32;

    // `what` names the map in messages ("open", "event"); a literal.
    Fields(const msgpack::object& object, std::string_view what);

    // Null where the field is absent. Marks the name as known.
    const msgpack::object* find(std::string_view key);

    bool has(std::string_view key) { return find(key) != nullptr; }

    // Absent optional fields give the default. Wrong ones give the default and set error().
    std::string_view str(std::string_view key, std::size_t bytes_max, bool required = true);
    std::string_view id(std::string_view key, bool required = true);
    std::uint64_t uint(std::string_view key, std::uint64_t max, bool required = true,
                       std::uint64_t min = 0);
    std::int64_t integer(std::string_view key, bool required = true);
    bool boolean(std::string_view key);
    std::span<const msgpack::object> array(std::string_view key, std::size_t items_max,
                                           bool required = true);
    // Index into `names`; absent: `absent`.
    std::size_t choice(std::string_view key, std::span<const std::string_view> names,
                       std::size_t absent);

    void fail(Errc code, std::string message);
    void fail_field(std::string_view key, std::string_view problem);

    // Refuses fields that nobody asked for.
    void refuse_unknown();

    bool ok() const { return !error_; }
    const Error& error() const { return *error_; }

private:
    std::string named(std::string_view problem) const;  // "open: ", and the problem

    std::string_view what_;
    std::span<const msgpack::object_kv> pairs_;
    std::uint64_t known_ = 0;  // a bit for each of pairs_ that was asked for
    // Names that were asked for, to suggest one; without memory of its own, for there is one of
    // these for each event.
    struct Name {
        const char* text;
        std::size_t size;
    };
    std::size_t asked_ = 0;
    Name asked_names_[names_suggested_max];
    std::optional<Error> error_;
};

// Checks that hold for every string that comes in: a str, valid UTF-8, no longer than `bytes_max`.
Result<std::string_view> checked_str(const msgpack::object& object, std::size_t bytes_max);

}  // namespace emostage::codec
