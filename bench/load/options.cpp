#include "bench/load/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "core/codec/codec.hpp"

namespace emostage::load {

namespace {

std::string check_id(const std::string& text) {
    return codec::is_id(text) ? "" : "must be 1 to 64 of A-Z a-z 0-9 . _ : -";
}

const std::map<std::string, FarEnd> far_ends = {
    {"rehearsal", FarEnd::rehearsal}, {"numbered", FarEnd::numbered}, {"unknown", FarEnd::unknown}};

}  // namespace

Result<Options> read_options(std::vector<std::string> arguments) {
    Options options;
    std::int64_t deadline_ms = 0;
    CLI::App app("A gateway that loads EmoStage, and measures.", "emostage-bench");
    app.set_version_flag("--version", "emostage-bench " EMOSTAGE_VERSION);
    app.add_flag("--peer", options.peer,
                 "be the client of a comparison: what to do comes in the variable LOAD");
    app.add_option("--commands", options.connection.commands, "the broker's commands endpoint")
        ->capture_default_str();
    app.add_option("--events", options.connection.events, "the broker's events endpoint")
        ->capture_default_str();
    app.add_option("--pipeline", options.connection.pipeline, "default: the broker's")
        ->check(CLI::Validator(check_id, "ID"));
    app.add_option("--deadline-ms", deadline_ms, "of each turn (default: the broker's)")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{24} * 3600 * 1000));
    app.add_option("--far-end", options.far_end,
                   "who answers, for the count of tokens: rehearsal, numbered (` w000`, ` w001` …, "
                   "filled up), unknown (a delta counts as one)")
        ->transform(CLI::CheckedTransformer(far_ends));
    app.add_option("--token-bytes", options.token_bytes, "of a numbered far end")
        ->check(CLI::Range(ReplyScript::numbered_bytes_min, std::size_t{64}))
        ->capture_default_str();

    std::ranges::reverse(arguments);  // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        options.text = app.help();
        return options;
    } catch (const CLI::CallForVersion&) {
        options.text = app.version() + "\n";
        return options;
    } catch (const CLI::ParseError& error) {
        return fail(Errc::config, error.what());
    }
    if (deadline_ms > 0) options.connection.deadline = milliseconds(deadline_ms);
    return options;
}

}  // namespace emostage::load
