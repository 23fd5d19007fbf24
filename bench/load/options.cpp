#include "bench/load/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "bench/rehearsal/arguments.hpp"
#include "core/codec/codec.hpp"

namespace emostage::load {

namespace {

constexpr std::int64_t day_ms = std::int64_t{24} * 3600 * 1000;
constexpr std::int64_t pace_ms_max = 60'000;
constexpr std::size_t workers_most = 64;
constexpr std::size_t label_bytes_max = 60;

const std::map<std::string, FarEnd> far_ends = {
    {"rehearsal", FarEnd::rehearsal}, {"numbered", FarEnd::numbered}, {"unknown", FarEnd::unknown}};
const std::map<std::string, Rhythm> rhythms = {{"poisson", Rhythm::poisson},
                                               {"people", Rhythm::people}};

std::string check_id(const std::string& text) {
    return codec::is_id(text) ? "" : "must be 1 to 64 of A-Z a-z 0-9 . _ : -";
}

std::string check_label(const std::string& text) {
    const bool plain = std::ranges::all_of(
        text, [](unsigned char c) { return std::isalnum(c) != 0 || c == ' ' || c == '-'; });
    return plain && !text.empty() && text.size() <= label_bytes_max
               ? ""
               : "must be 1 to 60 letters, digits, blanks and hyphens";
}

// Numbers as CLI11 reads them; what belongs together is put together afterwards.
struct Raw {
    std::vector<double> closed, open;
    double idle = 0;
    std::int64_t deadline_ms = 0, ttft_ms = 0, itl_ms = 0;
    bool memory = false;
};

void declare_work(CLI::App& app, Options& options, Raw& raw) {
    auto* const closed =
        app.add_option("--closed", raw.closed, "turns in flight: a list, 1,64,512 (default: 64)");
    const CLI::Range turns(1.0, static_cast<double>(in_flight_max));
    closed->delimiter(',')->type_name("N,…")->check(turns);
    auto* const open = app.add_option("--open", raw.open, "turns per second: a list, 100,200,400");
    const CLI::Range rates(Arrivals::per_second_min, Arrivals::per_second_max);
    open->delimiter(',')->type_name("N,…")->check(rates);
    auto* const idle = app.add_option("--idle", raw.idle, "nothing, for so many seconds");
    idle->check(CLI::Range(1.0, Options::seconds_max));
    closed->excludes(open)->excludes(idle);
    open->excludes(idle);
    app.add_option("--rhythm", options.rhythm, "of --open: poisson, or people (log-normal gaps)")
        ->transform(CLI::CheckedTransformer(rhythms).description(""));
    app.add_option("--seconds", options.seconds, "at full load, for each of the list")
        ->check(CLI::Range(0.1, Options::seconds_max))
        ->capture_default_str();
    app.add_option("--cancel", options.cancel_percent,
                   "percent of the turns are cancelled while they stream")
        ->check(CLI::Range(0.0, 100.0));
    app.add_option("--deadline-ms", raw.deadline_ms, "of each turn (default: the broker's)")
        ->check(CLI::Range(std::int64_t{1}, day_ms));
    app.add_option("--pipeline", options.connection.pipeline, "default: the broker's")
        ->check(CLI::Validator(check_id, "ID"));
    app.add_option("--seed", options.system.seed, "of arrivals, replies and cancels")
        ->capture_default_str();
}

void declare_system(CLI::App& app, Options& options, Raw& raw) {
    app.add_flag("--memory", raw.memory, "the broker keeps nothing on disk")->group("System");
    const auto number = [&](const char* flag, auto& into, auto least, auto most, const char* what) {
        app.add_option(flag, into, what)
            ->check(CLI::Range(least, most))
            ->capture_default_str()
            ->group("System");
    };
    number("--ttft-ms", raw.ttft_ms, std::int64_t{0}, pace_ms_max,
           "the model's time to the first token");
    number("--itl-ms", raw.itl_ms, std::int64_t{0}, pace_ms_max, "between two tokens");
    number("--tokens", options.system.pace.reply_tokens, std::uint64_t{1}, std::uint64_t{16'384},
           "of each reply");
    number("--json-tokens", options.system.pace.analysis_tokens, std::uint64_t{1},
           std::uint64_t{16'384}, "of the longest analysis");
    number("--workers", options.system.workers, std::size_t{1}, workers_most,
           "processes, more where the turns need them");
    number("--slots", options.slots, std::size_t{1}, in_flight_max,
           "of --open: turns that the workers run at once");
    app.add_option("--broker-flag", options.system.broker_flags, "a further flag of the broker")
        ->allow_extra_args(false)
        ->group("System");
    app.add_option("--worker-flag", options.system.worker_flags, "a further flag of the workers")
        ->allow_extra_args(false)
        ->group("System");
    app.add_option("--programs", options.system.programs, "directory of the programs to start")
        ->capture_default_str()
        ->group("System");
    app.add_option("--pipelines", options.system.pipelines, "directory of the workers' pipelines")
        ->capture_default_str()
        ->group("System");
    auto* const commands = app.add_option("--commands", options.connection.commands,
                                          "of a broker that runs; nothing is started");
    auto* const events = app.add_option("--events", options.connection.events, "of that broker");
    commands->group("System")->needs(events);
    events->group("System")->needs(commands);
    app.add_option("--far-end", options.far_end,
                   "who answers there, for the count of tokens: rehearsal; numbered (`w000`, "
                   "` w001` …, filled up); unknown (a delta counts as one)")
        ->transform(CLI::CheckedTransformer(far_ends).description(""))
        ->group("System");
    app.add_option("--token-bytes", options.token_bytes, "of a numbered far end")
        ->check(CLI::Range(ReplyScript::numbered_bytes_min, std::size_t{64}))
        ->capture_default_str()
        ->group("System");
}

void declare_output(CLI::App& app, Options& options) {
    app.add_option("--label", options.label, "rows of one label make a table and plots")
        ->check(CLI::Validator(check_label, "LABEL"))
        ->capture_default_str()
        ->group("Output");
    app.add_option("--commit", options.commit, "is written into each row")->group("Output");
    app.add_option("--out", options.out, "append a line of JSON for each load to this file")
        ->group("Output");
    app.add_option("--plots", options.plots, "directory for SVG plots")->group("Output");
    app.add_option("--report", options.report,
                   "measure nothing: tables and plots of these files of JSON lines")
        ->group("Output");
    app.add_flag("--peer", options.peer,
                 "be the client of a comparison: what to do comes in the variable LOAD")
        ->group("Output");
}

Result<void> put_together(Options& options, const Raw& raw) {
    options.system.journal = !raw.memory;
    options.system.pace.first_token = milliseconds(raw.ttft_ms);
    options.system.pace.between_tokens = milliseconds(raw.itl_ms);
    if (raw.deadline_ms > 0) options.connection.deadline = milliseconds(raw.deadline_ms);
    if (!raw.closed.empty()) options.loads = raw.closed;
    if (!raw.open.empty()) {
        options.mode = Mode::open;
        options.loads = raw.open;
    }
    if (raw.idle > 0) {
        options.mode = Mode::idle;
        options.loads = {0};
        options.seconds = raw.idle;
    }
    if (options.loads.size() > Options::loads_max) {
        return fail(Errc::config, "at most " + std::to_string(Options::loads_max) + " loads");
    }
    if (options.mode == Mode::idle && !options.start) {
        return fail(Errc::config, "--idle needs a system that was started here");
    }
    if (options.cancel_percent > 0 && !options.start) {
        return fail(Errc::config, "--cancel needs a model server that was started here");
    }
    return {};
}

}  // namespace

std::string_view name(Mode mode) {
    return mode == Mode::closed ? "closed" : mode == Mode::open ? "open" : "idle";
}

Result<Options> read_options(std::vector<std::string> arguments,
                             const std::filesystem::path& home) {
    Options options;
    options.system.programs = home;
    options.system.pipelines = home.parent_path().parent_path() / "schemas" / "pipelines";
    options.command = "emostage-bench";
    for (const auto& argument : arguments) options.command += " " + argument;
    Raw raw;
    raw.ttft_ms = options.system.pace.first_token.count();
    raw.itl_ms = options.system.pace.between_tokens.count();

    CLI::App app(
        "A gateway that loads EmoStage, and measures. It starts a rehearsal server, a broker and "
        "workers\nfor each load of the list, verifies every reply, and prints a table.",
        "emostage-bench");
    app.set_version_flag("--version", "emostage-bench " EMOSTAGE_VERSION);
    declare_work(app, options, raw);
    declare_system(app, options, raw);
    declare_output(app, options);

    auto text = parse_arguments(app, std::move(arguments));
    if (!text) return tl::unexpected(text.error());
    options.text = std::move(*text);
    if (!options.text.empty()) return options;
    options.start = app.count("--commands") == 0;
    if (auto whole = put_together(options, raw); !whole) return tl::unexpected(whole.error());
    return options;
}

}  // namespace emostage::load
