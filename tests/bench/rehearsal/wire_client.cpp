#include "tests/bench/rehearsal/wire_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace emostage::rehearsal {

std::string WireResponse::header(std::string_view lower_name) const {
    std::string lowered = head;
    std::ranges::transform(lowered, lowered.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string wanted = "\r\n" + std::string(lower_name) + ": ";
    const std::size_t at = lowered.find(wanted);
    if (at == lowered.npos) return {};
    const std::size_t begin = at + wanted.size();
    return head.substr(begin, head.find('\r', begin) - begin);
}

std::vector<std::string> WireResponse::events() const {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = body.find("\n\n", at);
        if (end == body.npos) break;
        const std::string_view event = std::string_view(body).substr(at, end - at);
        all.emplace_back(event.starts_with("data: ") ? event.substr(6) : event);
        at = end + 2;
    }
    return all;
}

std::string WireResponse::content() const {
    if (header("content-type") == "application/json") {
        return json()["choices"][0]["message"]["content"];
    }
    std::string text;
    for (const std::string& event : events()) {
        const auto chunk = nlohmann::json::parse(event, nullptr, false);
        if (chunk.is_discarded() || chunk["choices"].empty()) continue;
        text += chunk["choices"][0]["delta"].value("content", "");
    }
    return text;
}

WireClient::WireClient(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval wait{patience.count() / 1000, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("cannot connect");
    }
}

WireClient::~WireClient() { ::close(socket_); }

void WireClient::reset() {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(socket_);
    socket_ = -1;
}

void WireClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // the server has refused already
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void WireClient::get(std::string_view path) {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

void WireClient::post_chat(const nlohmann::json& body) {
    const std::string text = body.dump();
    send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(text.size()) + "\r\n\r\n" + text);
}

WireResponse WireClient::chat(const nlohmann::json& body) {
    post_chat(body);
    return receive();
}

bool WireClient::more() {
    char buffer[65536];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        throw std::runtime_error("the server says nothing");
    }
    if (got <= 0) return false;
    ++reads_;
    input_.append(buffer, static_cast<std::size_t>(got));
    return true;
}

bool WireClient::ended() { return input_.empty() && !more(); }

std::string WireClient::receive_until(std::string_view text) {
    std::size_t at = input_.npos;
    while ((at = input_.find(text)) == input_.npos) {
        if (!more()) throw std::runtime_error("the connection ended before: " + std::string(text));
    }
    std::string taken = input_.substr(0, at + text.size());
    input_.erase(0, taken.size());
    return taken;
}

WireResponse WireClient::receive() {
    WireResponse response;
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == input_.npos) {
        if (!more()) return response;
    }
    response.head = input_.substr(0, end + 4);
    input_.erase(0, end + 4);
    response.status = std::stoi(response.head.substr(9, 3));
    if (response.header("transfer-encoding") != "chunked") {
        const std::size_t size = std::stoul(response.header("content-length"));
        while (input_.size() < size && more()) {
        }
        response.whole = input_.size() >= size;
        response.body = input_.substr(0, size);
        input_.erase(0, response.body.size());
        return response;
    }
    while (true) {
        while ((end = input_.find("\r\n")) == input_.npos) {
            if (!more()) return response;
        }
        const std::size_t size = std::stoul(input_.substr(0, end), nullptr, 16);
        while (input_.size() < end + 2 + size + 2) {
            if (!more()) {
                response.body += input_.substr(end + 2);
                return response;
            }
        }
        response.body += input_.substr(end + 2, size);
        input_.erase(0, end + 2 + size + 2);
        if (size == 0) {
            response.whole = true;
            return response;
        }
    }
}

nlohmann::json user_says(std::string_view text, bool stream) {
    return {{"model", "any"},
            {"stream", stream},
            {"messages", {{{"role", "user"}, {"content", text}}}}};
}

nlohmann::json staged(std::string_view stage, std::string_view transcript, bool stream) {
    const std::string text = std::string(transcript) + "\n\n[stage:" + std::string(stage) +
                             "]\nDo what this stage is for.";
    return {{"model", "any"},
            {"stream", stream},
            {"messages",
             {{{"role", "system"}, {"content", "You are a counsellor."}},
              {{"role", "user"}, {"content", text}}}}};
}

}  // namespace emostage::rehearsal
