#include "worker/shell/worker_options.hpp"

#include "core/admin/admin_setting.hpp"
#include "core/codec/codec.hpp"
#include "core/config/address.hpp"
#include "core/config/log_settings.hpp"
#include "core/config/plain_text.hpp"
#include "schemas/limits.hpp"
#include "worker/shell/endpoint_options.hpp"

namespace emostage::worker {
namespace {

using std::chrono::hours;

constexpr std::size_t help_lines_bytes_max = 1024;  // of one language
constexpr std::uint32_t slots_most = 4096;
constexpr std::uint32_t shards_most = 64;

// Where endpoints and models are named, before it is known which of them count.
struct Sources {
    std::string model = "default";  // llama.cpp and LM Studio take it for whatever is loaded
    std::vector<std::string> flags;
    std::string url;  // EMOSTAGE_LLM_URL
    config::YamlNode list;
    bool listed = false;
};

Result<void> check_id(std::string_view text) {
    if (codec::is_id(text)) return {};
    return fail(Errc::config, "must be 1 to 64 of A-Z a-z 0-9 . _ : -");
}

void declare(config::Settings& settings, WorkerOptions& into, Sources& sources) {
    settings.group("Worker");
    settings.text("broker", into.broker, "the broker's endpoint for workers",
                  [](std::string_view text) {
                      return config::check_zmq_endpoint(text, config::EndpointUse::connect);
                  });
    settings.text("pipelines", into.pipelines, "directory of the pipelines");
    settings.value("name", "host name and process id", "as gateways see this worker",
                   [&into](std::string_view text) {
                       return check_id(text).map([&into, text] { into.name = text; });
                   });
    settings.number("slots", into.slots, 1, slots_most, "turns at once, all shards together");
    settings.number("shards", into.shards, 1, shards_most, "loops, each with a thread of its own");
    settings.time("drain_ms", into.drain, milliseconds(0), hours(1),
                  "how long running turns may finish after SIGTERM");
    // A variable of its own: the broker's would make both want one port.
    admin::add_address(settings, into.admin, "; port 0: a free one, which the broker lists",
                       "EMOSTAGE_WORKER_ADMIN");

    settings.group("Model servers");
    settings.repeated(
        "--endpoint", sources.flags,
        "URL of an OpenAI-compatible server, up to and with /v1; in place of those of "
        "the file [EMOSTAGE_LLM_URL]");
    settings.text(
        "model", sources.model, "model of the endpoints that name none",
        [](std::string_view text) {
            return text.empty() ? fail(Errc::config, "must not be empty")
                                : config::check_text(text, 256, false);
        },
        "EMOSTAGE_LLM_MODEL");
    settings.part("endpoints", [&sources](const config::YamlNode& node) -> Result<void> {
        sources.list = node;
        sources.listed = true;
        return {};
    });

    llm::HedgeSettings& hedge = into.hedge;
    settings.group("Hedging: a second endpoint for replies that are slow to begin");
    settings.number("hedge.after_percentile", hedge.after_percentile, 0, 99,
                    "after so many percent of the newest replies had begun; 0: never");
    settings.number("hedge.extra_calls_max_percent", hedge.extra_calls_max_percent, 1, 100,
                    "of the replies, at most");
    settings.time("hedge.min_delay_ms", hedge.min_delay, milliseconds(1), milliseconds(60'000),
                  "never sooner than this");
    settings.group("Help lines: the operator's text for people in danger");
    for (const Language language : {Language::ja, Language::zh, Language::en}) {
        const std::string tag(name(language));
        settings.value(
            "help_lines." + tag, "", "in the language " + tag,
            [&into, language](std::string_view text) {
                return config::check_text(text, help_lines_bytes_max, true).map([&, text] {
                    if (text.empty()) {
                        into.help_lines.erase(language);
                    } else {
                        into.help_lines[language] = text;
                    }
                });
            });
    }
    settings.group("Log");
    config::add_log(settings, into.log);
}

// `--endpoint`s, or the one of the environment.
Result<void> add_plain(const std::vector<std::string>& urls, const std::string& origin,
                       const Sources& sources, const config::Environment& environment,
                       WorkerOptions& into) {
    const std::string key = environment("EMOSTAGE_LLM_KEY").value_or("");
    if (!key.empty() && urls.size() > 1) {
        return fail(Errc::config,
                    "EMOSTAGE_LLM_KEY is set, but there are " + std::to_string(urls.size()) +
                        " endpoints and a key is not sent to all: list them in a file, "
                        "with key_env where it belongs");
    }
    if (!key.empty() && !is_key(key)) {
        return fail(Errc::config,
                    "EMOSTAGE_LLM_KEY does not hold a key (printable ASCII without spaces)");
    }
    for (const std::string& url : urls) {
        auto endpoint = plain_endpoint(url, sources.model, key);
        if (!endpoint) return fail(Errc::config, origin + ": " + endpoint.error().message);
        into.endpoints.push_back(std::move(*endpoint));
    }
    return {};
}

Result<void> add_endpoints(const Sources& sources, const config::Environment& environment,
                           WorkerOptions& into) {
    into.endpoints.clear();
    Result<void> outcome;
    if (!sources.flags.empty()) {
        outcome = add_plain(sources.flags, "--endpoint", sources, environment, into);
    } else if (!sources.url.empty()) {
        outcome = add_plain({sources.url}, "EMOSTAGE_LLM_URL", sources, environment, into);
    } else if (sources.listed) {
        outcome = read_endpoints(sources.list, sources.model, environment)
                      .map([&into](std::vector<llm::EndpointConfig> listed) {
                          into.endpoints = std::move(listed);
                      });
    }
    if (!outcome) return outcome;
    if (into.endpoints.empty()) {
        return fail(
            Errc::config,
            "no model server: give --endpoint URL, set EMOSTAGE_LLM_URL, or list `endpoints:` "
            "in the file of --config");
    }
    make_names_unique(into.endpoints);
    return {};
}

}  // namespace

std::string default_worker_name(const std::string& host, int process) {
    const std::string number = "-" + std::to_string(process);
    std::string name = host.substr(0, wire::id_bytes_max - number.size());
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !codec::is_id(std::string_view(&c, 1)); },
        '-');
    return (name.empty() ? "worker" : name) + number;
}

Result<config::Request> load_worker_options(const std::vector<std::string>& arguments,
                                            const config::Environment& environment,
                                            const std::string& host, int process,
                                            WorkerOptions& into) {
    into.log.program = "emostage-worker";
    into.name = default_worker_name(host, process);
    Sources sources;
    config::Settings settings(
        "emostage-worker",
        "Runs the turns that a broker leases to it, on OpenAI-compatible model servers.");
    declare(settings, into, sources);
    auto request = settings.load(arguments, environment);
    if (!request || request->kind == config::Request::Kind::show) return request;
    sources.url = environment("EMOSTAGE_LLM_URL").value_or("");
    if (auto added = add_endpoints(sources, environment, into); !added) {
        return tl::unexpected(added.error());
    }
    if (into.shards > into.slots) {
        return fail(Errc::config,
                    "shards (" + std::to_string(into.shards) + ") must not be more than slots (" +
                        std::to_string(into.slots) + "): each shard runs at least one turn");
    }
    return request;
}

}  // namespace emostage::worker
