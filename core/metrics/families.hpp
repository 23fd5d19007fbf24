// Numbers at one moment, to be written in Prometheus' text format: counters, gauges and histograms,
// with or without labels.
// https://prometheus.io/docs/instrumenting/exposition_formats/
//
//     Families families;
//     families.counter("emostage_turns_accepted_total", "Turns that were accepted.", accepted);
//     families.begin("emostage_workers", "Workers, by state.", Kind::gauge);
//     families.add({{"state", "ready"}}, ready);
//     families.add({{"state", "draining"}}, draining);
//     page = families.text();
//
// Base units (seconds, bytes), counters end in `_total`. Label values come from closed sets: ours,
// or of the configuration; never what a client names. Made for one page, by one thread.
#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/histogram.hpp"

namespace emostage::metrics {

enum class Kind { counter, gauge, histogram };

class Families {
public:
    struct Label {
        const char* name;
        std::string_view value;
    };
    using Labels = std::initializer_list<Label>;

    // One family with one number.
    void counter(const char* name, const char* help, double value);
    void gauge(const char* name, const char* help, double value);
    void histogram(const char* name, const char* help, const Histogram& values);

    // Then add() for each set of its labels. A family without any is shown by its name alone.
    // Requires: a name is begun once.
    void begin(const char* name, const char* help, Kind kind);
    void add(Labels labels, double number);            // requires: no histogram was begun
    void add(Labels labels, const Histogram& values);  // requires: one was

    std::string text() const;

private:
    prometheus::ClientMetric& add(Labels labels);

    std::vector<prometheus::MetricFamily> families_;
};

}  // namespace emostage::metrics
