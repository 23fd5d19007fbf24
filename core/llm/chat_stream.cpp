#include "core/llm/chat_stream.hpp"

namespace emostage::llm {

void ChatStream::reset() {
    repeated_.reset();
    unescaper_.reset();
    finish_reason_.clear();
    usage_ = {};
    done_ = false;
}

std::optional<Fault> ChatStream::read(const ChatChunk& chunk, std::string& content) {
    if (chunk.error) return error_fault(chunk.error->status, chunk.error->detail);
    if (chunk.usage) usage_ = *chunk.usage;
    if (!unescaper_.push(chunk.content, content)) return malformed_fault("a malformed chunk");
    if (!chunk.finish_reason.empty()) finish_reason_ = chunk.finish_reason;
    return std::nullopt;
}

std::optional<Fault> ChatStream::on_event(std::string_view name, std::string_view data,
                                          std::string& content) {
    if (done_) return std::nullopt;
    if (data == "[DONE]") {
        unescaper_.finish(content);
        if (!finished()) return cut_fault("[DONE] without finish_reason");
        done_ = true;
        return std::nullopt;
    }
    if (name.empty()) {
        if (const auto raw = repeated_.match(data)) {
            if (!unescaper_.push(*raw, content)) return malformed_fault("a malformed chunk");
            return std::nullopt;
        }
    }
    const ChatChunk* chunk = parser_.parse(data);
    if (name == "error" && !(chunk && chunk->error)) return error_fault(0, "");
    if (!chunk) return malformed_fault("a malformed chunk");
    repeated_.remember(data, *chunk);
    return read(*chunk, content);
}

std::optional<Fault> ChatStream::on_document(std::string_view json, std::string& content) {
    const ChatChunk* chunk = parser_.parse(json);
    if (!chunk) return malformed_fault("a malformed answer");
    if (!chunk->error && !chunk->has_choice) return malformed_fault("an answer without choices");
    if (auto fault = read(*chunk, content)) return fault;
    unescaper_.finish(content);
    if (!finished()) finish_reason_ = "stop";  // the document itself is whole
    done_ = true;
    return std::nullopt;
}

std::optional<Fault> ChatStream::on_end(bool orderly, std::string& content) {
    if (done_) return std::nullopt;
    unescaper_.finish(content);
    if (!orderly) return cut_fault("the connection broke inside the answer");
    if (!finished()) return cut_fault("the answer ended without finish_reason");
    done_ = true;
    return std::nullopt;
}

}  // namespace emostage::llm
