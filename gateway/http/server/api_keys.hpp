// The keys that clients may have: names and hashes, read from a file. schemas/HTTP.md, "Keys".
//
// A key itself is 256 random bits, so a plain hash is enough to keep it. Values; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace emostage::http {

class ApiKeys {
public:
    static constexpr std::size_t keys_max = 1'024;
    static constexpr std::size_t file_bytes_max = 256 * 1024;
    static constexpr std::size_t name_bytes_max = 16;
    static constexpr std::size_t key_bytes_max = 256;  // of one that is shown; longer: unknown

    // Errc::config: `FILE:LINE: what`. `file` is for messages only.
    static Result<ApiKeys> parse(const std::string& file, std::string_view text);
    static Result<ApiKeys> read(const std::string& path);

    // Whose it is. Takes as long for every key of one length, known or not.
    std::optional<std::string> owner(std::string_view key) const;
    std::size_t size() const { return keys_.size(); }

private:
    using Hash = std::array<std::uint8_t, 32>;
    static std::optional<Hash> parse_hash(std::string_view text);

    struct Key {
        std::string name;
        Hash hash;
    };
    std::vector<Key> keys_;
};

// 1 to 16 of A-Z a-z 0-9 _ -
bool is_key_name(std::string_view name);

struct NewKey {
    std::string key, line;  // the line of the file
};
NewKey make_key(std::string_view name);

// The KEY of `Authorization: Bearer KEY`; empty: there is none.
std::string_view bearer(std::string_view authorization);

}  // namespace emostage::http
