#include <gtest/gtest.h>

#include <msgpack.hpp>

#include "core/codec/codec.hpp"
#include "core/codec/pack.hpp"

namespace emostage::codec {
namespace {

wire::Open full_open() {
    wire::Open open;
    open.gateway = "g1";
    open.turn = "t:1";
    open.session = "s.1";
    open.text = "今日は疲れました";
    open.history = {{wire::Role::user, "hi"}, {wire::Role::assistant, "hello"}};
    open.locale = "ja";
    open.pipeline = "emostage";
    open.deadline = std::chrono::milliseconds(1500);
    open.priority = wire::Priority::high;
    open.on_busy = wire::OnBusy::interrupt;
    open.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    return open;
}

wire::Open plain_open() {
    wire::Open open;
    open.gateway = "g1";
    open.turn = "t1";
    open.session = "s1";
    open.text = "hi";
    return open;
}

// A map with the fields of a plain open, one of them replaced by `value`.
template <class Write>
std::string open_with(std::string_view key, Write value) {
    std::string bytes;
    Packer out(bytes);
    const std::vector<std::pair<std::string, std::string>> fields{
        {"type", "open"}, {"gateway", "g1"}, {"turn", "t1"}, {"session", "s1"}, {"text", "hi"}};
    const bool known =
        key == "v" || std::any_of(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == key; });
    out.map(fields.size() + 1 + !known);
    if (key != "v") out.field("v", std::uint64_t{1});
    for (const auto& [name, text] : fields) {
        if (name != key) out.field(name, text);
    }
    out.str(key);
    value(out);
    return bytes;
}

std::string open_with_text(std::string_view key, std::string_view value) {
    return open_with(key, [&](Packer& out) { out.str(value); });
}

BadCommand refused(const std::string& bytes) {
    auto command = decode_command(bytes);
    EXPECT_FALSE(command.has_value());
    return command ? BadCommand{} : command.error();
}

TEST(Command, EveryKindComesBackAsItWas) {
    for (const wire::Command& command : std::vector<wire::Command>{
             full_open(), plain_open(), wire::Cancel{"g", "t"}, wire::Resume{"g", "t", 0},
             wire::Resume{"g", "t", 0xffffffffffffffffull}}) {
        const auto back = decode_command(encode_command(command));
        ASSERT_TRUE(back.has_value()) << back.error().error.message;
        EXPECT_EQ(*back, command);
    }
}

TEST(Command, EveryTruncationIsRefusedAsMalformed) {
    const auto bytes = encode_command(full_open());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(refused(bytes.substr(0, size)).error.code, Errc::malformed) << size;
    }
}

TEST(Command, BytesAfterTheMapAreRefused) {
    EXPECT_EQ(refused(encode_command(plain_open()) + "\xc0").error.code, Errc::malformed);
}

TEST(Command, EveryByteFlippedIsEitherRefusedOrStillWithinTheRules) {
    const auto bytes = encode_command(full_open());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
            const auto command = decode_command(changed);
            if (!command) continue;
            if (const auto* open = std::get_if<wire::Open>(&*command)) {
                EXPECT_TRUE(is_id(open->turn) && is_id(open->gateway) && is_id(open->session));
                EXPECT_FALSE(open->text.empty());
            }
        }
    }
}

TEST(Command, ARefusalNamesTheTurnAndTheField) {
    const auto bad = refused(open_with("text", [](Packer& out) { out.uint(7); }));
    EXPECT_EQ(bad.gateway, "g1");
    EXPECT_EQ(bad.turn, "t1");
    EXPECT_EQ(bad.error.code, Errc::invalid_field);
    EXPECT_EQ(bad.error.message, "command: field \"text\" must be a string");
}

TEST(Command, AnUnknownFieldIsRefusedWithTheNearestName) {
    const auto bad = refused(open_with_text("sesion", "s1"));
    EXPECT_EQ(bad.turn, "t1");
    EXPECT_EQ(bad.error.message, "command: unknown field \"sesion\"; did you mean \"session\"?");
}

TEST(Command, AFieldNameThatCouldBeTextIsNotRepeated) {
    const auto bad = refused(open_with_text("I feel so alone today", "x"));
    EXPECT_EQ(bad.error.message, "command: a field's name is unknown");
}

TEST(Command, AFieldGivenTwiceIsRefused) {
    std::string bytes;
    Packer out(bytes);
    out.map(6).field("type", "cancel").field("v", std::uint64_t{1}).field("gateway", "g1");
    out.field("turn", "t1").field("turn", "t2").field("turn", "t1");
    EXPECT_EQ(refused(bytes).error.code, Errc::invalid_field);
}

TEST(Command, AnUnknownTypeListsTheKnownOnes) {
    const auto bad = refused(open_with_text("type", "opne"));
    EXPECT_EQ(bad.error.message, "command: field \"type\" must be one of open, cancel, resume");
    EXPECT_EQ(bad.turn, "t1");
}

TEST(Command, AnotherVersionIsRefusedByItsOwnCode) {
    EXPECT_EQ(refused(open_with("v", [](Packer& out) { out.uint(2); })).error.code,
              Errc::unsupported_version);
    EXPECT_EQ(refused(open_with_text("v", "1")).error.code, Errc::invalid_field);
}

TEST(Command, IdsOutsideTheAlphabetAreRefusedAndNotUsedAsAnAddress) {
    const std::vector<std::string> outside{"", "a b", "a/b", "ä", "a\n", std::string(65, 'a')};
    for (const auto& id : outside) {
        const auto bad = refused(open_with_text("turn", id));
        EXPECT_EQ(bad.error.code, Errc::invalid_field) << id;
        EXPECT_EQ(bad.turn, "");
        EXPECT_EQ(bad.gateway, "g1");
        EXPECT_EQ(refused(open_with_text("session", id)).error.code, Errc::invalid_field);
    }
    EXPECT_TRUE(decode_command(open_with_text("turn", std::string(64, 'Z'))).has_value());
}

TEST(Command, TextIsBoundedAndMustBeUtf8AndNotEmpty) {
    EXPECT_EQ(refused(open_with_text("text", "")).error.code, Errc::invalid_field);
    EXPECT_EQ(refused(open_with_text("text", "\xff")).error.code, Errc::invalid_field);
    EXPECT_EQ(refused(open_with_text("text", "\xed\xa0\x80")).error.code, Errc::invalid_field);
    EXPECT_EQ(refused(open_with_text("text", std::string(1 << 20, 'a'))).error.code,
              Errc::too_large);
    EXPECT_EQ(refused(open_with_text("text", std::string(1 << 20, 'a'))).turn, "t1");
    EXPECT_TRUE(decode_command(open_with_text("text", std::string(32 * 1024, 'a'))).has_value());
    EXPECT_EQ(refused(open_with_text("text", std::string(32 * 1024 + 1, 'a'))).error.code,
              Errc::too_large);
}

TEST(Command, BinaryInPlaceOfAStringSaysSo) {
    std::string bytes =
        open_with("text", [](Packer& out) { out.raw(std::string("\xc4\x02hi", 4)); });
    EXPECT_EQ(refused(bytes).error.message, "command: field \"text\" is bin, must be str");
}

TEST(Command, DeepNestingIsRefusedWithoutRecursion) {
    const std::string deep = open_with("history", [](Packer& out) {
        for (int i = 0; i < 100'000; ++i) out.array(1);
        out.nil();
    });
    EXPECT_EQ(refused(deep).error.code, Errc::too_large);
    EXPECT_EQ(refused(std::string(1 << 20, '\x91')).error.code, Errc::too_large);
}

TEST(Command, AHeaderThatPromisesMoreThanThereIsAllocatesNothingOfIt) {
    EXPECT_EQ(refused(std::string("\xdd\xff\xff\xff\xff", 5)).error.code, Errc::too_large);
    EXPECT_EQ(refused(std::string("\xdf\xff\xff\xff\xff", 5)).error.code, Errc::too_large);
    EXPECT_EQ(refused(std::string("\xdb\xff\xff\xff\xff", 5)).error.code, Errc::malformed);
}

TEST(Command, WhatIsNotAMapIsRefused) {
    for (const std::string bytes : {"\xc0", "\x01", "\x93\x01\x02\x03", "\xa2hi"}) {
        const auto bad = refused(bytes);
        EXPECT_EQ(bad.error.code, Errc::malformed);
        EXPECT_EQ(bad.turn, "");
    }
}

TEST(Command, AHistoryIsBoundedInUtterancesAndBytes) {
    auto open = plain_open();
    open.history = std::vector<wire::Utterance>(201, {wire::Role::user, "x"});
    EXPECT_EQ(refused(encode_command(open)).error.code, Errc::too_large);
    open.history = std::vector<wire::Utterance>(9, {wire::Role::user, std::string(32 * 1024, 'x')});
    EXPECT_EQ(refused(encode_command(open)).error.code, Errc::too_large);
    open.history = std::vector<wire::Utterance>{};
    const auto empty = decode_command(encode_command(open));
    ASSERT_TRUE(empty.has_value());
    EXPECT_TRUE(std::get<wire::Open>(*empty).history.has_value())
        << "an empty history is stateless too";
}

TEST(Command, AHistoryOfWrongShapeIsRefused) {
    const auto with_item = [](auto write) {
        return open_with("history", [&](Packer& out) {
            out.array(1);
            write(out);
        });
    };
    EXPECT_EQ(refused(with_item([](Packer& out) { out.str("hi"); })).error.code, Errc::malformed);
    EXPECT_EQ(refused(with_item([](Packer& out) { out.map(1).field("text", "hi"); })).error.code,
              Errc::invalid_field);
    EXPECT_EQ(refused(with_item([](Packer& out) {
                  out.map(2).field("text", "hi").field("role", "system");
              })).error.code,
              Errc::invalid_field);
}

TEST(Command, ATraceContextMustBeOne) {
    auto open = plain_open();
    open.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\n";
    EXPECT_EQ(refused(encode_command(open)).error.code, Errc::invalid_field);
}

TEST(Command, ALocaleMustBeALanguageTag) {
    auto open = plain_open();
    open.locale = "pt-BR";
    EXPECT_TRUE(decode_command(encode_command(open)).has_value());
    open.locale = "ja; drop";
    EXPECT_EQ(refused(encode_command(open)).error.code, Errc::invalid_field);
}

TEST(Command, ADeadlineBeyondTheLimitIsRefused) {
    auto open = plain_open();
    open.deadline = std::chrono::milliseconds(600'001);
    EXPECT_EQ(refused(encode_command(open)).error.code, Errc::invalid_field);
}

}  // namespace
}  // namespace emostage::codec
