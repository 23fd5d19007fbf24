#include "worker/pipeline/prompt.hpp"

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>

#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

namespace mustache = kainjow::mustache;

mustache::data to_data(const nlohmann::json& value, std::size_t depth) {
    if (depth == 0) return mustache::data(false);
    switch (value.type()) {
        case nlohmann::json::value_t::object: {
            if (value.empty()) return mustache::data(false);
            mustache::data out{mustache::data::type::object};
            for (const auto& [key, inner] : value.items()) out.set(key, to_data(inner, depth - 1));
            return out;
        }
        case nlohmann::json::value_t::array: {
            mustache::data out{mustache::data::type::list};
            for (const auto& inner : value) out.push_back(to_data(inner, depth - 1));
            return out;
        }
        case nlohmann::json::value_t::string: {
            const auto& text = value.get_ref<const std::string&>();
            return text.empty() ? mustache::data(false) : mustache::data(text);
        }
        case nlohmann::json::value_t::boolean:
            return mustache::data(value.get<bool>());
        case nlohmann::json::value_t::number_integer:
        case nlohmann::json::value_t::number_unsigned:
        case nlohmann::json::value_t::number_float:
            return mustache::data(value.dump());
        default:
            return mustache::data(false);
    }
}

bool is_name(std::string_view text) {
    if (text == ".") return true;
    bool begins = true;
    for (const char c : text) {
        const bool letter =
            (c >= 'a' && c <= 'z') || (!begins && ((c >= '0' && c <= '9') || c == '_'));
        if (c == '.' ? begins : !letter) return false;
        begins = c == '.';
    }
    return !text.empty() && !begins;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// Ends each line that the template has, so that the library takes none for an empty one: of lines
// with a section's tag alone it drops the wrong ones. No prompt file has this character.
constexpr char line_mark = '\x1e';

bool is_section_tag(std::string_view line) {
    if (!line.starts_with("{{") || !line.ends_with("}}") || line.size() < 5) return false;
    const std::string_view inner = line.substr(2, line.size() - 4);
    return std::string_view("#^/!").find(inner.front()) != inner.npos &&
           inner.find("}}") == inner.npos;
}

// Lines with nothing but a section's tag or a comment leave no line, as the mustache manual says.
std::string mark_lines(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        const bool alone = is_section_tag(trimmed(line));
        out += alone ? trimmed(line) : line;
        if (end == text.npos) break;
        if (!alone) out.append(1, line_mark).append("\n");
        text.remove_prefix(end + 1);
    }
    return out;
}

struct Full {};  // the rendered prompt has reached its limit

// Takes the rendered pieces: at most one empty line in a row, none at the beginning.
class Page {
public:
    void add(const std::string& piece) {
        for (const char c : piece) {
            if (c == line_mark || c == '\r') continue;
            const bool empty_lines = c == '\n' && (out_.empty() || out_.ends_with("\n\n"));
            if (!empty_lines) out_ += c;
        }
        if (out_.size() > prompt_bytes_max) throw Full{};
    }

    std::string take() && {
        out_.resize(cut_bytes(out_, prompt_bytes_max).size());
        while (out_.ends_with('\n')) out_.pop_back();
        return std::move(out_);
    }

private:
    std::string out_;
};

// Finds the tags before the library does, so that each mistake has its line.
class TagReader {
public:
    TagReader(const std::string& file, std::string_view text) : file_(file), text_(text) {}

    Result<std::vector<Prompt::Reference>> read() {
        for (std::size_t at = text_.find("{{"); at != text_.npos; at = text_.find("{{", at)) {
            count_lines(at);
            const std::size_t end = text_.find("}}", at + 2);
            if (end == text_.npos) return refused("a tag is not closed by }}");
            if (auto ok = tag(trimmed(text_.substr(at + 2, end - at - 2))); !ok) {
                return tl::unexpected<Error>(ok.error());
            }
            at = end + 2;
        }
        if (!open_.empty()) {
            line_ = open_.back().line;
            return refused("the section \"" + open_.back().name + "\" is not closed");
        }
        return std::move(references_);
    }

private:
    struct Section {
        std::string name;
        int line = 0;
        bool inverted = false;
    };

    tl::unexpected<Error> refused(const std::string& what) const {
        return fail(Errc::config, file_ + ":" + std::to_string(line_) + ": " + what);
    }

    void count_lines(std::size_t to) {
        line_ +=
            static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                        text_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
        counted_ = to;
    }

    Result<void> tag(std::string_view inner) {
        if (inner.empty()) return refused("an empty tag");
        const char kind = inner.front();
        if (kind == '!') return {};
        if (kind == '>') return refused("partials are not allowed");
        if (kind == '=') return refused("other delimiters are not allowed");
        if (kind == '{' || kind == '&') return refused("nothing is escaped: write {{name}}");
        const bool plain = kind != '#' && kind != '^' && kind != '/';
        const std::string name(plain ? inner : trimmed(inner.substr(1)));
        if (!is_name(name)) {
            return refused("a name is made of a-z, 0-9 and _, its parts joined by dots");
        }
        if (kind == '/') return close(name);
        refer(name);
        return plain ? Result<void>{} : open(name, kind == '^');
    }

    void refer(const std::string& name) {
        Prompt::Reference reference{name, {}, line_};
        for (const Section& section : open_) {
            if (!section.inverted) reference.inside.push_back(section.name);
        }
        references_.push_back(std::move(reference));
    }

    Result<void> open(const std::string& name, bool inverted) {
        if (open_.size() == prompt_sections_max) {
            return refused("sections are nested deeper than " +
                           std::to_string(prompt_sections_max));
        }
        for (const Section& section : open_) {
            if (section.name != name) continue;
            return refused("the section \"" + name + "\" is inside itself, opened on line " +
                           std::to_string(section.line));
        }
        open_.push_back({name, line_, inverted});
        return {};
    }

    Result<void> close(const std::string& name) {
        if (open_.empty())
            return refused("the section \"" + name + "\" is closed but was not opened");
        if (open_.back().name != name) {
            return refused("the section \"" + name + "\" is closed, but \"" + open_.back().name +
                           "\" of line " + std::to_string(open_.back().line) + " is open");
        }
        open_.pop_back();
        return {};
    }

    const std::string& file_;
    std::string_view text_;
    std::size_t counted_ = 0;
    int line_ = 1;
    std::vector<Section> open_;
    std::vector<Prompt::Reference> references_;
};

}  // namespace

// The library's render() is not const but changes only its error message, and only where a lambda
// or a partial fails: there is neither here, so many threads may render at once.
struct Prompt::Compiled {
    explicit Compiled(const std::string& text) : tree(text) {
        tree.set_custom_escape([](const std::string& value) { return value; });
    }
    mutable mustache::mustache tree;
};

Result<Prompt> Prompt::compile(const std::string& file, std::string text) {
    if (text.size() > prompt_file_bytes_max) {
        return fail(Errc::config,
                    file + ": larger than " + std::to_string(prompt_file_bytes_max) + " bytes");
    }
    auto references = TagReader(file, text).read();
    if (!references) return tl::unexpected<Error>(references.error());
    try {
        Prompt prompt;
        prompt.compiled_ = std::make_shared<Compiled>(mark_lines(text));
        if (!prompt.compiled_->tree.is_valid()) return fail(Errc::config, file + ": not mustache");
        prompt.references_ = std::move(*references);
        return prompt;
    } catch (const std::exception&) {
        return fail(Errc::config, file + ": not mustache");
    }
}

std::string Prompt::render(const nlohmann::json& values) const {
    if (!compiled_) return {};
    Page page;
    try {
        compiled_->tree.render(to_data(values, prompt_values_depth_max),
                               [&](const std::string& piece) { page.add(piece); });
    } catch (const Full&) {
        // cut below
    }
    return std::move(page).take();
}

}  // namespace emostage::worker
