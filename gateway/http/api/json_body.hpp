// A request's body as JSON, and its fields, each with its own refusal; the first one is kept.
//
// Internal to gateway/http/api. Bounded: 64 levels of lists and objects, 256 fields of an object.
// Refusals name fields, never values. One thread.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/api/api_error.hpp"

namespace emostage::http {

inline constexpr std::size_t body_depth_max = 64;
inline constexpr std::size_t body_fields_max = 256;

// An object of the body. A field that is null counts as one that is not there.
class JsonFields {
public:
    // `path` is what stands before its fields' names in `param`: empty, or `messages.3.`.
    JsonFields(std::optional<simdjson::dom::object> object, std::string path,
               std::optional<ApiError>& refusal);

    bool ok() const { return !refusal_->has_value(); }
    bool has(std::string_view key) { return find(key).has_value(); }

    // Not there: false, nothing, `absent`.
    bool boolean(std::string_view key);
    std::optional<std::string_view> text(std::string_view key);
    std::optional<std::uint64_t> number(std::string_view key, std::uint64_t min, std::uint64_t max);
    std::size_t choice(std::string_view key, std::span<const std::string_view> names,
                       std::size_t absent);
    std::optional<JsonFields> object(std::string_view key);
    // More than `items_max`: refused, `too_large`.
    std::optional<simdjson::dom::array> list(std::string_view key, std::size_t items_max);
    std::optional<simdjson::dom::element> find(std::string_view key);

    // One item of the list `key`, which must be an object.
    std::optional<JsonFields> item(std::string_view key, std::size_t index,
                                   simdjson::dom::element element);

    // Refuses fields that nobody has asked for; names the one that was probably meant.
    void refuse_unknown();

    // `problem` goes on after the field's name: `must be true or false`.
    void refuse(std::string_view key, std::string_view problem,
                std::string_view code = "invalid_value");
    void refuse_missing(std::string_view key);
    void refuse(ApiError refusal);

private:
    std::string shown_path() const;
    void refuse_large(std::string where, std::size_t max, std::string_view what);

    std::optional<simdjson::dom::object> object_;  // nothing: refused
    std::string path_;
    std::optional<ApiError>* refusal_;
    std::vector<std::string> asked_;
};

class JsonBody {
public:
    // What came is the object, or what is wrong with it: `invalid_json`. The fields, and the views
    // that they give, live as long as this.
    JsonFields parse(std::string_view text);

    bool ok() const { return !refusal_.has_value(); }
    const ApiError& refusal() const { return *refusal_; }

private:
    simdjson::dom::parser parser_;
    std::optional<ApiError> refusal_;
};

}  // namespace emostage::http
