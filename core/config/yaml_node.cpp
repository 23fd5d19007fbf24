#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <simdjson.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/config/nearest.hpp"
#include "core/config/yaml_reader.hpp"

namespace emostage::config {

struct YamlNode::Data {
    Kind kind = Kind::empty;
    int line = 0;
    bool quoted = false;
    std::shared_ptr<const std::string> file;
    std::string text;
    std::vector<YamlNode> items;
    std::vector<std::pair<YamlNode, YamlNode>> entries;
};

namespace {

const YamlNode::Data& none() {
    static const YamlNode::Data data{};
    return data;
}

std::string at(std::string_view file, int line, std::string_view what) {
    return std::string(file) + ":" + std::to_string(line) + ": " + std::string(what);
}

// yaml-cpp's events become our tree. Problems leave by this exception, which parse_yaml() catches.
struct Refused {
    int line;
    std::string what;
};

class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const std::string& file, const YamlLimits& limits)
        : file_(std::make_shared<const std::string>(file)), limits_(limits) {
        auto empty = std::make_shared<YamlNode::Data>();
        empty->line = 1;
        empty->file = file_;
        root_ = YamlNode(std::move(empty));
    }

    YamlNode root() const { return root_; }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        add(std::make_shared<YamlNode::Data>(fresh(mark, YamlNode::Kind::empty)));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw Refused{mark.line + 1, "aliases are not allowed; write the value out"};
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        auto data = std::make_shared<YamlNode::Data>(fresh(mark, YamlNode::Kind::scalar));
        data->quoted = tag != "?";
        data->text = value;
        if (!data->quoted && (value.empty() || value == "~" || value == "null")) {
            data->kind = YamlNode::Kind::empty;
        }
        add(std::move(data));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open(mark, YamlNode::Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        open(mark, YamlNode::Kind::map);
    }
    void OnMapEnd() override { close(); }

private:
    struct Level {
        std::shared_ptr<YamlNode::Data> data;
        std::optional<YamlNode> key;  // of a map, while its value is awaited
    };

    YamlNode::Data fresh(const YAML::Mark& mark, YamlNode::Kind kind) {
        if (++nodes_ > limits_.nodes_max) {
            throw Refused{mark.line + 1,
                          "more than " + std::to_string(limits_.nodes_max) + " values"};
        }
        YamlNode::Data data;
        data.kind = kind;
        data.line = mark.line + 1;
        data.file = file_;
        return data;
    }
    void open(const YAML::Mark& mark, YamlNode::Kind kind) {
        if (levels_.size() >= limits_.depth_max) {
            throw Refused{mark.line + 1, "lists and maps are nested deeper than " +
                                             std::to_string(limits_.depth_max)};
        }
        levels_.push_back({std::make_shared<YamlNode::Data>(fresh(mark, kind)), {}});
    }
    void close() {
        auto data = std::move(levels_.back().data);
        levels_.pop_back();
        add(std::move(data));
    }
    void add(std::shared_ptr<YamlNode::Data> data) {
        // yaml-cpp marks a missing value at what comes next; people look for it at its key.
        if (data->kind == YamlNode::Kind::empty && !levels_.empty() && levels_.back().key) {
            data->line = levels_.back().key->line();
        }
        const YamlNode node{std::shared_ptr<const YamlNode::Data>(std::move(data))};
        if (levels_.empty()) {
            root_ = node;
            return;
        }
        Level& level = levels_.back();
        if (level.data->kind == YamlNode::Kind::list) {
            level.data->items.push_back(node);
        } else if (level.key) {
            level.data->entries.emplace_back(*level.key, node);
            level.key.reset();
        } else {
            check_key(node, *level.data);
            level.key = node;
        }
    }
    static void check_key(const YamlNode& key, const YamlNode::Data& map) {
        if (key.kind() != YamlNode::Kind::scalar) throw Refused{key.line(), "a key must be a word"};
        for (const auto& [name, value] : map.entries) {
            if (name.text() != key.text()) continue;
            throw Refused{key.line(), in_quotes(key.text()) + " is here twice: first on line " +
                                          std::to_string(name.line())};
        }
    }

    std::shared_ptr<const std::string> file_;
    const YamlLimits& limits_;
    std::vector<Level> levels_;
    std::size_t nodes_ = 0;
    YamlNode root_;
};

Result<std::string> checked_text(const std::string& file, std::string text, std::size_t bytes_max) {
    if (text.size() > bytes_max) {
        return fail(Errc::config, file + ": larger than " + std::to_string(bytes_max) + " bytes");
    }
    if (!simdjson::validate_utf8(text)) return fail(Errc::config, file + ": not UTF-8");
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
    int line = 1;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') ++line;
        if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f) {
            return fail(Errc::config, at(file, line, "a control character"));
        }
    }
    return text;
}

}  // namespace

YamlNode::YamlNode(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

YamlNode::Kind YamlNode::kind() const { return data_ ? data_->kind : Kind::empty; }
int YamlNode::line() const { return data_ ? data_->line : 0; }
bool YamlNode::quoted() const { return data_ && data_->quoted; }
const std::string& YamlNode::text() const { return (data_ ? *data_ : none()).text; }
const std::vector<YamlNode>& YamlNode::items() const { return (data_ ? *data_ : none()).items; }
const std::vector<std::pair<YamlNode, YamlNode>>& YamlNode::entries() const {
    return (data_ ? *data_ : none()).entries;
}
const std::string& YamlNode::file() const {
    static const std::string nowhere;
    return data_ && data_->file ? *data_->file : nowhere;
}

Error YamlNode::error(std::string_view what) const {
    if (!data_ || !data_->file) return {Errc::config, std::string(what)};
    return {Errc::config, at(*data_->file, data_->line, what)};
}

Result<YamlNode> parse_yaml(const std::string& file, const std::string& text,
                            const YamlLimits& limits) {
    auto checked = checked_text(file, text, limits.bytes_max);
    if (!checked) return tl::unexpected<Error>(checked.error());
    TreeBuilder builder(file, limits);
    try {
        std::istringstream in(*checked);
        YAML::Parser parser(in);
        if (!parser.HandleNextDocument(builder)) return builder.root();
        const YamlNode root = builder.root();
        if (parser.HandleNextDocument(builder)) {
            return fail(Errc::config, at(file, builder.root().line(), "a second document"));
        }
        return root;
    } catch (const Refused& refused) {
        return fail(Errc::config, at(file, refused.line, refused.what));
    } catch (const YAML::Exception& bad) {
        return fail(Errc::config, at(file, bad.mark.line + 1, "not YAML: " + bad.msg));
    } catch (const std::exception&) {
        return fail(Errc::config, file + ": not YAML");
    }
}

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
    std::error_code failure;
    const auto status = std::filesystem::status(path, failure);
    if (failure || !std::filesystem::is_regular_file(status)) {
        const bool missing = status.type() == std::filesystem::file_type::not_found;
        return fail(Errc::config, path + (missing ? ": no such file" : ": not a readable file"));
    }
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(Errc::config, path + ": cannot be read: " + std::strerror(errno));
    std::string text(bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return fail(Errc::config, path + ": cannot be read");
    text.resize(static_cast<std::size_t>(in.gcount()));
    return checked_text(path, std::move(text), bytes_max);
}

Result<YamlNode> read_yaml_file(const std::string& path, const YamlLimits& limits) {
    auto text = read_text_file(path, limits.bytes_max);
    if (!text) return tl::unexpected<Error>(text.error());
    return parse_yaml(path, *text, limits);
}

}  // namespace emostage::config
