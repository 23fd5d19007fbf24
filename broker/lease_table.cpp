#include "broker/lease_table.hpp"

#include <xxhash.h>

namespace emostage::broker {

LeaseTable::LeaseTable(std::string_view broker, std::uint64_t start)
    : next_(XXH64(broker.data(), broker.size(), start) & 0x7fff'ffff'0000'0000) {}

Lease& LeaseTable::grant(Worker& worker, Turn& turn, TimePoint now) {
    while (leases_.contains(++next_)) {
    }
    return add(next_, worker, turn, now);
}

Lease* LeaseTable::restore(wire::LeaseId id, Worker& worker, Turn& turn, TimePoint now) {
    return leases_.contains(id) ? nullptr : &add(id, worker, turn, now);
}

Lease& LeaseTable::add(wire::LeaseId id, Worker& worker, Turn& turn, TimePoint now) {
    Lease& lease = leases_[id];
    lease.id = id;
    lease.worker = &worker;
    lease.turn = &turn;
    lease.granted_at = now;
    lease.listed_in = worker.beat;
    lease.place = worker.leases.size();
    worker.leases.push_back(&lease);
    return lease;
}

Lease* LeaseTable::find(wire::LeaseId id) {
    const auto found = leases_.find(id);
    return found == leases_.end() ? nullptr : &found->second;
}

void LeaseTable::release(Lease& lease) {
    auto& held = lease.worker->leases;
    held[lease.place] = held.back();
    held[lease.place]->place = lease.place;
    held.pop_back();
    if (lease.over) --lease.worker->over;
    leases_.erase(leases_.find(lease.id));
}

}  // namespace emostage::broker
