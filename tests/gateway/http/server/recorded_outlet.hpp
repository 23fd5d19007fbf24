// An outlet that keeps what it is given. written() says that the last write is with the system.
#pragma once

#include <string>
#include <vector>

#include "gateway/http/server/outlet.hpp"

namespace emostage::http::test {

class RecordedOutlet final : public Outlet {
public:
    void answer(const Head& head, std::string_view body) override {
        this->head = head;
        this->body = body;
        ended = true;
    }
    void begin(const Head& head) override {
        this->head = head;
        begun = true;
    }
    void write(std::string_view bytes) override {
        body += bytes;
        writes.emplace_back(bytes);
    }
    void end(std::string_view last_bytes) override {
        body += last_bytes;
        ended = true;
    }
    void cut() override { was_cut = true; }

    std::string field(const std::string& name) const {
        for (const auto& [known, value] : head.fields) {
            if (known == name) return value;
        }
        return "";
    }

    Head head{0};
    std::string body;
    std::vector<std::string> writes;
    bool begun = false, ended = false, was_cut = false;
};

}  // namespace emostage::http::test
