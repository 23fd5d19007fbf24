// Answers as bytes to RESTinio's connections. Part of http_server.cpp, which alone includes it.
//
// RESTinio's own builders would copy a head for each piece and send every chunk as three buffers:
// here what comes at once is one string and one write.
#pragma once

#include <charconv>
#include <memory>
#include <restinio/http_server.hpp>
#include <string>
#include <utility>

#include "gateway/http/server/outlet.hpp"
#include "gateway/http/server/response_head.hpp"
#include "gateway/http/server/wire.hpp"

namespace emostage::http {

inline const void* key_of(const restinio::impl::connection_handle_t& connection) {
    return static_cast<const restinio::tcp_connection_ctx_base_t*>(connection.get());
}

// Writes heads and chunks itself, as bytes: one buffer and one write for what comes at once.
class RestinioOutlet final : public Outlet, public std::enable_shared_from_this<RestinioOutlet> {
public:
    RestinioOutlet(Wires& wires, restinio::impl::connection_handle_t connection,
                   restinio::request_id_t request, bool keep_alive, bool wants_body)
        : wires_(wires),
          connection_(std::move(connection)),
          request_(request),
          keep_alive_(keep_alive),
          wants_body_(wants_body) {}

    void answer(const Head& head, std::string_view body) override {
        std::string bytes = response_head(head, fields_, body.size(), keep_alive_);
        if (wants_body_) bytes += body;
        finish(std::move(bytes));
    }

    void begin(const Head& head) override {
        unsent_ = response_head(head, fields_, std::nullopt, keep_alive_);
    }

    void write(std::string_view bytes) override {
        std::string framed = std::exchange(unsent_, {});
        append_chunk(bytes, framed);
        send(std::move(framed), false, [weak = weak_from_this()](const asio::error_code& error) {
            // Of one that failed the connection's end tells.
            const auto self = weak.lock();
            if (self && !error && self->written_) self->written_();
        });
    }

    void end(std::string_view last_bytes) override {
        std::string framed = std::exchange(unsent_, {});
        append_chunk(last_bytes, framed);
        framed += "0\r\n\r\n";
        finish(std::move(framed));
    }

    void cut() override {
        if (!connection_) return;
        if (Wire* wire = wires_.of(key_of(connection_))) {
            wire->cut();
            // It may be neither reading nor writing, and so not notice.
            send("\r\n", false, {});
        }
        connection_.reset();
    }

    // So that RESTinio, which waits with reading for what becomes of a request that asks for
    // another protocol, reads on.
    void ignore_upgrade() {
        keep_alive_ = false;
        send("", false, {});
    }

private:
    void finish(std::string bytes) {
        const auto tell = [&wires = wires_, key = key_of(connection_)](const asio::error_code&) {
            if (Wire* wire = wires.of(key)) wire->answered();
        };
        send(std::move(bytes), true, tell);
        connection_.reset();
    }

    static void append_chunk(std::string_view bytes, std::string& out) {
        if (bytes.empty()) return;  // an empty chunk would be the end
        char size[16];
        const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
        out.reserve(out.size() + bytes.size() + 32);
        out.append(size, end).append("\r\n").append(bytes).append("\r\n");
    }

    void send(std::string bytes, bool last, restinio::write_status_cb_t written) {
        using restinio::response_connection_attr_t;
        using restinio::response_parts_attr_t;
        restinio::writable_items_container_t items;
        if (!bytes.empty()) items.emplace_back(std::move(bytes));
        restinio::write_group_t group(std::move(items));
        if (written) group.after_write_notificator(std::move(written));
        connection_->write_response_parts(
            request_,
            {last ? response_parts_attr_t::final_parts : response_parts_attr_t::not_final_parts,
             keep_alive_ ? response_connection_attr_t::connection_keepalive
                         : response_connection_attr_t::connection_close},
            std::move(group));
    }

    Wires& wires_;
    restinio::impl::connection_handle_t connection_;  // empty: answered or cut
    restinio::request_id_t request_;
    bool keep_alive_;
    bool wants_body_;
    std::string unsent_;  // the head
};

// What the handler owns; the outlet lives as long as callbacks of its writes may come.
class OwnedOutlet final : public Outlet {
public:
    explicit OwnedOutlet(std::shared_ptr<RestinioOutlet> outlet) : outlet_(std::move(outlet)) {}
    ~OwnedOutlet() override { outlet_->cut(); }

    void answer(const Head& head, std::string_view body) override {
        take_over();
        outlet_->answer(head, body);
    }
    void begin(const Head& head) override {
        take_over();
        outlet_->begin(head);
    }
    void write(std::string_view bytes) override { outlet_->write(bytes); }
    void end(std::string_view last_bytes) override { outlet_->end(last_bytes); }
    void cut() override { outlet_->cut(); }

private:
    void take_over() {
        for (auto& [name, value] : fields_) outlet_->add_field(name, value);
        outlet_->on_written([this] {
            if (written_) written_();
        });
    }
    std::shared_ptr<RestinioOutlet> outlet_;
};

}  // namespace emostage::http
