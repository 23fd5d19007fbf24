#include "bench/load/usage.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace emostage::load {
namespace {

TEST(Usage, TheFilesOfTheKernelAreRead) {
    EXPECT_EQ(run_time_in_schedstat("123456789 42 7\n"), Nanoseconds(123456789));
    EXPECT_EQ(peak_in_status("Name:\tx\nVmPeak:\t  99 kB\nVmHWM:\t    5120 kB\n"), 5120u);
    EXPECT_EQ(busy_ticks_in_stat("cpu  1 2 3 1000 500 4 5 6 0 0\ncpu0 9 9\n"), 21u);
}

TEST(Usage, WhatIsNoSuchFileGivesNothing) {
    for (const char* text : {"", "x", "VmHWM:", "cpu  1 2"}) {
        EXPECT_EQ(run_time_in_schedstat(text), std::nullopt);
        EXPECT_EQ(peak_in_status(text), std::nullopt);
        EXPECT_EQ(busy_ticks_in_stat(text), std::nullopt);
    }
}

TEST(Usage, ThisProcessUsesTimeAndMemory) {
    const auto before = cpu_time(::getpid());
    EXPECT_GT(before, Nanoseconds(0));
    EXPECT_GT(peak_kib(::getpid()), 100u);
    EXPECT_GT(machine_busy(), Nanoseconds(0));
    volatile std::uint64_t sum = 0;
    while (cpu_time(::getpid()) == before) {
        for (std::uint64_t i = 0; i < 100'000; ++i) sum = sum + i;
    }
}

TEST(Usage, ThePeakCountsFromItsReset) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "a sanitizer has memory of its own for what was mapped";
#endif
    // Not from the heap, which may keep what is freed.
    constexpr std::size_t much = 64 * 1024 * 1024;
    void* const memory =
        ::mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    std::memset(memory, 1, much);
    const auto high = peak_kib(::getpid());
    EXPECT_GT(high, much / 1024);
    ::munmap(memory, much);
    EXPECT_GT(peak_kib(::getpid()), high - much / 1024 / 2);  // the kernel counts in steps
    reset_peak(::getpid());
    EXPECT_LT(peak_kib(::getpid()), high - much / 1024 / 2);
}

TEST(Usage, AProcessThatIsGoneHasUsedNothing) {
    constexpr pid_t nobody = 0x3fffffff;
    EXPECT_EQ(cpu_time(nobody), Nanoseconds(0));
    EXPECT_EQ(peak_kib(nobody), 0u);
}

}  // namespace
}  // namespace emostage::load
