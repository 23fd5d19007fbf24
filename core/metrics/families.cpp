#include "core/metrics/families.hpp"

#include <prometheus/text_serializer.h>

#include <cassert>
#include <sstream>

namespace emostage::metrics {
namespace {

using prometheus::MetricType;

MetricType type_of(Kind kind) {
    switch (kind) {
        case Kind::counter:
            return MetricType::Counter;
        case Kind::gauge:
            return MetricType::Gauge;
        case Kind::histogram:
            return MetricType::Histogram;
    }
    return MetricType::Untyped;
}

}  // namespace

void Families::counter(const char* name, const char* help, double value) {
    begin(name, help, Kind::counter);
    add({}, value);
}

void Families::gauge(const char* name, const char* help, double value) {
    begin(name, help, Kind::gauge);
    add({}, value);
}

void Families::histogram(const char* name, const char* help, const Histogram& values) {
    begin(name, help, Kind::histogram);
    add({}, values);
}

void Families::begin(const char* name, const char* help, Kind kind) {
    families_.push_back({name, help, type_of(kind), {}});
}

prometheus::ClientMetric& Families::add(Labels labels) {
    auto& metric = families_.back().metric.emplace_back();
    metric.label.reserve(labels.size());
    for (const Label& label : labels) {
        metric.label.push_back({label.name, std::string(label.value)});
    }
    return metric;
}

void Families::add(Labels labels, double number) {
    const auto type = families_.back().type;
    assert(type != MetricType::Histogram);
    auto& metric = add(labels);
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = number;
}

void Families::add(Labels labels, const Histogram& values) {
    assert(families_.back().type == MetricType::Histogram);
    auto& histogram = add(labels).histogram;
    histogram.sample_sum = values.sum();
    const auto bounds = values.bounds();
    histogram.bucket.reserve(bounds.size());
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        histogram.sample_count += values.count_in(i);
        histogram.bucket.push_back({histogram.sample_count, bounds[i]});
    }
    histogram.sample_count += values.count_in(bounds.size());
}

std::string Families::text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
}

}  // namespace emostage::metrics
