// A prompt: mustache, compiled once. https://mustache.github.io/mustache.5.html
//
// Rendered for each call of each turn, so that it walks the values as they are: a general library
// copied them first, and took half of a worker's instructions at saturation.
// Values are never HTML-escaped and never rendered again, so what a client writes stays text. Of
// mustache: variables, sections, inverted sections, comments. Partials, other delimiters and the
// unescaped forms are refused: nothing needs them here.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "schemas/command.hpp"

namespace emostage::worker {

inline constexpr std::size_t prompt_file_bytes_max = 32 * 1024;
inline constexpr std::size_t prompt_bytes_max = 128 * 1024;  // rendered; more is cut
inline constexpr std::size_t prompt_sections_max = 6;        // inside one another

class Prompt {
public:
    // A name that the template refers to; `inside`: the sections around it, outermost first.
    struct Reference {
        std::string name;  // dotted as written; "." for the item of a list
        std::vector<std::string> inside;
        int line = 0;
    };

    // Errc::config with file and line where the mustache is wrong.
    static Result<Prompt> compile(const std::string& file, std::string text);

    // `values`: an object; strings, numbers, booleans, lists, objects. Empty strings, lists and
    // objects, false and null count as absent in sections. A line with a section's tag alone leaves
    // no line, empty lines in a row become one, none is at the ends. Thread-safe.
    std::string render(const nlohmann::json& values) const;

    // For checking them at start, as written.
    const std::vector<Reference>& references() const { return references_; }

private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
    std::vector<Reference> references_;
};

// Of a dotted name; "." is its own part.
std::vector<std::string> parts_of(std::string_view name);

// The dialogue as the user message's first part, the same bytes for every stage of a turn:
//
//     <dialogue>
//     Client: …
//     Counsellor: …
//     </dialogue>
//
// One line an utterance, the newest last; oldest dropped beyond the window, in steps of a quarter
// of it, so that the beginning (and an engine's cache of it) lasts for several turns; a line `…`
// stands for what was dropped. The newest text is always there; longer than `bytes_max`, its middle
// is cut. What people wrote cannot leave its line, write a mark or speak in the other's name: line
// breaks become " / ", the brackets < > [ ] full-width ones, a colon after a speaker's name a dash;
// controls and invisible characters are dropped.
std::string render_transcript(const std::vector<wire::Utterance>& history, std::string_view text,
                              std::string_view client_name, std::string_view counsellor_name,
                              std::size_t utterances_max, std::size_t bytes_max);

// The whole user message: transcript, the line `[stage:NAME]`, the stage's rendered instruction.
std::string render_user_message(std::string_view transcript, std::string_view stage,
                                std::string_view instruction);

}  // namespace emostage::worker
