// How often what goes wrong. Chances are in thousandths, of the occasion that each names.
#pragma once

#include "core/clock.hpp"

namespace emostage::sim {

struct Faults {
    // Of each process, every 100 ms
    int killed = 6, stopped = 6, connection_cut = 10, half_open = 4, reader_slow = 6, clock_set = 3,
        drained = 4;
    // Of the broker, every 100 ms, instead of `killed`
    int broker_killed = 10;
    // Of each message
    int event_lost = 10, command_lost = 10;
    // Of each commit
    int killed_in_commit = 6, commit_slow = 50;
    // Of the disk, every 100 ms
    int disk_full = 4;
    // Of each call to a model
    int model_refuses = 40, model_stalls = 15, answer_is_nonsense = 80, reply_cut = 150,
        reply_empty = 15, reply_slow = 200;

    static Faults none() {
        Faults faults;
        faults.killed = faults.stopped = faults.connection_cut = faults.half_open = 0;
        faults.reader_slow = faults.clock_set = faults.drained = faults.broker_killed = 0;
        faults.event_lost = faults.command_lost = 0;
        faults.killed_in_commit = faults.commit_slow = faults.disk_full = 0;
        faults.model_refuses = faults.model_stalls = faults.answer_is_nonsense = 0;
        faults.reply_cut = faults.reply_empty = faults.reply_slow = 0;
        return faults;
    }
};

}  // namespace emostage::sim
