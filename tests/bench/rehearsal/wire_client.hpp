// A blocking HTTP client that shows the bytes as they are. Gives up after `patience`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "tests/patience.hpp"

namespace emostage::rehearsal {

struct WireResponse {
    int status = 0;
    std::string head;    // with the blank line; empty: the connection ended before
    std::string body;    // without chunk frames
    bool whole = false;  // HTTP says that it is

    std::string header(std::string_view lower_name) const;
    nlohmann::json json() const { return nlohmann::json::parse(body); }
    std::vector<std::string> events() const;  // what follows `data: `, in order
    std::string content() const;              // of all chunks; of a whole answer
};

class WireClient {
public:
    static constexpr milliseconds patience = emostage::test::patience;

    explicit WireClient(std::uint16_t port);
    ~WireClient();
    WireClient(const WireClient&) = delete;
    WireClient& operator=(const WireClient&) = delete;

    void send(std::string_view bytes);
    void get(std::string_view path);
    void post_chat(const nlohmann::json& body);
    WireResponse receive();  // one response; reads no further
    WireResponse chat(const nlohmann::json& body);
    // All that comes until `text` is there; throws if the connection ends before.
    std::string receive_until(std::string_view text);
    bool ended();                                 // the server closes without a further byte
    std::size_t reads() const { return reads_; }  // how many pieces came so far
    void reset();                                 // the connection, without good-bye

private:
    bool more();  // false: the end

    int socket_ = -1;
    std::string input_;
    std::size_t reads_ = 0;
};

nlohmann::json user_says(std::string_view text, bool stream = true);
// As a worker asks: preamble, transcript, tags, instruction.
nlohmann::json staged(std::string_view stage, std::string_view transcript, bool stream);

}  // namespace emostage::rehearsal
