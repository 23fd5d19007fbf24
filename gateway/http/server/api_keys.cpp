#include "gateway/http/server/api_keys.hpp"

#include <sodium.h>

#include <algorithm>

#include "core/config/yaml_reader.hpp"
#include "gateway/http/server/request.hpp"

namespace emostage::http {
namespace {

static_assert(crypto_hash_sha256_BYTES == 32);

constexpr std::string_view blank = " \t\r";

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
    const auto word = line.substr(0, line.find_first_of(blank));
    line.remove_prefix(word.size());
    return word;
}

std::string hex(const std::uint8_t* bytes, std::size_t count) {
    std::string text(count * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes, count);
    text.pop_back();
    return text;
}

}  // namespace

bool is_key_name(std::string_view name) {
    return !name.empty() && name.size() <= ApiKeys::name_bytes_max &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
           });
}

std::optional<ApiKeys::Hash> ApiKeys::parse_hash(std::string_view text) {
    Hash hash{};
    std::size_t size = 0;
    const bool whole =
        text.size() == 2 * hash.size() && sodium_hex2bin(hash.data(), hash.size(), text.data(),
                                                         text.size(), nullptr, &size, nullptr) == 0;
    if (!whole || size != hash.size()) return std::nullopt;
    return hash;
}

Result<ApiKeys> ApiKeys::parse(const std::string& file, std::string_view text) {
    ApiKeys keys;
    for (int number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto refuse = [&](const std::string& what) {
            return fail(Errc::config, file + ":" + std::to_string(number) + ": " + what);
        };
        line = line.substr(0, line.find('#'));
        const auto name = take_word(line);
        if (name.empty()) continue;
        // What stands there instead may be a key: it is not repeated.
        if (!is_key_name(name)) return refuse("a name is 1 to 16 of A-Z a-z 0-9 _ -");
        const auto hash = parse_hash(take_word(line));
        if (!hash) return refuse("after the name its key's SHA-256 is wanted, 64 hex digits");
        if (!take_word(line).empty()) return refuse("more than a name and a hash");
        for (const Key& known : keys.keys_) {
            if (known.name == name) return refuse("the name is there twice");
        }
        if (keys.keys_.size() == keys_max) {
            return refuse("more than " + std::to_string(keys_max) + " keys");
        }
        keys.keys_.push_back({std::string(name), *hash});
    }
    if (keys.keys_.empty()) return fail(Errc::config, file + ": there is no key in it");
    return keys;
}

Result<ApiKeys> ApiKeys::read(const std::string& path) {
    const auto text = config::read_text_file(path, file_bytes_max);
    if (!text) return tl::unexpected(text.error());
    return parse(path, *text);
}

std::optional<std::string> ApiKeys::owner(std::string_view key) const {
    if (key.size() > key_bytes_max) return std::nullopt;
    Hash hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(key.data()), key.size());
    std::size_t found = keys_.size();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (sodium_memcmp(hash.data(), keys_[i].hash.data(), hash.size()) == 0) found = i;
    }
    if (found == keys_.size()) return std::nullopt;
    return keys_[found].name;
}

NewKey make_key(std::string_view name) {
    std::array<std::uint8_t, 32> bits{}, hash{};
    randombytes_buf(bits.data(), bits.size());
    NewKey made;
    made.key = "es-" + hex(bits.data(), bits.size());
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(made.key.data()),
                       made.key.size());
    made.line = std::string(name) + " " + hex(hash.data(), hash.size());
    return made;
}

std::string_view bearer(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (!same_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return {};
    auto key = authorization.substr(scheme.size());
    key.remove_prefix(std::min(key.find_first_not_of(blank), key.size()));
    return key.substr(0, key.find_last_not_of(blank) + 1);
}

}  // namespace emostage::http
