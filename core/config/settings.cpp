#include "core/config/settings.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdlib>

#include "core/config/nearest.hpp"

namespace emostage::config {
namespace {

// "queue.turns_max" → "queue", "turns_max"; "commands" → "", "commands"
std::pair<std::string, std::string> split(const std::string& key) {
    const auto dot = key.find('.');
    if (dot == std::string::npos) return {"", key};
    return {key.substr(0, dot), key.substr(dot + 1)};
}

std::string help_of(const std::string& help, const std::string& variable, const std::string& is) {
    return help + " [" + variable + "]" + (is.empty() ? "" : " (default: " + is + ")");
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

Settings::Settings(std::string program, std::string about)
    : program_(std::move(program)), about_(std::move(about)), group_("Settings") {}

void Settings::group(std::string title) { group_ = std::move(title); }

void Settings::value(std::string key, std::string is, std::string help, Set set,
                     std::string variable) {
    assert(std::count(key.begin(), key.end(), '.') <= 1);
    Entry entry;
    entry.variable = variable.empty() ? variable_of(key) : std::move(variable);
    entry.key = std::move(key);
    entry.group = group_;
    entry.is = std::move(is);
    entry.help = std::move(help);
    entry.set = std::move(set);
    entries_.push_back(std::move(entry));
}

void Settings::text(std::string key, std::string& into, std::string help, Set check,
                    std::string variable) {
    const auto set = [&into, check = std::move(check)](std::string_view text) -> Result<void> {
        if (check) {
            if (auto fine = check(text); !fine) return fine;
        }
        into = text;
        return {};
    };
    value(std::move(key), into, std::move(help), set, std::move(variable));
}

void Settings::time(std::string key, milliseconds& into, milliseconds min, milliseconds max,
                    std::string help) {
    value(std::move(key), std::to_string(into.count()), std::move(help),
          [&into, min, max](std::string_view text) {
              return whole_number(text, static_cast<std::uint64_t>(min.count()),
                                  static_cast<std::uint64_t>(max.count()))
                  .map([&into](std::uint64_t number) {
                      into = milliseconds(static_cast<milliseconds::rep>(number));
                  });
          });
}

void Settings::part(std::string key, ReadPart read) {
    parts_.push_back({std::move(key), std::move(read)});
}

void Settings::repeated(std::string flag, std::vector<std::string>& into, std::string help) {
    repeated_.push_back({std::move(flag), group_, std::move(help), &into});
}

void Settings::once(std::string flag, std::string& into, std::string help) {
    once_.push_back({std::move(flag), group_, std::move(help), &into});
}

Result<Request> Settings::load(const std::vector<std::string>& arguments,
                               const Environment& environment) {
    std::string file;
    const auto request = parse(arguments, file);
    if (!request || request->kind == Request::Kind::show) return request;
    if (!file.empty()) {
        if (auto loaded = load_file(file); !loaded) return tl::unexpected(loaded.error());
    }
    for (Entry& entry : entries_) {
        const auto variable = environment(entry.variable);
        if (!variable || variable->empty()) continue;
        if (auto fine = set(entry, *variable, entry.variable); !fine) {
            return tl::unexpected(fine.error());
        }
    }
    for (Entry& entry : entries_) {
        if (!entry.has_argument) continue;
        if (auto fine = set(entry, entry.argument, flag_of(entry.key)); !fine) {
            return tl::unexpected(fine.error());
        }
    }
    return request;
}

Result<Request> Settings::parse(const std::vector<std::string>& arguments, std::string& file) {
    CLI::App app(about_, program_);
    app.allow_extras();
    app.set_help_flag("-h,--help", "show this and exit");
    app.set_version_flag("--version", program_ + " " + EMOSTAGE_VERSION,
                         "show the version and exit");
    bool check_only = false;
    app.add_option("--config", file, "YAML file with any of the keys below")->option_text("FILE");
    app.add_flag("--check-config", check_only, "check the configuration and exit");
    std::vector<std::pair<Entry*, CLI::Option*>> flags;
    for (Entry& entry : entries_) {
        CLI::Option* option = app.add_option(flag_of(entry.key), entry.argument,
                                             help_of(entry.help, entry.variable, entry.is));
        option->option_text("VALUE")->group(entry.group)->expected(1);
        flags.emplace_back(&entry, option);
    }
    for (const Repeated& repeated : repeated_) {
        app.add_option(repeated.flag, *repeated.into, repeated.help + " (repeatable)")
            ->option_text("VALUE")
            ->group(repeated.group)
            ->expected(1, static_cast<int>(repeats_max))
            ->allow_extra_args(false);
    }
    for (const Once& once : once_) {
        app.add_option(once.flag, *once.into, once.help)
            ->option_text("VALUE")
            ->group(once.group)
            ->expected(1);
    }
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        return Request{Request::Kind::show, app.help()};
    } catch (const CLI::CallForVersion&) {
        return Request{Request::Kind::show, program_ + " " + EMOSTAGE_VERSION + "\n"};
    } catch (const CLI::ParseError& error) {
        return fail(Errc::config, std::string(error.what()) + "; see --help");
    }
    if (auto known = refuse_extras(app); !known) return tl::unexpected(known.error());
    for (const auto& [entry, option] : flags) entry->has_argument = option->count() > 0;
    return Request{check_only ? Request::Kind::check : Request::Kind::run, {}};
}

Result<void> Settings::refuse_extras(const CLI::App& app) const {
    const std::vector<std::string> extras = app.remaining();
    if (extras.empty()) return {};
    const std::string extra = extras.front().substr(0, extras.front().find('='));
    if (!extra.starts_with("-")) {
        return fail(Errc::config, "unexpected argument \"" + extra + "\"; see --help");
    }
    std::vector<std::string> flags{"--config", "--check-config", "--version", "--help"};
    for (const Entry& entry : entries_) flags.push_back(flag_of(entry.key));
    for (const Repeated& repeated : repeated_) flags.push_back(repeated.flag);
    for (const Once& once : once_) flags.push_back(once.flag);
    const std::string meant = did_you_mean(extra, flags);
    return fail(Errc::config,
                "unknown flag \"" + extra + "\"" + (meant.empty() ? "; see --help" : meant));
}

Result<void> Settings::load_file(const std::string& path) {
    const auto root = read_yaml_file(path);
    if (!root) return tl::unexpected(root.error());
    YamlMap outer(*root, "the configuration");
    std::deque<std::pair<std::string, YamlMap>> groups;
    const auto map_of = [&](const std::string& group) -> YamlMap& {
        if (group.empty()) return outer;
        for (auto& [name, map] : groups) {
            if (name == group) return map;
        }
        return groups.emplace_back(group, outer.map(group, "\"" + group + "\"")).second;
    };
    for (Entry& entry : entries_) {
        const auto [group, name] = split(entry.key);
        YamlMap& map = map_of(group);
        const bool there = map.has(name);
        const YamlNode node = map.any(name);
        if (!there) continue;
        if (node.kind() != YamlNode::Kind::scalar) {
            map.refuse(node, entry.key + ": wants one value");
            continue;
        }
        map.take(set(entry, node.text(), path + ":" + std::to_string(node.line())));
    }
    for (const Part& part : parts_) {
        const YamlNode node = outer.any(part.key);
        if (outer.has(part.key)) outer.take(part.read(node));
    }
    // An unknown key explains most about a file: all maps are asked for one before other problems.
    if (auto finished = outer.finish(); !finished) return finished;
    for (const auto& [name, map] : groups) {
        if (auto finished = map.finish(); !finished) return finished;
    }
    return {};
}

Result<void> Settings::set(Entry& entry, const std::string& text, std::string origin) {
    const auto refuse = [&](const std::string& what) {
        // The flag and the variable name the key by themselves.
        const bool named = origin == entry.variable || origin == flag_of(entry.key);
        return fail(Errc::config, origin + ": " + (named ? "" : entry.key + ": ") + what);
    };
    if (text.size() > value_bytes_max) {
        return refuse("longer than " + std::to_string(value_bytes_max) + " bytes");
    }
    if (auto fine = entry.set(text); !fine) return refuse(fine.error().message);
    entry.origin = std::move(origin);
    return {};
}

const std::string& Settings::origin(std::string_view key) const {
    static const std::string none;
    for (const Entry& entry : entries_) {
        if (entry.key == key) return entry.origin;
    }
    return none;
}

std::vector<std::string> Settings::keys() const {
    std::vector<std::string> keys;
    for (const Entry& entry : entries_) keys.push_back(entry.key);
    for (const Part& part : parts_) keys.push_back(part.key);
    return keys;
}

std::string Settings::flag_of(std::string_view key) {
    std::string flag = "--" + std::string(key);
    std::replace_if(
        flag.begin(), flag.end(), [](char c) { return c == '.' || c == '_'; }, '-');
    return flag;
}

std::string Settings::variable_of(std::string_view key) {
    std::string variable = "EMOSTAGE_";
    for (const char c : key) {
        const bool lower = c >= 'a' && c <= 'z';
        variable += c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return variable;
}

Result<std::uint64_t> Settings::whole_number(std::string_view text, std::uint64_t min,
                                             std::uint64_t max) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size() || number < min ||
        number > max) {
        return fail(Errc::config, "must be a whole number from " + std::to_string(min) + " to " +
                                      std::to_string(max) + ", not \"" +
                                      std::string(text.substr(0, 64)) + "\"");
    }
    return number;
}

}  // namespace emostage::config
