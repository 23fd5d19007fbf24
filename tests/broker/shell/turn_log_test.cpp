#include "broker/shell/turn_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "core/codec/hash.hpp"
#include "core/log/log.hpp"

namespace emostage::broker {
namespace {

using namespace std::chrono_literals;

// What a log says while `work` runs, line by line.
template <class Work>
std::vector<nlohmann::json> lines_of(log::Level level, Work&& work) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    {
        const log::Writer writer({level, log::Format::json, "broker", ends[1]});
        work();
    }
    ::close(ends[1]);
    std::string all;
    std::array<char, 4096> piece;
    for (ssize_t size; (size = ::read(ends[0], piece.data(), piece.size())) > 0;) {
        all.append(piece.data(), static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    std::vector<nlohmann::json> lines;
    std::istringstream in(all);
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
}

Note note(Note::What what) {
    Note note{what};
    note.turn = "t1";
    note.session = "anna";
    note.gateway = "g1";
    note.pipeline = "emostage";
    note.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    note.attempt = 2;
    note.worker = "w1";
    return note;
}

Note failed() {
    Note end = note(Note::What::ended);
    end.end = TurnEnd::failed;
    end.code = Errc::model_cut;
    end.took = 1500ms;
    return end;
}

const TimePoint now{1h};

TEST(TurnLog, NamesTheTurnItsTraceAndItsSessionByAHash) {
    TurnLog turn_log;
    const auto lines = lines_of(log::Level::info, [&] { turn_log.write(failed(), now); });
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0]["level"], "warn");
    EXPECT_EQ(lines[0]["event"], "turn ended");
    EXPECT_EQ(lines[0]["turn"], "t1");
    EXPECT_EQ(lines[0]["attempt"], 2);
    EXPECT_EQ(lines[0]["trace"], "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(lines[0]["session"], codec::text_hash("anna"));
    EXPECT_EQ(lines[0]["code"], "model_cut");
    EXPECT_EQ(lines[0]["took_ms"], 1500);
}

TEST(TurnLog, TellsTheOrdinaryWayOfATurnToThoseWhoAskForIt) {
    const auto all = [] {
        TurnLog turn_log;
        for (const auto what : {Note::What::accepted, Note::What::leased, Note::What::ended}) {
            turn_log.write(note(what), now);
        }
    };
    EXPECT_TRUE(lines_of(log::Level::info, all).empty());
    const auto lines = lines_of(log::Level::debug, all);
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0]["event"], "turn accepted");
    EXPECT_EQ(lines[1]["event"], "turn leased");
    EXPECT_EQ(lines[1]["worker"], "w1");
    EXPECT_EQ(lines[2]["end"], "completed");
}

TEST(TurnLog, SaysWhyAWorkerWasLostAndWithItsTurns) {
    TurnLog turn_log;
    auto lost = note(Note::What::lease_lost), gone = note(Note::What::worker_gone);
    lost.cause = gone.cause = LossCause::silent;
    const auto lines = lines_of(log::Level::info, [&] {
        turn_log.write(note(Note::What::worker_here), now);
        turn_log.write(gone, now);
        turn_log.write(lost, now);
    });
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0]["event"], "worker registered");
    EXPECT_EQ(lines[1]["cause"], "silent");
    EXPECT_EQ(lines[2]["level"], "warn");
    EXPECT_EQ(lines[2]["turn"], "t1");
    EXPECT_EQ(lines[2]["cause"], "silent");
}

TEST(TurnLog, IsBoundedAndSaysHowManyLinesItLeftOut) {
    TurnLog turn_log;
    const auto lines = lines_of(log::Level::info, [&] {
        for (std::uint32_t i = 0; i < TurnLog::warnings_max + 7; ++i) turn_log.write(failed(), now);
        turn_log.write(failed(), now + 2s);
    });
    ASSERT_EQ(lines.size(), TurnLog::warnings_max + 1);
    EXPECT_EQ(lines.back()["not_logged"], 7);
}

}  // namespace
}  // namespace emostage::broker
