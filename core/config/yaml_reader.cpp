#include "core/config/yaml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/config/nearest.hpp"

namespace emostage::config {
namespace {

using Kind = YamlNode::Kind;

std::string shown(double value) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%g", value);
    return buffer;
}

}  // namespace

YamlMap::YamlMap(YamlNode node, std::string what) : node_(std::move(node)), what_(std::move(what)) {
    if (node_.kind() != Kind::map && node_.kind() != Kind::empty) {
        refuse(node_, what_ + " must be a map of keys and values");
    }
}

const YamlNode* YamlMap::find(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    if (node_.kind() != Kind::map) return nullptr;
    for (const auto& [name, value] : node_.entries()) {
        if (name.text() == key) return &value;
    }
    return nullptr;
}

bool YamlMap::has(std::string_view key) const {
    if (node_.kind() != Kind::map) return false;
    return std::any_of(node_.entries().begin(), node_.entries().end(),
                       [&](const auto& entry) { return entry.first.text() == key; });
}

void YamlMap::need(std::string_view key) {
    const YamlNode* value = find(key);
    if (!value) {
        refuse(node_, what_ + " needs the key " + in_quotes(key));
    } else if (value->kind() == Kind::empty) {
        refuse(*value, in_quotes(key) + " of " + what_ + " is empty");
    }
}

const YamlNode* YamlMap::scalar(std::string_view key, std::string_view wanted) {
    const YamlNode* value = find(key);
    if (!value) return nullptr;
    if (value->kind() == Kind::scalar) return value;
    refuse(*value, in_quotes(key) + " of " + what_ + " must be " + std::string(wanted));
    return nullptr;
}

void YamlMap::read(std::string_view key, std::string& into, std::size_t bytes_max) {
    const YamlNode* value = scalar(key, "text");
    if (!value) return;
    if (value->text().size() > bytes_max) {
        return refuse(*value, in_quotes(key) + " of " + what_ + " is longer than " +
                                  std::to_string(bytes_max) + " bytes");
    }
    into = value->text();
}

void YamlMap::read(std::string_view key, bool& into) {
    const YamlNode* value = scalar(key, "true or false");
    if (!value) return;
    if (!value->quoted() && value->text() == "true") {
        into = true;
    } else if (!value->quoted() && value->text() == "false") {
        into = false;
    } else {
        refuse(*value, in_quotes(key) + " of " + what_ + " must be true or false, not " +
                           in_quotes(value->text()));
    }
}

std::optional<std::int64_t> YamlMap::integer(std::string_view key, std::int64_t min,
                                             std::int64_t max) {
    const std::string range = std::to_string(min) + " to " + std::to_string(max);
    const YamlNode* value = scalar(key, "a whole number from " + range);
    if (!value) return std::nullopt;
    const std::string& text = value->text();
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = failure == std::errc() && end == text.data() + text.size();
    if (value->quoted() || !whole || number < min || number > max) {
        refuse(*value, in_quotes(key) + " of " + what_ + " must be a whole number from " + range +
                           ", not " + in_quotes(text));
        return std::nullopt;
    }
    return number;
}

std::optional<double> YamlMap::number(std::string_view key, double min, double max) {
    const std::string range = shown(min) + " to " + shown(max);
    const YamlNode* value = scalar(key, "a number from " + range);
    if (!value) return std::nullopt;
    const std::string& text = value->text();
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = failure == std::errc() && end == text.data() + text.size();
    if (value->quoted() || !whole || !std::isfinite(number) || number < min || number > max) {
        refuse(*value, in_quotes(key) + " of " + what_ + " must be a number from " + range +
                           ", not " + in_quotes(text));
        return std::nullopt;
    }
    return number;
}

void YamlMap::read(std::string_view key, double& into, double min, double max) {
    if (const auto value = number(key, min, max)) into = *value;
}

void YamlMap::read(std::string_view key, std::optional<double>& into, double min, double max) {
    if (const auto value = number(key, min, max)) into = *value;
}

void YamlMap::read(std::string_view key, std::chrono::milliseconds& into,
                   std::chrono::milliseconds min, std::chrono::milliseconds max) {
    if (const auto value = integer(key, min.count(), max.count())) {
        into = std::chrono::milliseconds(*value);
    }
}

std::vector<YamlNode> YamlMap::list(std::string_view key, std::size_t items_max) {
    const YamlNode* value = find(key);
    if (!value) return {};
    if (value->kind() != Kind::list) {
        refuse(*value, in_quotes(key) + " of " + what_ + " must be a list");
        return {};
    }
    if (value->items().size() > items_max) {
        refuse(*value, in_quotes(key) + " of " + what_ + " has more than " +
                           std::to_string(items_max) + " items");
        return {};
    }
    return value->items();
}

void YamlMap::read(std::string_view key, std::vector<std::string>& into, std::size_t items_max,
                   std::size_t bytes_max) {
    if (!find(key)) return;
    std::vector<std::string> texts;
    for (const YamlNode& item : list(key, items_max)) {
        if (item.kind() != Kind::scalar) {
            return refuse(item,
                          "each item of " + in_quotes(key) + " of " + what_ + " must be text");
        }
        if (item.text().size() > bytes_max) {
            return refuse(item, "an item of " + in_quotes(key) + " of " + what_ +
                                    " is longer than " + std::to_string(bytes_max) + " bytes");
        }
        texts.push_back(item.text());
    }
    into = std::move(texts);
}

void YamlMap::read_choice(std::string_view key, std::size_t& into,
                          const std::vector<std::string>& choices) {
    std::string all;
    for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
    const YamlNode* value = scalar(key, "one of " + all);
    if (!value) return;
    const auto at = std::find(choices.begin(), choices.end(), value->text());
    if (at == choices.end()) {
        return refuse(*value, in_quotes(key) + " of " + what_ + " must be one of " + all +
                                  ", not " + in_quotes(value->text()) +
                                  did_you_mean(value->text(), choices));
    }
    into = static_cast<std::size_t>(at - choices.begin());
}

YamlMap YamlMap::map(std::string_view key, std::string what) {
    const YamlNode* value = find(key);
    return YamlMap(value ? *value : YamlNode(), std::move(what));
}

YamlNode YamlMap::any(std::string_view key) {
    const YamlNode* value = find(key);
    return value ? *value : YamlNode();
}

void YamlMap::refuse(const YamlNode& at, std::string_view what) {
    if (!problem_) problem_ = at.error(what);
}

void YamlMap::take(const Result<void>& outcome) {
    if (!outcome && !problem_) problem_ = outcome.error();
}

Result<void> YamlMap::finish() const {
    if (node_.kind() == Kind::map) {
        for (const auto& [name, value] : node_.entries()) {
            if (std::find(known_.begin(), known_.end(), name.text()) != known_.end()) continue;
            return tl::unexpected<Error>(name.error("unknown key " + in_quotes(name.text()) +
                                                    " in " + what_ +
                                                    did_you_mean(name.text(), known_)));
        }
    }
    if (problem_) return tl::unexpected<Error>(*problem_);
    return {};
}

}  // namespace emostage::config
