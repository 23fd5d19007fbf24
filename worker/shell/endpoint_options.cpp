#include "worker/shell/endpoint_options.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "core/codec/codec.hpp"

namespace emostage::worker {
namespace {

constexpr std::size_t url_bytes_max = 1024;
constexpr std::size_t model_bytes_max = 256;

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_host(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    if (host.front() == '[') {
        return host.size() > 2 && host.back() == ']' &&
               host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
    }
    return std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    });
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    return failure == std::errc() && end == text.data() + text.size() && port != 0;
}

// Where the port's colon is in an authority; npos: there is none.
std::size_t port_colon(std::string_view authority) {
    const auto colon = authority.rfind(':');
    const auto bracket = authority.rfind(']');
    if (colon == std::string_view::npos) return colon;
    return bracket != std::string_view::npos && colon < bracket ? std::string_view::npos : colon;
}

Result<std::string> key_from_environment(const std::string& variable,
                                         const config::Environment& environment) {
    const auto key = environment(variable);
    if (!key || key->empty()) {
        return fail(Errc::config, "key_env: the environment has no " + variable);
    }
    if (!is_key(*key)) {
        return fail(Errc::config, "key_env: " + variable +
                                      " does not hold a key (printable ASCII "
                                      "without spaces, at most " +
                                      std::to_string(key_bytes_max) + " bytes)");
    }
    return *key;
}

Result<std::string> key_from_file(const std::string& path) {
    auto text = config::read_text_file(path, key_bytes_max + 2);
    if (!text) return fail(Errc::config, "key_file: " + text.error().message);
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    if (!is_key(*text)) {
        return fail(Errc::config, "key_file: " + path +
                                      " does not hold one line with a key (printable ASCII without "
                                      "spaces, at most " +
                                      std::to_string(key_bytes_max) + " bytes)");
    }
    return *text;
}

Result<llm::Capabilities> read_capabilities(const std::vector<std::string>& names) {
    llm::Capabilities capabilities;
    for (const std::string& name : names) {
        if (name == "json_schema") {
            capabilities.json_schema = true;
        } else if (name == "json_object") {
            capabilities.json_object = true;
        } else if (name == "grammar") {
            capabilities.grammar = true;
        } else if (name.starts_with("continue")) {
            return fail(Errc::config,
                        "that a server continues answers is said beside the capabilities, with the "
                        "way in which it is asked: continues: vllm, or continues: prefill");
        } else {
            return fail(Errc::config,
                        "capabilities are json_schema, json_object and grammar, not \"" +
                            name.substr(0, 64) + "\"");
        }
    }
    return capabilities;
}

Result<llm::Continues> read_continues(const std::string& way) {
    if (way == "no") return llm::Continues::no;
    if (way == "vllm") return llm::Continues::vllm;
    if (way == "prefill") return llm::Continues::prefill;
    return fail(Errc::config,
                "continues is vllm (continue_final_message), prefill (a last assistant message is "
                "enough) or no, not \"" +
                    way.substr(0, 64) + "\"");
}

Result<llm::EndpointConfig> read_endpoint(const config::YamlNode& item, const std::string& model,
                                          const config::Environment& environment) {
    config::YamlMap map(item, "an endpoint");
    if (map.has("key")) {
        map.refuse(map.any("key"),
                   "a key is never written here: name a variable (key_env) or a file (key_file)");
    }
    llm::EndpointConfig endpoint;
    std::string url, key_env, key_file, continues = "no";
    std::vector<std::string> capabilities;
    endpoint.model = model;
    map.need("url");
    map.read("url", url, url_bytes_max);
    map.read("name", endpoint.name, wire::id_bytes_max);
    map.read("model", endpoint.model, model_bytes_max);
    map.read("key_env", key_env);
    map.read("key_file", key_file);
    map.read("capabilities", capabilities, 16, 64);
    map.read("continues", continues);
    map.read("calls_max", endpoint.calls_max, 1, calls_max);
    if (auto read = map.finish(); !read) return tl::unexpected(read.error());

    const auto refuse = [&](std::string_view key, const std::string& what) {
        const config::YamlNode at = map.has(key) ? map.any(key) : item;
        return tl::unexpected(at.error(what));
    };
    const auto checked = endpoint_url(url);
    if (!checked) return refuse("url", checked.error().message);
    endpoint.url = *checked;
    if (map.has("name") && !codec::is_id(endpoint.name)) {
        return refuse("name", "name must be 1 to 64 of A-Z a-z 0-9 . _ : -");
    }
    if (endpoint.model.empty()) return refuse("model", "model must not be empty");
    const auto known = read_capabilities(capabilities);
    if (!known) return refuse("capabilities", known.error().message);
    endpoint.capabilities = *known;
    const auto way = read_continues(continues);
    if (!way) return refuse("continues", way.error().message);
    endpoint.capabilities.continues = *way;
    if (map.has("key_env") && map.has("key_file")) {
        return refuse("key_file", "either key_env or key_file, not both");
    }
    if (map.has("key_env") || map.has("key_file")) {
        const auto key = map.has("key_env") ? key_from_environment(key_env, environment)
                                            : key_from_file(key_file);
        if (!key) return refuse(map.has("key_env") ? "key_env" : "key_file", key.error().message);
        endpoint.key = *key;
    }
    return endpoint;
}

}  // namespace

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= key_bytes_max && is_plain(text);
}

Result<std::string> endpoint_url(std::string_view text) {
    const auto wrong = [](const std::string& what) {
        return fail(Errc::config, what + ": an endpoint is http://HOST:PORT/v1 or https://…");
    };
    if (text.size() > url_bytes_max) return wrong("the URL is too long");
    if (!is_plain(text)) return wrong("the URL has spaces or characters that are not ASCII");
    const std::size_t scheme = text.starts_with("http://")    ? 7
                               : text.starts_with("https://") ? 8
                                                              : 0;
    if (scheme == 0) return wrong("the URL does not begin with http:// or https://");
    const std::string_view rest = text.substr(scheme);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.find('@') != std::string_view::npos) {
        return wrong("the URL holds a name or password, which belongs into key_env or key_file");
    }
    if (rest.find_first_of("?#") != std::string_view::npos) {
        return wrong("the URL has a query or fragment");
    }
    const auto colon = port_colon(authority);
    if (!is_host(authority.substr(0, colon))) return wrong("the URL has no host");
    if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) {
        return wrong("the URL's port is not a number from 1 to 65535");
    }
    std::string url(text);
    while (url.ends_with('/')) url.pop_back();
    return url.size() == scheme + authority.size() ? url + "/v1" : url;
}

std::string endpoint_name(std::string_view url) {
    const bool https = url.starts_with("https://");
    const std::string_view rest = url.substr(https ? 8 : 7);
    std::string name(rest.substr(0, rest.find('/')));
    if (port_colon(name) == std::string::npos) name += https ? ":443" : ":80";
    return name;
}

Result<llm::EndpointConfig> plain_endpoint(std::string_view url, const std::string& model,
                                           const std::string& key) {
    return endpoint_url(url).map([&](const std::string& checked) {
        llm::EndpointConfig endpoint;
        endpoint.url = checked;
        endpoint.model = model;
        endpoint.key = key;
        return endpoint;
    });
}

Result<std::vector<llm::EndpointConfig>> read_endpoints(const config::YamlNode& node,
                                                        const std::string& model,
                                                        const config::Environment& environment) {
    if (node.kind() != config::YamlNode::Kind::list || node.items().empty() ||
        node.items().size() > endpoints_max) {
        return tl::unexpected(node.error("\"endpoints\" must be a list of 1 to " +
                                         std::to_string(endpoints_max) + " model servers"));
    }
    std::vector<llm::EndpointConfig> endpoints;
    for (const config::YamlNode& item : node.items()) {
        auto endpoint = read_endpoint(item, model, environment);
        if (!endpoint) return tl::unexpected(endpoint.error());
        const auto same_name = [&](const llm::EndpointConfig& other) {
            return !endpoint->name.empty() && other.name == endpoint->name;
        };
        if (std::any_of(endpoints.begin(), endpoints.end(), same_name)) {
            return tl::unexpected(item.error("two endpoints are named \"" + endpoint->name + "\""));
        }
        endpoints.push_back(std::move(*endpoint));
    }
    return endpoints;
}

void make_names_unique(std::vector<llm::EndpointConfig>& endpoints) {
    const auto taken = [&](const std::string& name) {
        return std::any_of(endpoints.begin(), endpoints.end(),
                           [&](const auto& other) { return other.name == name; });
    };
    for (llm::EndpointConfig& endpoint : endpoints) {
        if (!endpoint.name.empty()) continue;
        const std::string name = endpoint_name(endpoint.url);
        std::string unique = name;
        for (int number = 2; taken(unique); ++number) unique = name + "#" + std::to_string(number);
        endpoint.name = unique;
    }
}

}  // namespace emostage::worker
