#include <sodium.h>

#include <array>

#include "core/codec/codec.hpp"
#include "gateway/http/api/turn_request.hpp"

namespace emostage::http {

namespace {

// A scope has no colon (schemas/HTTP.md, "Keys"), so its end is never in doubt.
std::string scoped(std::string_view scope, std::string_view name) {
    if (scope.empty()) return std::string(name);
    return std::string(scope).append(":").append(name);
}

constexpr std::size_t hash_bytes = 16;  // of SHA-256

std::string hash_of(std::string_view name) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash;
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(name.data()),
                       name.size());
    std::array<char, 2 * hash_bytes + 1> digits;
    sodium_bin2hex(digits.data(), digits.size(), hash.data(), hash_bytes);
    return digits.data();
}

}  // namespace

ApiResult<std::string> scoped_turn(std::string_view scope, std::string_view id) {
    if (id.size() > client_id_bytes_max || !codec::is_id(id)) {
        return tl::unexpected(invalid("invalid_value", "a turn's id must be 1 to " +
                                                           std::to_string(client_id_bytes_max) +
                                                           " of A-Z a-z 0-9 . _ : -"));
    }
    return scoped(scope, id);
}

std::string_view client_turn(std::string_view scope, std::string_view turn) {
    const bool ours = !scope.empty() && turn.size() > scope.size() && turn.starts_with(scope) &&
                      turn[scope.size()] == ':';
    if (ours) turn.remove_prefix(scope.size() + 1);
    return turn;
}

std::string session_id(std::string_view scope, std::string_view name) {
    std::string id = scoped(scope, name);
    return codec::is_id(name) && codec::is_id(id) ? id : scoped(scope, hash_of(name));
}

}  // namespace emostage::http
