#include "core/codec/fields.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "core/codec/codec.hpp"
#include "core/config/nearest.hpp"
#include "schemas/limits.hpp"

namespace emostage::codec {

namespace {

constexpr std::size_t items_max = 65'536;  // of any array or map, before its bytes are looked at

bool is_printable_name(std::string_view key) {
    return !key.empty() && key.size() <= 32 && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

std::string quoted(std::string_view name) {
    std::string text;
    text.reserve(name.size() + 2);
    text += '"';
    text += name;
    text += '"';
    return text;
}

}  // namespace

Result<msgpack::object> unpack_next(std::string_view& bytes, std::size_t depth_max) {
    // One zone a thread, emptied for each value: no allocation in the steady state.
    thread_local msgpack::zone zone;
    zone.clear();
    if (bytes.empty()) return emostage::fail(Errc::malformed, "the message is empty");
    if (bytes.size() > wire::message_bytes_max) {
        return emostage::fail(Errc::too_large, "the message has more than 4 MiB");
    }
    const auto refer = [](msgpack::type::object_type, std::size_t, void*) { return true; };
    const msgpack::unpack_limit limits(items_max, items_max, wire::message_bytes_max,
                                       wire::message_bytes_max, wire::message_bytes_max, depth_max);
    try {
        std::size_t offset = 0;
        bool referenced = false;
        const msgpack::object object = msgpack::unpack(zone, bytes.data(), bytes.size(), offset,
                                                       referenced, refer, nullptr, limits);
        bytes.remove_prefix(offset);
        return object;
    } catch (const msgpack::insufficient_bytes&) {
        return emostage::fail(Errc::malformed, "the msgpack value is cut off");
    } catch (const msgpack::size_overflow&) {
        return emostage::fail(Errc::too_large,
                              "the msgpack value is too deep or has too many items");
    } catch (const std::exception&) {
        return emostage::fail(Errc::malformed, "the message is not msgpack");
    }
}

Result<msgpack::object> unpack(std::string_view bytes) {
    auto object = unpack_next(bytes, wire::message_depth_max);
    if (object && !bytes.empty()) {
        return emostage::fail(Errc::malformed, "bytes follow the msgpack value");
    }
    return object;
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

Result<std::string_view> checked_str(const msgpack::object& object, std::size_t bytes_max) {
    if (object.type == msgpack::type::BIN) {
        return emostage::fail(Errc::invalid_field, "is bin, must be str");
    }
    if (object.type != msgpack::type::STR)
        return emostage::fail(Errc::invalid_field, "must be a string");
    const std::string_view text(object.via.str.ptr, object.via.str.size);
    if (text.size() > bytes_max) {
        return emostage::fail(Errc::too_large, "has " + std::to_string(text.size()) +
                                                   " bytes, at most " + std::to_string(bytes_max) +
                                                   " are taken");
    }
    if (!is_utf8(text)) {
        return emostage::fail(Errc::invalid_field, "is not valid UTF-8");
    }
    return text;
}

Fields::Fields(const msgpack::object& object, std::string_view what) : what_(what) {
    if (object.type != msgpack::type::MAP) {
        fail(Errc::malformed, named("must be a map"));
        return;
    }
    if (object.via.map.size > fields_max) {
        fail(Errc::too_large, named("has more than " + std::to_string(fields_max) + " fields"));
        return;
    }
    pairs_ = {object.via.map.ptr, object.via.map.size};
}

const msgpack::object* Fields::find(std::string_view key) {
    if (asked_ < names_suggested_max) asked_names_[asked_++] = {key.data(), key.size()};
    const msgpack::object* found = nullptr;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const auto& pair = pairs_[i];
        if (pair.key.type != msgpack::type::STR) continue;
        if (std::string_view(pair.key.via.str.ptr, pair.key.via.str.size) != key) continue;
        if (found != nullptr) fail_field(key, "is given twice");
        found = &pair.val;
        known_ |= std::uint64_t{1} << i;
    }
    return found;
}

std::string Fields::named(std::string_view problem) const {
    std::string sentence(what_);
    sentence += ": ";
    sentence += problem;
    return sentence;
}

void Fields::fail(Errc code, std::string message) {
    if (!error_) error_ = Error{code, std::move(message)};
}

void Fields::fail_field(std::string_view key, std::string_view problem) {
    fail(Errc::invalid_field, named("field " + quoted(key) + " " + std::string(problem)));
}

std::string_view Fields::str(std::string_view key, std::size_t bytes_max, bool required) {
    const auto* object = find(key);
    if (object == nullptr) {
        if (required) fail_field(key, "is missing");
        return {};
    }
    auto text = checked_str(*object, bytes_max);
    if (!text) {
        fail(text.error().code, named("field " + quoted(key) + " " + text.error().message));
        return {};
    }
    return *text;
}

std::string_view Fields::id(std::string_view key, bool required) {
    // Longer ones are refused by their alphabet's sentence, not by their size.
    const auto text = str(key, wire::message_bytes_max, required);
    const bool absent = text.data() == nullptr;
    if (!absent && !is_id(text)) fail_field(key, "must be 1 to 64 of A-Z a-z 0-9 . _ : -");
    return ok() ? text : std::string_view{};
}

std::uint64_t Fields::uint(std::string_view key, std::uint64_t max, bool required,
                           std::uint64_t min) {
    const auto* object = find(key);
    if (object == nullptr) {
        if (required) fail_field(key, "is missing");
        return min;
    }
    if (object->type != msgpack::type::POSITIVE_INTEGER || object->via.u64 > max ||
        object->via.u64 < min) {
        fail_field(key, "must be a whole number from " + std::to_string(min) + " to " +
                            std::to_string(max));
        return min;
    }
    return object->via.u64;
}

std::int64_t Fields::integer(std::string_view key, bool required) {
    const auto* object = find(key);
    if (object == nullptr) {
        if (required) fail_field(key, "is missing");
        return 0;
    }
    constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (object->type == msgpack::type::POSITIVE_INTEGER && object->via.u64 <= max) {
        return static_cast<std::int64_t>(object->via.u64);
    }
    if (object->type == msgpack::type::NEGATIVE_INTEGER) return object->via.i64;
    fail_field(key, "must be a whole number");
    return 0;
}

bool Fields::boolean(std::string_view key) {
    const auto* object = find(key);
    if (object == nullptr) return false;
    if (object->type != msgpack::type::BOOLEAN) {
        fail_field(key, "must be true or false");
        return false;
    }
    return object->via.boolean;
}

std::span<const msgpack::object> Fields::array(std::string_view key, std::size_t items_max,
                                               bool required) {
    const auto* object = find(key);
    if (object == nullptr) {
        if (required) fail_field(key, "is missing");
        return {};
    }
    if (object->type != msgpack::type::ARRAY) {
        fail_field(key, "must be an array");
        return {};
    }
    if (object->via.array.size > items_max) {
        fail(Errc::too_large, named("field " + quoted(key) + " has more than " +
                                    std::to_string(items_max) + " items"));
        return {};
    }
    return {object->via.array.ptr, object->via.array.size};
}

std::size_t Fields::choice(std::string_view key, std::span<const std::string_view> names,
                           std::size_t absent) {
    const auto* object = find(key);
    if (object == nullptr) return absent;
    if (auto text = checked_str(*object, wire::id_bytes_max)) {
        const auto found = std::find(names.begin(), names.end(), *text);
        if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    }
    std::string all;
    for (const auto name : names) {
        if (!all.empty()) all += ", ";
        all += name;
    }
    fail_field(key, "must be one of " + all);
    return absent;
}

void Fields::refuse_unknown() {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const auto& pair = pairs_[i];
        if (pair.key.type != msgpack::type::STR) {
            fail(Errc::invalid_field, named("a field's name is not a string"));
            return;
        }
        const std::string_view key(pair.key.via.str.ptr, pair.key.via.str.size);
        if ((known_ >> i & 1) != 0) continue;
        if (!is_printable_name(key)) {
            fail(Errc::invalid_field, named("a field's name is unknown"));
            return;
        }
        std::string message = named("unknown field " + quoted(key));
        std::vector<std::string> names;
        for (std::size_t n = 0; n < asked_; ++n) {
            names.emplace_back(asked_names_[n].text, asked_names_[n].size);
        }
        message += config::did_you_mean(key, names);
        fail(Errc::invalid_field, std::move(message));
        return;
    }
}

}  // namespace emostage::codec
