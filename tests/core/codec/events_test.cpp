#include <gtest/gtest.h>

#include "core/codec/codec.hpp"
#include "core/codec/hash.hpp"
#include "core/codec/pack.hpp"

namespace emostage::codec {
namespace {

wire::Packed packed_map() {
    wire::Packed packed;
    Packer(packed.bytes).map(1).field("phase", "exploring");
    return packed;
}

std::vector<wire::EventBody> all_bodies() {
    wire::Completed completed{18,
                              "0123456789abcdef",
                              "stop",
                              {10, 20, 3},
                              {{"queue", 2}, {"total", 900}},
                              {"perspective"}};
    return {wire::Hello{1, {}},
            wire::Beacon{{{"t1", 7}, {"t2", 0}}},
            wire::Accepted{3},
            wire::Started{"w1"},
            wire::Stage{"phase", wire::StageStatus::done, packed_map(), 120},
            wire::Stage{"phase", wire::StageStatus::skipped, {}, 0},
            wire::Delta{"こん", 0},
            wire::Delta{"こんにちは", 4},
            wire::Reset{"worker_lost"},
            completed,
            wire::Failed{Errc::model_cut, "endpoint a: the stream was cut", true},
            wire::Cancelled{"requested"},
            wire::Rejected{Errc::overloaded, "the queue is full", 250},
            wire::Rejected{Errc::conflict, "known with other content", std::nullopt}};
}

TEST(Events, EveryKindComesBackAsItWas) {
    wire::EventBatch batch{"b1", {}};
    std::uint64_t seq = 0;
    for (const auto& body : all_bodies()) {
        const bool turn = !std::holds_alternative<wire::Hello>(body) &&
                          !std::holds_alternative<wire::Beacon>(body);
        const bool numbered = turn && !std::holds_alternative<wire::Rejected>(body);
        batch.events.push_back({turn ? "t1" : "", turn ? "s1" : "", numbered ? ++seq : 0,
                                numbered ? 2u : 0u, 1'700'000'000'123, body});
    }
    const auto back = decode_events(encode_events(batch));
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, batch);
}

TEST(Events, ATypeOfANewerVersionKeepsItsNumber) {
    std::string bytes;
    Packer out(bytes);
    out.map(3).field("v", std::uint64_t{1}).field("broker", "b1").str("events").array(1);
    out.map(5).field("type", "mood").field("turn", "t1").field("seq", std::uint64_t{9});
    out.field("attempt", std::uint64_t{1}).str("news").array(0);
    const auto batch = decode_events(bytes);
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    EXPECT_EQ(batch->events.at(0).seq, 9u);
    EXPECT_TRUE(std::holds_alternative<wire::Other>(batch->events.at(0).body));
}

TEST(Events, EveryTruncationIsRefused) {
    wire::EventBatch batch{"b1", {}};
    for (const auto& body : all_bodies()) batch.events.push_back({"t1", "s1", 1, 1, 5, body});
    const auto bytes = encode_events(batch);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode_events(std::string_view(bytes).substr(0, size)).has_value()) << size;
    }
}

TEST(Events, EveryErrorCodeHasANameThatComesBack) {
    for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
        const auto code = static_cast<Errc>(i);
        wire::EventBatch batch{"b", {{"t", "s", 1, 1, 0, wire::Failed{code, "m", false}}}};
        const auto back = decode_events(encode_events(batch));
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(std::get<wire::Failed>(back->events[0].body).code, code) << name(code);
    }
}

// From the reference implementation's own test values: https://github.com/Cyan4973/xxHash
TEST(TextHash, IsXxh64WithSeedZeroInLowerCaseHex) {
    EXPECT_EQ(text_hash(""), "ef46db3751d8e999");
    EXPECT_EQ(text_hash("a"), "d24ec4f1a98c6e5b");
}

TEST(Link, EveryMessageOfAWorkerComesBackAsItWas) {
    wire::RunCompleted end;
    end.completed.text_bytes = 3;
    end.completed.text_hash = "0123456789abcdef";
    end.completed.finish_reason = "stop";
    end.state = packed_map();
    for (const wire::FromWorker& message : std::vector<wire::FromWorker>{
             wire::Ready{"w1", "i1", 64, {"base", "emostage"}},
             wire::Ready{"w1", "i1", 64, {"base"}, "[::1]:7721"},
             wire::Beat{"i1", 5, {1, 2, 0xffffffffffull}, true},
             wire::Output{
                 7,
                 1,
                 {wire::Started{"w1"},
                  wire::Stage{"phase", wire::StageStatus::done, packed_map(), 9},
                  wire::Delta{"hi", 0}, wire::Reset{"endpoint_cut"}, end,
                  wire::Failed{Errc::model_busy, "m", true}, wire::Cancelled{"requested"}}},
             wire::Outputs{{{7, 3, {wire::Delta{"a", 0}, wire::Delta{"b", 0}}},
                            {9, 1, {wire::Started{"w1"}}}}},
             wire::Return{7, "draining"}}) {
        const auto back = decode_from_worker(encode_from_worker(message));
        ASSERT_TRUE(back.has_value()) << back.error().message;
        EXPECT_EQ(*back, message);
    }
}

TEST(Link, AWorkersAddressIsOneAndNoTextOfAnotherKind) {
    wire::Ready ready{"w1", "i1", 64, {"base"}, "host-1.example:7721"};
    EXPECT_TRUE(decode_from_worker(encode_from_worker(ready)));
    for (const std::string& admin :
         {std::string("http://evil/?"), std::string("a b:1"), std::string("a\n:1"),
          std::string(wire::admin_bytes_max + 1, 'a')}) {
        ready.admin = admin;
        EXPECT_FALSE(decode_from_worker(encode_from_worker(ready))) << admin;
    }
}

TEST(Link, OutputsOfManyRunsAreBoundedAndHoldNothingUnknown) {
    wire::Outputs outputs;
    outputs.all.resize(wire::outputs_per_message_max, {7, 1, {}});
    EXPECT_TRUE(decode_from_worker(encode_from_worker(outputs)));
    outputs.all.push_back({8, 1, {}});
    EXPECT_EQ(decode_from_worker(encode_from_worker(outputs)).error().code, Errc::too_large);
    std::string strange;
    Packer(strange)
        .map(4)
        .field("lease", std::uint64_t{7})
        .field("ordinal", std::uint64_t{1})
        .str("events")
        .array(0)
        .str("x")
        .nil();
    const auto refused = decode_from_worker(encode_outputs(1, strange));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_field);
    EXPECT_NE(refused.error().message.find("\"x\""), std::string::npos);
}

// What is packed as workers do not pack it is read too, or refused, but never misread.
TEST(Link, OutputsMeanTheSameInWhateverOrderTheirFieldsAre) {
    std::string bytes;
    Packer(bytes).map(4).str("events").array(1).map(2).field("text", "hi").field("type", "delta");
    Packer(bytes).field("ordinal", std::uint64_t{70'000}).field("lease", std::uint64_t{7});
    Packer(bytes).field("type", "output");
    const auto back = decode_from_worker(bytes);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, wire::FromWorker(wire::Output{7, 70'000, {wire::Delta{"hi", 0}}}));
}

TEST(Link, ADeltaIsReadAtEverySizeOfItsTextAndItsNumbers) {
    for (const std::size_t size : {0, 1, 31, 32, 255, 256, 65'535, 65'536}) {
        for (const std::uint64_t number :
             {0ull, 127ull, 128ull, 255ull, 256ull, 65'536ull, 1ull << 32, ~0ull}) {
            const wire::FromWorker message =
                wire::Output{number, number, {wire::Delta{std::string(size, 'x'), 0}}};
            const auto back = decode_from_worker(encode_from_worker(message));
            ASSERT_TRUE(back.has_value()) << size << " " << number << back.error().message;
            EXPECT_EQ(*back, message);
        }
    }
}

TEST(Link, OutputsThatAreCutLongOrNotTextAreRefused) {
    const wire::Outputs outputs{
        {{7, 3, {wire::Delta{"a", 0}, wire::Started{"w1"}}}, {9, 1, {wire::Delta{"b", 0}}}}};
    for (const wire::FromWorker& message : std::vector<wire::FromWorker>{outputs, outputs.all[0]}) {
        const auto bytes = encode_from_worker(message);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_FALSE(decode_from_worker(std::string_view(bytes).substr(0, size)).has_value());
        }
        EXPECT_EQ(decode_from_worker(bytes + "x").error().code, Errc::malformed);
    }
    for (const char* text : {"\xff", "\xc3", "\xed\xa0\x80"}) {
        const auto refused =
            decode_from_worker(encode_from_worker(wire::Output{7, 1, {wire::Delta{text, 0}}}));
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, Errc::invalid_field);
    }
}

TEST(Link, WhatAnOutputHoldsIsNoDeeperThanAMessageMayBe) {
    const auto nested = [](std::size_t depth) {  // of the whole message
        wire::Stage stage{"phase", wire::StageStatus::done, {}, 0};
        Packer result(stage.result.bytes);
        for (std::size_t i = 3; i < depth; ++i) result.map(1).str("x");
        result.nil();
        return encode_from_worker(wire::Output{7, 1, {stage}});
    };
    EXPECT_TRUE(decode_from_worker(nested(wire::message_depth_max)).has_value());
    EXPECT_EQ(decode_from_worker(nested(wire::message_depth_max + 1)).error().code,
              Errc::too_large);
}

// The packer is our own; msgpack-c says what its bytes mean.
TEST(Packer, EveryValueIsReadAsWhatItWas) {
    for (const std::int64_t number :
         {INT64_C(0), INT64_C(127), INT64_C(128), INT64_C(256), INT64_C(65'535), INT64_C(65'536),
          INT64_C(1) << 32, INT64_MAX, INT64_C(-1), INT64_C(-32), INT64_C(-33), INT64_C(-128),
          INT64_C(-129), INT64_C(-32'768), INT64_C(-32'769), INT64_C(-2'147'483'648),
          INT64_C(-2'147'483'649), INT64_MIN}) {
        std::string bytes;
        Packer(bytes).integer(number);
        std::string expected;
        struct {
            std::string& out;
            void write(const char* data, std::size_t size) { out.append(data, size); }
        } stream{expected};
        msgpack::pack(stream, number);
        EXPECT_EQ(bytes, expected) << number;
    }
    for (const std::size_t size : {0, 15, 16, 65'535, 65'536}) {
        std::string array, map;
        Packer(array).array(size);
        Packer(map).map(size);
        for (std::size_t i = 0; i < size; ++i) {
            Packer(array).nil();
            Packer(map).nil().boolean(i % 2 == 0);
        }
        EXPECT_EQ(msgpack::unpack(array.data(), array.size()).get().via.array.size, size);
        EXPECT_EQ(msgpack::unpack(map.data(), map.size()).get().via.map.size, size);
    }
}

TEST(Link, EveryMessageOfTheBrokerComesBackAsItWas) {
    wire::Lease lease;
    lease.lease = 9;
    lease.attempt = 2;
    lease.turn = "t1";
    lease.session = "s1";
    lease.pipeline = "emostage";
    lease.text = "hi";
    lease.history = {{wire::Role::user, "a"}, {wire::Role::assistant, ""}};
    lease.state = packed_map();
    lease.left = std::chrono::milliseconds(1234);
    lease.reply_bytes_max = 65536;
    for (const wire::ToWorker& message : std::vector<wire::ToWorker>{
             wire::Welcome{"b1", std::chrono::milliseconds(1000), std::chrono::milliseconds(7000)},
             lease, wire::Stop{9, true, "requested"}, wire::BeatAck{3}, wire::Register{}}) {
        const auto back = decode_to_worker(encode_to_worker(message));
        ASSERT_TRUE(back.has_value()) << back.error().message;
        EXPECT_EQ(*back, message);
        const auto bytes = encode_to_worker(message);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_FALSE(decode_to_worker(std::string_view(bytes).substr(0, size)).has_value());
        }
    }
}

TEST(Link, AnUnknownMessageIsRefused) {
    std::string bytes;
    Packer(bytes).map(1).field("type", "shutdown");
    EXPECT_FALSE(decode_from_worker(bytes).has_value());
    EXPECT_FALSE(decode_to_worker(bytes).has_value());
}

}  // namespace
}  // namespace emostage::codec
