// JSON strings, written and read: the two places where text meets JSON on the hot path.
//
// Pure; one thread.
#pragma once

#include <string>
#include <string_view>

namespace emostage::llm {

// Appends `text` as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD: a model's
// server must never see it (llama.cpp answers such a request with an empty 200).
void append_json_string(std::string& out, std::string_view text);

// Resolves the escapes of JSON strings that follow one another as one text. A surrogate pair may be
// split over two of them; a lone surrogate becomes U+FFFD.
class JsonUnescaper {
public:
    // `raw` is what stands between the quotes. False: a broken escape.
    bool push(std::string_view raw, std::string& out);
    void finish(std::string& out);  // a high surrogate that waited for its other half

    void reset() { high_ = 0; }

private:
    void put_unit(unsigned unit, std::string& out);

    unsigned high_ = 0;  // a high surrogate that waits; 0: none
};

}  // namespace emostage::llm
