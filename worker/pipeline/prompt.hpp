// A prompt: mustache, compiled once. https://mustache.github.io/mustache.5.html
//
// Values are never HTML-escaped and never rendered again, so what a client writes stays text.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "schemas/command.hpp"

namespace emostage::worker {

class Prompt {
public:
    // Errc::config with file and line where the mustache is wrong.
    static Result<Prompt> compile(const std::string& file, std::string text);

    // `values`: an object; strings, numbers, booleans, lists, objects. Thread-safe.
    std::string render(const nlohmann::json& values) const;

    // Names that the template refers to, for checking them at start; dotted as written.
    const std::vector<std::string>& names() const { return names_; }

private:
    struct Compiled;
    std::shared_ptr<Compiled> compiled_;
    std::vector<std::string> names_;
};

// The dialogue as the user message's first part: one line an utterance, the newest last, inside
// marks; oldest dropped beyond the window. Line breaks and the marks inside an utterance are made
// harmless, so that nobody can speak in the other's name.
std::string render_transcript(const std::vector<wire::Utterance>& history, std::string_view text,
                              std::string_view client_name, std::string_view counsellor_name,
                              std::size_t utterances_max, std::size_t bytes_max);

}  // namespace emostage::worker
