#include "core/llm/answer_reader.hpp"

namespace emostage::llm {
namespace {

const std::string length_reason = "length";

}  // namespace

AnswerReader::AnswerReader(ChunkParser& parser, bool stream, std::size_t answer_bytes_max,
                           std::string_view continued_text)
    : stream_(stream),
      answer_bytes_max_(answer_bytes_max),
      shape_(stream ? Shape::unknown : Shape::document),
      chat_(parser),
      reasoning_(!continued_text.empty()),
      cleaner_(answer_bytes_max) {
    if (!continued_text.empty()) continuation_.emplace(continued_text);
}

void AnswerReader::reset() {
    shape_ = stream_ ? Shape::unknown : Shape::document;
    events_.reset();
    chat_.reset();
    reasoning_.reset();
    if (continuation_) continuation_->reset();
    cleaner_ = Utf8Cleaner(answer_bytes_max_);
    document_.clear();
    received_ = 0;
}

const std::string& AnswerReader::finish_reason() const {
    return cut() ? length_reason : chat_.finish_reason();
}

std::optional<Fault> AnswerReader::read_events(std::string_view bytes) {
    events_.push(bytes);
    for (;;) {
        switch (events_.next()) {
            case SseReader::Next::none:
                return std::nullopt;
            case SseReader::Next::error:
                return malformed_fault("an event that is too long");
            case SseReader::Next::event:
                break;
        }
        if (auto fault = chat_.on_event(events_.name(), events_.data(), content_)) return fault;
        if (chat_.done()) return std::nullopt;
    }
}

std::optional<Fault> AnswerReader::read_document(std::string_view bytes) {
    if (document_.size() + bytes.size() > document_bytes_max) {
        return malformed_fault("an answer that is too long");
    }
    document_.append(bytes);
    return std::nullopt;
}

void AnswerReader::pass_on(bool last, std::string& text) {
    spoken_.clear();
    reasoning_.push(content_, spoken_);
    if (last) reasoning_.finish(spoken_);
    if (continuation_) {
        joined_.clear();
        continuation_->push(spoken_, joined_);
        if (last) continuation_->finish(joined_);
        cleaner_.push(joined_, text);
    } else {
        cleaner_.push(spoken_, text);
    }
    if (last) cleaner_.finish(text);
    content_.clear();
}

std::optional<Fault> AnswerReader::on_body(std::string_view bytes, std::string& text) {
    if (done()) return std::nullopt;
    received_ += bytes.size();
    if (received_ > stream_bytes_max) return malformed_fault("an endless answer");
    std::optional<Fault> fault;
    if (shape_ == Shape::unknown) {
        // No field of an event begins with a brace.
        const std::size_t first = bytes.find_first_not_of("\xEF\xBB\xBF \t\r\n");
        if (first != std::string_view::npos) {
            shape_ = bytes[first] == '{' ? Shape::document : Shape::events;
        }
        if (shape_ == Shape::document) bytes.remove_prefix(first);
    }
    fault = shape_ == Shape::document ? read_document(bytes) : read_events(bytes);
    pass_on(chat_.done(), text);
    return fault;
}

std::optional<Fault> AnswerReader::on_end(bool orderly, std::string& text) {
    if (!cut()) {
        if (received_ == 0 && orderly) return cut_fault("an empty body");
        std::optional<Fault> fault;
        if (shape_ == Shape::document && orderly && !chat_.done()) {
            fault = chat_.on_document(document_, content_);
        } else {
            fault = chat_.on_end(orderly, content_);
        }
        if (fault) return fault;
        pass_on(true, text);
    }
    const bool nothing_to_add = continuation_ && !reasoning_.thinking();
    if (cleaner_.bytes() == 0 && !nothing_to_add) return empty_fault();
    return std::nullopt;
}

}  // namespace emostage::llm
