// What a program says about itself: lines on stderr, as text or as JSON, written by a thread of
// their own so that a slow terminal or a full pipe never holds a loop.
//
//     log::warn("lease lost", {{"turn", turn}, {"attempt", 2}});
//
// What people say must never come here. So events and field names are literals, and a string value
// is written only if it is one short word of printable ASCII (an id, a code, an endpoint, a path);
// of anything else its length is written. A sentence of our own (an Error's message) is marked as
// one.
//
// Any thread. Nothing is written before a Writer lives, nor after.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace emostage::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

std::string_view name(Level level);
std::string_view name(Format format);
std::optional<Level> level_named(std::string_view name);
std::optional<Format> format_named(std::string_view name);

inline constexpr std::size_t fields_max = 24;           // of one line; more are not written
inline constexpr std::size_t word_bytes_max = 256;      // longer: only the length is written
inline constexpr std::size_t sentence_bytes_max = 768;  // longer: cut, and marked with "..."
inline constexpr std::size_t line_bytes_max = 4000;     // fields that no longer fit are not written
inline constexpr std::size_t queue_lines_max = 4096;  // waiting for the writer; the oldest go first
inline constexpr std::chrono::milliseconds stall_max{500};  // a reader slower than this loses lines

// A string that stands in the source text.
struct Literal {
    consteval Literal(const char* literal) : text(literal) {}
    std::string_view text;
};

// Words of our own, never of a client or a model. Control characters are replaced.
struct Sentence {
    std::string_view text;
};

class Value {
public:
    using Variant =
        std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view, Sentence>;

    template <std::signed_integral T>
    Value(T value) : value_(static_cast<std::int64_t>(value)) {}
    template <std::unsigned_integral T>
    Value(T value) : value_(static_cast<std::uint64_t>(value)) {}
    Value(bool value) : value_(value) {}
    Value(double value) : value_(value) {}
    Value(std::string_view word) : value_(word) {}
    Value(const std::string& word) : value_(std::string_view(word)) {}
    Value(const char* word) : value_(std::string_view(word)) {}
    Value(Sentence sentence) : value_(sentence) {}
    // In milliseconds: let the field's name end in `_ms`.
    template <class Rep, class Period>
    Value(std::chrono::duration<Rep, Period> value)
        : value_(static_cast<std::int64_t>(
              std::chrono::duration_cast<std::chrono::milliseconds>(value).count())) {}

    const Variant& get() const { return value_; }

private:
    Variant value_;
};

struct Field {
    Literal name;
    Value value;
};
using Fields = std::initializer_list<Field>;

bool enabled(Level level);
void write(Level level, Literal event, Fields fields);

inline void debug(Literal event, Fields fields = {}) { write(Level::debug, event, fields); }
inline void info(Literal event, Fields fields = {}) { write(Level::info, event, fields); }
inline void warn(Literal event, Fields fields = {}) { write(Level::warn, event, fields); }
inline void error(Literal event, Fields fields = {}) { write(Level::error, event, fields); }

// Lines that were lost since the Writer's start: queue full, or nobody read them.
std::uint64_t lines_lost();

struct Config {
    Level level = Level::info;
    Format format = Format::text;
    std::string program;  // written on every line
    int descriptor = 2;   // not owned
};

// Owned by main, one at a time. The destructor writes what waits, for two stall_max at the longest.
class Writer {
public:
    explicit Writer(Config config);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

private:
    friend bool enabled(Level);
    friend void write(Level, Literal, Fields);
    friend std::uint64_t lines_lost();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::log
