// The keys of one program, each declared once: its place in the YAML file, its flag, its
// environment variable, its bounds and what it is for. Flag before environment before file before
// default.
//
//     Settings settings("emostage-broker", "Accepts turns and …");
//     settings.time("leases.lease_ms", options.core.lease, 1s, 1h, "how long a worker …");
//     const auto request = settings.load(arguments, environment);
//
// The key `leases.lease_ms` is `lease_ms:` in the map `leases:` of the file, `--leases-lease-ms`
// and `EMOSTAGE_LEASES_LEASE_MS`. A variable that is empty counts as not set. Besides, every
// program has
// `--config FILE`, `--check-config`, `--version` and `--help`. Errors are Errc::config and begin
// with where the value came from.
//
// Used once, at start; the targets outlive it and keep their value where nothing is said.
#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/config/yaml_reader.hpp"
#include "core/result.hpp"

namespace CLI {
class App;
}

namespace emostage::config {

// Nothing: not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_environment(const std::string& name);

// What the command line asks for: to run, only to check, or only to be shown `text`.
struct Request {
    enum class Kind : std::uint8_t { run, check, show };
    Kind kind = Kind::run;
    std::string text;
};

class Settings {
public:
    static constexpr std::size_t value_bytes_max = 4096;  // of one flag, variable or scalar
    static constexpr std::size_t repeats_max = 64;        // of one repeatable flag

    // An Error's message says what is wrong with the text; where it came from is put before it.
    using Set = std::function<Result<void>(std::string_view text)>;
    using ReadPart = std::function<Result<void>(const YamlNode& node)>;

    Settings(std::string program, std::string about);

    // Keys appear in `--help` under the title of the last group().
    void group(std::string title);

    // A key of any kind. `is` is its default as help shows it; a `variable` other than the one that
    // follows from the key may be named.
    void value(std::string key, std::string is, std::string help, Set set,
               std::string variable = {});

    void text(std::string key, std::string& into, std::string help, Set check = {},
              std::string variable = {});
    void time(std::string key, milliseconds& into, milliseconds min, milliseconds max,
              std::string help);
    template <std::unsigned_integral T>
    void number(std::string key, T& into, std::type_identity_t<T> min, std::type_identity_t<T> max,
                std::string help) {
        value(std::move(key), std::to_string(into), std::move(help), [&into, min, max](auto text) {
            return whole_number(text, min, max).map([&into](std::uint64_t number) {
                into = static_cast<T>(number);
            });
        });
    }

    // What only the file can say: a list or map of its own, under a key of the outermost map.
    void part(std::string key, ReadPart read);
    // What only the command line can say, as often as wanted.
    void repeated(std::string flag, std::vector<std::string>& into, std::string help);
    // The same, once.
    void once(std::string flag, std::string& into, std::string help);

    Result<Request> load(const std::vector<std::string>& arguments, const Environment& environment);

    // `broker.yaml:14`, `EMOSTAGE_…` or `--…`: where the key's value came from; empty: its default.
    const std::string& origin(std::string_view key) const;
    std::vector<std::string> keys() const;  // as the file knows them, parts included

    static std::string flag_of(std::string_view key);
    static std::string variable_of(std::string_view key);
    // In decimal digits alone.
    static Result<std::uint64_t> whole_number(std::string_view text, std::uint64_t min,
                                              std::uint64_t max);

private:
    struct Entry {
        std::string key, variable, group, is, help, origin;
        Set set;
        std::string argument;  // the flag's value
        bool has_argument = false;
    };
    struct Part {
        std::string key;
        ReadPart read;
    };
    struct Repeated {
        std::string flag, group, help;
        std::vector<std::string>* into;
    };

    struct Once {
        std::string flag, group, help;
        std::string* into;
    };

    Result<Request> parse(const std::vector<std::string>& arguments, std::string& file);
    Result<void> refuse_extras(const CLI::App& app) const;
    Result<void> load_file(const std::string& path);
    Result<void> set(Entry& entry, const std::string& text, std::string origin);

    std::string program_, about_, group_;
    std::deque<Entry> entries_;
    std::deque<Part> parts_;
    std::deque<Repeated> repeated_;
    std::deque<Once> once_;
};

}  // namespace emostage::config
