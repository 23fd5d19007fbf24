#include "gateway/http/api/json_body.hpp"

#include <algorithm>

#include "core/config/nearest.hpp"

namespace emostage::http {

namespace dom = simdjson::dom;

JsonFields::JsonFields(std::optional<dom::object> object, std::string path,
                       std::optional<ApiError>& refusal)
    : object_(object), path_(std::move(path)), refusal_(&refusal) {
    if (!object_ || object_->size() <= body_fields_max) return;
    object_.reset();
    refuse_large(shown_path(), body_fields_max, "fields");
}

// Without the dot at its end.
std::string JsonFields::shown_path() const {
    return path_.empty() ? path_ : path_.substr(0, path_.size() - 1);
}

void JsonFields::refuse_large(std::string where, std::size_t max, std::string_view what) {
    ApiError large =
        api_error(Errc::too_large, (where.empty() ? "the body" : where) + " has more than " +
                                       std::to_string(max) + " " + std::string(what));
    large.param = std::move(where);
    refuse(std::move(large));
}

std::optional<dom::element> JsonFields::find(std::string_view key) {
    asked_.emplace_back(key);
    dom::element value;
    if (!ok() || !object_ || object_->at_key(key).get(value) != simdjson::SUCCESS ||
        value.is_null())
        return {};
    return value;
}

bool JsonFields::boolean(std::string_view key) {
    const auto value = find(key);
    bool truth = false;
    if (value && value->get(truth) != simdjson::SUCCESS) refuse(key, "must be true or false");
    return truth;
}

std::optional<std::string_view> JsonFields::text(std::string_view key) {
    const auto value = find(key);
    std::string_view text;
    if (!value) return {};
    if (value->get(text) == simdjson::SUCCESS) return text;
    refuse(key, "must be a string");
    return {};
}

std::optional<std::uint64_t> JsonFields::number(std::string_view key, std::uint64_t min,
                                                std::uint64_t max) {
    const auto value = find(key);
    std::uint64_t number = 0;
    if (!value) return {};
    if (value->get(number) == simdjson::SUCCESS && number >= min && number <= max) return number;
    refuse(key,
           "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    return {};
}

std::size_t JsonFields::choice(std::string_view key, std::span<const std::string_view> names,
                               std::size_t absent) {
    const auto value = find(key);
    std::string_view text;
    if (!value) return absent;
    if (value->get(text) == simdjson::SUCCESS) {
        const auto found = std::find(names.begin(), names.end(), text);
        if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    }
    std::string all;
    for (const auto name : names) all.append(all.empty() ? "" : ", ").append(name);
    refuse(key, "must be one of " + all);
    return absent;
}

std::optional<JsonFields> JsonFields::object(std::string_view key) {
    const auto value = find(key);
    dom::object object;
    if (!value) return {};
    if (value->get(object) == simdjson::SUCCESS) {
        return JsonFields(object, path_ + std::string(key) + ".", *refusal_);
    }
    refuse(key, "must be an object");
    return {};
}

std::optional<dom::array> JsonFields::list(std::string_view key, std::size_t items_max) {
    const auto value = find(key);
    dom::array array;
    if (!value) return {};
    if (value->get(array) != simdjson::SUCCESS) {
        refuse(key, "must be a list");
        return {};
    }
    if (array.size() > items_max) {
        refuse_large(path_ + std::string(key), items_max, "items");
        return {};
    }
    return array;
}

std::optional<JsonFields> JsonFields::item(std::string_view key, std::size_t index,
                                           dom::element element) {
    std::string name = std::string(key) + "." + std::to_string(index);
    dom::object object;
    if (element.get(object) == simdjson::SUCCESS) {
        return JsonFields(object, path_ + name + ".", *refusal_);
    }
    refuse(name, "must be an object");
    return {};
}

void JsonFields::refuse_unknown() {
    if (!ok() || !object_) return;
    for (const auto [key, value] : *object_) {
        if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
        const std::string shown = config::in_quotes(key);
        const std::string where = shown_path();
        std::string message = (where.empty() ? "the body" : where) + " has no field " + shown +
                              config::did_you_mean(key, asked_);
        refuse(invalid("unknown_field", std::move(message),
                       path_ + shown.substr(1, shown.size() - 2)));
        return;
    }
}

void JsonFields::refuse(std::string_view key, std::string_view problem, std::string_view code) {
    const std::string name = path_ + std::string(key);
    refuse(invalid(std::string(code), name + " " + std::string(problem), name));
}

void JsonFields::refuse_missing(std::string_view key) {
    refuse(key, "is missing", "missing_field");
}

void JsonFields::refuse(ApiError refusal) {
    if (ok()) *refusal_ = std::move(refusal);
}

JsonFields JsonBody::parse(std::string_view text) {
    dom::element document;
    dom::object object;
    std::optional<dom::object> found;
    if (parser_.allocate(std::max<std::size_t>(text.size(), 1), body_depth_max) !=
        simdjson::SUCCESS) {
        refusal_ = api_error(Errc::overloaded, "no memory is left for this request");
    } else if (parser_.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS) {
        refusal_ = invalid("invalid_json", "the body is not JSON in UTF-8, or too deep");
    } else if (document.get(object) != simdjson::SUCCESS) {
        refusal_ = invalid("invalid_json", "the body must be a JSON object");
    } else {
        found = object;
    }
    return JsonFields(found, "", refusal_);
}

}  // namespace emostage::http
