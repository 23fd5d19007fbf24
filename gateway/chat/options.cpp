#include "gateway/chat/options.hpp"

#include <CLI/CLI.hpp>

#include "core/codec/codec.hpp"

namespace emostage::chat {

namespace {

std::string check_id(const std::string& text) {
    return codec::is_id(text) ? "" : "must be 1 to 64 of A-Z a-z 0-9 . _ : -";
}

}  // namespace

Parsed parse_options(int argc, const char* const* argv) {
    Options options;
    std::int64_t deadline_ms = 0;
    std::int64_t patience_ms = options.patience.count();
    CLI::App app{
        "Chat with EmoStage in the terminal. With piped input: one turn a line, in order, exit "
        "code 0\n"
        "only if every turn completed."};
    app.set_version_flag("--version", EMOSTAGE_VERSION);
    app.add_option("--session", options.session, "go on with this session (default: a new one)")
        ->check(CLI::Validator(check_id, "ID"));
    app.add_option("--locale", options.locale,
                   "language of replies and of this program: ja, zh, en (default: replies by the "
                   "text, this program by LANG)");
    app.add_option("--pipeline", options.pipeline, "default: the broker's")
        ->check(CLI::Validator(check_id, "ID"));
    app.add_option("--commands", options.commands, "the broker's commands endpoint")
        ->capture_default_str();
    app.add_option("--events", options.events, "the broker's events endpoint")
        ->capture_default_str();
    app.add_option("--gateway", options.gateway,
                   "this gateway's name, one of its own for each running instance")
        ->check(CLI::Validator(check_id, "ID"));
    app.add_option("--deadline-ms", deadline_ms,
                   "longest time for one turn (default: the broker's)")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{24} * 3600 * 1000));
    app.add_option("--patience-ms", patience_ms,
                   "piped input: how long to wait for a broker that does not answer")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{24} * 3600 * 1000))
        ->capture_default_str();
    app.add_flag("--json", options.json, "print every event as a line of JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return {std::nullopt, app.exit(error) == 0 ? 0 : exit_usage};
    }
    if (deadline_ms > 0) options.deadline = std::chrono::milliseconds(deadline_ms);
    options.patience = std::chrono::milliseconds(patience_ms);
    return {options, 0};
}

}  // namespace emostage::chat
