// YAML files that people write, read with the line of every problem.
//
// Everything is `Result`: no yaml-cpp type or exception is seen outside. Refused: aliases and merge
// keys (so no bombs), doubled keys, several documents, text that is not UTF-8, and whatever exceeds
// YamlLimits. Messages are `file:line: what; did you mean "x"?`, code Errc::config.
// Nodes are immutable handles and cheap to copy; any thread.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace emostage::config {

struct YamlLimits {
    std::size_t bytes_max = 256 * 1024;
    std::size_t nodes_max = 16 * 1024;  // scalars, lists and maps, keys included
    std::size_t depth_max = 16;
};

inline constexpr std::size_t yaml_text_bytes_max =
    4 * 1024;                                       // of one string, unless said otherwise
inline constexpr std::size_t yaml_items_max = 256;  // of one list, unless said otherwise

class YamlNode {
public:
    enum class Kind : std::uint8_t { empty, scalar, list, map };

    YamlNode() = default;  // empty, of no file

    Kind kind() const;
    int line() const;  // from 1; 0: of no file
    const std::string& file() const;
    const std::string& text() const;  // of a scalar
    bool quoted() const;              // a scalar that was written with quotes or as a block
    const std::vector<YamlNode>& items() const;                         // of a list
    const std::vector<std::pair<YamlNode, YamlNode>>& entries() const;  // of a map, as written

    // `file:line: what`
    Error error(std::string_view what) const;

    struct Data;
    explicit YamlNode(std::shared_ptr<const Data> data);

private:
    std::shared_ptr<const Data> data_;
};

inline tl::unexpected<Error> refused(const YamlNode& at, std::string_view what) {
    return tl::unexpected<Error>(at.error(what));
}

// `file` is for messages only. An empty document is an empty node.
Result<YamlNode> parse_yaml(const std::string& file, const std::string& text,
                            const YamlLimits& limits = {});
Result<YamlNode> read_yaml_file(const std::string& path, const YamlLimits& limits = {});

// The whole file, or Errc::config naming it: not there, not a plain file, larger than `bytes_max`,
// not UTF-8, control characters. A byte order mark at its start is dropped.
Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

// Reads one map key by key and finds what is left over.
//
//     YamlMap map(node, "stage \"phase\"");
//     map.need("prompt");
//     map.read("prompt", prompt);                       // absent: `prompt` keeps its value
//     map.read("max_tokens", stage.max_tokens, 1, 4096);
//     if (auto ok = map.finish(); !ok) return ok;
//
// The first problem is kept and later reads go on; nothing is thrown. An empty node is a map
// without keys. `what` names the map in messages. Targets keep their value where something is
// wrong.
class YamlMap {
public:
    YamlMap(YamlNode node, std::string what);

    bool has(std::string_view key) const;
    const YamlNode& node() const { return node_; }

    // The key must be there (and not empty).
    void need(std::string_view key);

    void read(std::string_view key, std::string& into, std::size_t bytes_max = yaml_text_bytes_max);
    void read(std::string_view key, bool& into);
    void read(std::string_view key, double& into, double min, double max);
    void read(std::string_view key, std::optional<double>& into, double min, double max);
    // Whole milliseconds; the key's name ends in `_ms`.
    void read(std::string_view key, std::chrono::milliseconds& into, std::chrono::milliseconds min,
              std::chrono::milliseconds max);
    void read(std::string_view key, std::vector<std::string>& into,
              std::size_t items_max = yaml_items_max, std::size_t bytes_max = yaml_text_bytes_max);
    template <std::integral T>
    requires(!std::same_as<T, bool>) void read(std::string_view key, T& into,
                                               std::type_identity_t<T> min,
                                               std::type_identity_t<T> max) {
        if (const auto value = integer(key, clamp(min), clamp(max))) into = static_cast<T>(*value);
    }
    // One of a closed set of words: `into` becomes the index of the word.
    void read_choice(std::string_view key, std::size_t& into,
                     const std::vector<std::string>& choices);

    // Parts that the caller reads on: a map under `key`, the items of a list, or any node.
    YamlMap map(std::string_view key, std::string what);  // absent: without keys
    std::vector<YamlNode> list(std::string_view key, std::size_t items_max = yaml_items_max);
    YamlNode any(std::string_view key);  // absent: an empty node

    // Adds a problem of the caller's own, at a node's line.
    void refuse(const YamlNode& at, std::string_view what);
    // Takes over the outcome of a part that was read by another reader.
    void take(const Result<void>& outcome);

    // The first problem: an unknown key before all else (it explains a missing one best).
    Result<void> finish() const;

private:
    template <std::integral T>
    static std::int64_t clamp(T value) {
        constexpr auto most = std::numeric_limits<std::int64_t>::max();
        return std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value) : most;
    }
    const YamlNode* find(std::string_view key);  // makes the key a known one
    const YamlNode* scalar(std::string_view key, std::string_view wanted);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
    std::optional<double> number(std::string_view key, double min, double max);

    YamlNode node_;
    std::string what_;
    std::vector<std::string> known_;
    std::optional<Error> problem_;
};

}  // namespace emostage::config
