#include "bench/rehearsal/command_line.hpp"

#include <CLI/CLI.hpp>
#include <numeric>

#include "bench/rehearsal/arguments.hpp"
#include "core/config/address.hpp"

namespace emostage::rehearsal {
namespace {

constexpr double ms_max = 3'600'000;
constexpr std::size_t connections_most = 1'000'000;

Duration from_ms(double ms) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(ms));
}

}  // namespace

Result<CommandLine> read_command_line(std::vector<std::string> arguments) {
    CommandLine line;
    Options& options = line.options;
    std::string listen = "127.0.0.1:7710", level = "info";
    double ttft = 0, itl = 0;
    std::int64_t retry_after = options.retry_after.count(), stall = options.stall.count(),
                 slow_headers = options.slow_headers.count();

    CLI::App app(
        "A rehearsal: an OpenAI-compatible server with scripted replies in Japanese, Chinese and "
        "English, a pace and faults. No model is behind it. A last message of the assistant is "
        "continued: what follows is the rest of what would have been said.",
        "emostage-rehearsal");
    app.set_version_flag("--version", "emostage-rehearsal " EMOSTAGE_VERSION);
    app.add_option("--listen", listen, "HOST:PORT; port 0: any that is free")
        ->capture_default_str();
    app.add_option("--model", options.model, "the model's name")->capture_default_str();
    app.add_option("--seed", options.seed, "of the replies and the faults")->capture_default_str();
    app.add_option("--ttft-ms", ttft, "time to the first token")->check(CLI::Range(0.0, ms_max));
    app.add_option("--itl-ms", itl, "time between two tokens")->check(CLI::Range(0.0, ms_max));
    app.add_option("--tokens", options.tokens, "of a streamed reply, exactly; 0: its own length")
        ->check(CLI::Range(std::size_t{0}, tokens_max));
    app.add_option("--json-tokens", options.whole_tokens,
                   "how many tokens an answer that is not streamed takes time for")
        ->check(CLI::Range(std::size_t{0}, tokens_max));
    const auto fault = [&](const char* flag, Fault kind, const char* what) {
        app.add_option(flag, options.faults[kind], what)
            ->check(CLI::Range(0.0, 100.0))
            ->group("Faults, in percent of the requests");
    };
    fault("--fault-500", Fault::status_500, "HTTP 500");
    fault("--fault-429", Fault::status_429, "HTTP 429 with Retry-After");
    fault("--fault-cut", Fault::cut, "the connection is closed in mid-answer");
    fault("--fault-unended", Fault::unended, "the stream ends without finish_reason and [DONE]");
    fault("--fault-stall", Fault::stall, "nothing more is sent");
    fault("--fault-malformed", Fault::malformed, "a chunk is broken JSON");
    fault("--fault-split", Fault::split, "chunks come in pieces, cut inside lines and characters");
    fault("--fault-slow-headers", Fault::slow_headers, "the response's head dribbles in");
    app.add_option("--retry-after-s", retry_after, "of HTTP 429")
        ->check(CLI::Range(0, 3600))
        ->capture_default_str();
    app.add_option("--stall-ms", stall, "how long a stall is; 0: for ever")
        ->check(CLI::Range(0, 3'600'000));
    app.add_option("--slow-headers-ms", slow_headers, "how long a slow head takes")
        ->check(CLI::Range(0, 3'600'000))
        ->capture_default_str();
    app.add_option("--fail-stage", options.fail_stage, "faults meet this stage only");
    app.add_option("--garbage-stage", options.garbage_stage, "answer this stage with hostile text");
    app.add_option("--close-log", options.close_log,
                   "append a JSON line to this file when a client closes in mid-answer");
    app.add_option("--connections-max", options.limits.connections_max,
                   "at once; more are told 503")
        ->check(CLI::Range(std::size_t{1}, connections_most))
        ->capture_default_str();
    app.add_option("--log-level", level, "debug, info, warn or error")->capture_default_str();

    auto text = parse_arguments(app, std::move(arguments));
    if (!text) return tl::unexpected(text.error());
    line.text = std::move(*text);
    if (!line.text.empty()) return line;
    const auto address = config::parse_listen_address(listen);
    if (!address) return fail(Errc::config, "--listen: " + address.error().message);
    const auto known = log::level_named(level);
    if (!known) return fail(Errc::config, "--log-level: debug, info, warn or error is meant");
    const auto& percent = options.faults.percent;
    if (std::accumulate(percent.begin(), percent.end(), 0.0) > 100.0) {
        return fail(Errc::config, "the faults add up to more than 100 percent");
    }
    line.log_level = *known;
    options.host = address->host;
    options.port = address->port;
    options.first_token = from_ms(ttft);
    options.between_tokens = from_ms(itl);
    options.retry_after = std::chrono::seconds(retry_after);
    options.stall = milliseconds(stall);
    options.slow_headers = milliseconds(slow_headers);
    return line;
}

}  // namespace emostage::rehearsal
