// The model servers of a worker, as its configuration names them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/settings.hpp"
#include "core/config/yaml_reader.hpp"
#include "core/llm/endpoint.hpp"
#include "core/result.hpp"

namespace emostage::worker {

inline constexpr std::size_t endpoints_max = 64;
inline constexpr std::size_t key_bytes_max = 4096;
inline constexpr std::size_t calls_max = 100'000;  // of one endpoint at once

// `http://HOST[:PORT][/PATH]` or https, without name and password, query and fragment. An empty
// path becomes /v1, and a slash at the end goes. The message shows nothing of what stands before an
// `@`.
Result<std::string> endpoint_url(std::string_view text);

// `host:port` of a checked URL.
std::string endpoint_name(std::string_view url);

// One endpoint without capabilities.
Result<llm::EndpointConfig> plain_endpoint(std::string_view url, const std::string& model,
                                           const std::string& key);

// The items of `endpoints:`; `model` is for those that name none.
Result<std::vector<llm::EndpointConfig>> read_endpoints(const config::YamlNode& node,
                                                        const std::string& model,
                                                        const config::Environment& environment);

// Default names that occur more than once get `#2`, `#3` … at their end.
void make_names_unique(std::vector<llm::EndpointConfig>& endpoints);

// Printable ASCII without spaces: what may stand in a header.
bool is_key(std::string_view text);

}  // namespace emostage::worker
