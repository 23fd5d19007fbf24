#include "worker/pipeline/prompt.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

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

bool is_section_tag(std::string_view line) {
    if (!line.starts_with("{{") || !line.ends_with("}}") || line.size() < 5) return false;
    const std::string_view inner = line.substr(2, line.size() - 4);
    return std::string_view("#^/!").find(inner.front()) != inner.npos &&
           inner.find("}}") == inner.npos;
}

// Lines with nothing but a section's tag or a comment leave no line, as the mustache manual says.
std::string without_tag_lines(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        const bool alone = is_section_tag(trimmed(line));
        out += alone ? trimmed(line) : line;
        if (end == text.npos) break;
        if (!alone) out += '\n';
        text.remove_prefix(end + 1);
    }
    return out;
}

// Takes the rendered pieces: at most one empty line in a row, none at the beginning.
class Page {
public:
    void add(std::string_view piece) {
        while (!piece.empty()) {
            const std::size_t end = std::min(piece.find('\n'), piece.size());
            out_ += piece.substr(0, end);
            if (end == piece.size()) return;
            if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
            piece.remove_prefix(end + 1);
        }
    }

    void add_value(const nlohmann::json& value) {
        if (value.is_number()) return add(std::string_view(value.dump()));
        if (!value.is_string()) return;
        std::string_view text = value.get_ref<const std::string&>();
        for (std::size_t cr = text.find('\r'); cr != text.npos; cr = text.find('\r')) {
            add(text.substr(0, cr));
            text.remove_prefix(cr + 1);
        }
        add(text);
    }

    bool full() const { return out_.size() > prompt_bytes_max; }

    std::string take() && {
        out_.resize(cut_bytes(out_, prompt_bytes_max).size());
        while (out_.ends_with('\n')) out_.pop_back();
        return std::move(out_);
    }

private:
    std::string out_;
};

// Checks the tags: each mistake has its line.
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

using Path = std::vector<std::string>;  // empty: the item of a list

Path path_of(std::string_view name) { return name == "." ? Path() : parts_of(name); }

bool counts(const nlohmann::json* value) {
    if (value == nullptr || value->is_null()) return false;
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_string()) return !value->get_ref<const std::string&>().empty();
    return value->is_number() || !value->empty();
}

// The values that a name is looked up in, innermost last.
using Scopes = std::vector<const nlohmann::json*>;

const nlohmann::json* find(const Scopes& scopes, const Path& path) {
    if (path.empty()) return scopes.back();
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
        const nlohmann::json* value = *scope;
        for (const std::string& part : path) {
            if (!value->is_object()) {
                value = nullptr;
                break;
            }
            const auto found = value->find(part);
            value = found == value->end() ? nullptr : &*found;
            if (value == nullptr) break;
        }
        if (value != nullptr) return value;
    }
    return nullptr;
}

}  // namespace

// The template as a list; what is inside a section follows it, up to its end.
struct Prompt::Compiled {
    enum class Kind : std::uint8_t { text, value, section, inverted };

    struct Node {
        Kind kind;
        std::string text;
        Path path;            // of all but text
        std::size_t end = 0;  // of a section: the index of what follows it
    };

    // Requires: TagReader has found nothing wrong.
    explicit Compiled(std::string_view text);

    // False: the page is full.
    bool write(std::size_t begin, std::size_t end, Scopes& scopes, Page& page) const;
    bool write_section(std::size_t index, Scopes& scopes, Page& page) const;

    std::vector<Node> nodes;
};

Prompt::Compiled::Compiled(std::string_view text) {
    std::vector<std::size_t> open;
    while (!text.empty()) {
        const std::size_t at = std::min(text.find("{{"), text.size());
        if (at > 0) nodes.push_back({Kind::text, std::string(text.substr(0, at)), {}});
        if (at == text.size()) break;
        const std::size_t end = text.find("}}", at + 2);
        const std::string_view inner = trimmed(text.substr(at + 2, end - at - 2));
        text.remove_prefix(end + 2);
        const char kind = inner.front();
        if (kind == '!') continue;
        if (kind == '/') {
            nodes[open.back()].end = nodes.size();
            open.pop_back();
        } else if (kind == '#' || kind == '^') {
            open.push_back(nodes.size());
            nodes.push_back({kind == '#' ? Kind::section : Kind::inverted,
                             {},
                             path_of(trimmed(inner.substr(1)))});
        } else {
            nodes.push_back({Kind::value, {}, path_of(inner)});
        }
    }
}

bool Prompt::Compiled::write(std::size_t begin, std::size_t end, Scopes& scopes, Page& page) const {
    for (std::size_t i = begin; i < end;) {
        const Node& node = nodes[i];
        switch (node.kind) {
            case Kind::text:
                page.add(node.text);
                ++i;
                break;
            case Kind::value:
                if (const auto* value = find(scopes, node.path)) page.add_value(*value);
                ++i;
                break;
            case Kind::section:
                if (!write_section(i, scopes, page)) return false;
                i = node.end;
                break;
            case Kind::inverted:
                // What is inside comes next.
                i = counts(find(scopes, node.path)) ? node.end : i + 1;
                break;
        }
        if (page.full()) return false;
    }
    return true;
}

bool Prompt::Compiled::write_section(std::size_t index, Scopes& scopes, Page& page) const {
    const Node& node = nodes[index];
    const auto* value = find(scopes, node.path);
    if (!counts(value)) return true;
    const auto write_in = [&](const nlohmann::json& scope) {
        scopes.push_back(&scope);
        const bool fits = write(index + 1, node.end, scopes, page);
        scopes.pop_back();
        return fits;
    };
    if (!value->is_array()) return write_in(*value);
    return std::all_of(value->begin(), value->end(), write_in);
}

std::vector<std::string> parts_of(std::string_view name) {
    if (name == ".") return {std::string(name)};
    std::vector<std::string> parts;
    for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.')) {
        parts.emplace_back(name.substr(0, dot));
        name.remove_prefix(dot + 1);
    }
    parts.emplace_back(name);
    return parts;
}

Result<Prompt> Prompt::compile(const std::string& file, std::string text) {
    if (text.size() > prompt_file_bytes_max) {
        return fail(Errc::config,
                    file + ": larger than " + std::to_string(prompt_file_bytes_max) + " bytes");
    }
    auto references = TagReader(file, text).read();
    if (!references) return tl::unexpected<Error>(references.error());
    Prompt prompt;
    std::erase(text, '\r');
    prompt.compiled_ = std::make_shared<const Compiled>(without_tag_lines(text));
    prompt.references_ = std::move(*references);
    return prompt;
}

std::string Prompt::render(const nlohmann::json& values) const {
    if (!compiled_) return {};
    Page page;
    Scopes scopes{&values};
    compiled_->write(0, compiled_->nodes.size(), scopes, page);
    return std::move(page).take();
}

}  // namespace emostage::worker
