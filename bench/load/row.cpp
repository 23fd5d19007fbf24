#include "bench/load/row.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

namespace emostage::load {

namespace {

using nlohmann::json;

// Four digits that say something; whole numbers keep all of theirs. A NaN stays one, and is dumped
// as null.
double rounded(double value) {
    if (!std::isfinite(value)) return value;
    if (std::abs(value) >= 1'000) return std::round(value);
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return std::strtod(text, nullptr);
}

struct Reader {
    const json& object;
    std::string& wrong;

    const json* find(const char* name) {
        const auto at = object.find(name);
        if (at != object.end()) return &*at;
        if (wrong.empty()) wrong = std::string(name) + " is missing";
        return nullptr;
    }
    void operator()(const char* name, std::string& into) {
        const json* value = find(name);
        if (value == nullptr) return;
        if (value->is_string()) {
            into = value->get<std::string>();
        } else if (wrong.empty()) {
            wrong = std::string(name) + " is no text";
        }
    }
    void operator()(const char* name, double& into) {
        const json* value = find(name);
        if (value == nullptr) return;
        if (value->is_number()) {
            into = value->get<double>();
        } else if (value->is_null()) {
            into = not_measured;
        } else if (wrong.empty()) {
            wrong = std::string(name) + " is no number";
        }
    }
};

double median(std::vector<double> values) {
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (values.empty()) return not_measured;
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct Collect {
    std::vector<double*>& numbers;
    void operator()(const char*, std::string&) {}
    void operator()(const char*, double& value) { numbers.push_back(&value); }
};

}  // namespace

std::string to_json(const Row& row) {
    nlohmann::ordered_json object;
    fields(row, [&object](const char* name, const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, double>) {
            object[name] = rounded(value);
        } else {
            object[name] = value;
        }
    });
    return object.dump();
}

Result<Row> read_row(std::string_view line) {
    const auto object = json::parse(line, nullptr, false);
    if (!object.is_object()) return fail(Errc::config, "a JSON object is meant");
    Row row;
    std::string wrong;
    fields(row, Reader{object, wrong});
    if (!wrong.empty()) return fail(Errc::config, wrong);
    return row;
}

Result<std::vector<Row>> read_rows(const std::vector<std::string>& files) {
    std::vector<Row> rows;
    for (const auto& path : files) {
        std::ifstream file(path);
        if (!file) return fail(Errc::io, path + ": cannot be read");
        std::size_t number = 0;
        for (std::string line; std::getline(file, line);) {
            ++number;
            if (line.empty()) continue;
            auto row = read_row(line);
            if (!row) {
                return fail(Errc::config,
                            path + ":" + std::to_string(number) + ": " + row.error().message);
            }
            rows.push_back(std::move(*row));
        }
    }
    return rows;
}

std::vector<Row> medians(const std::vector<Row>& rows) {
    using Key = std::tuple<std::string, std::string, std::string, std::string, double>;
    std::map<Key, std::vector<Row>> groups;
    std::vector<Key> order;
    for (const auto& row : rows) {
        const Key key{row.label, row.mode, row.rhythm, row.state, row.load};
        auto& group = groups[key];
        if (group.empty()) order.push_back(key);
        group.push_back(row);
    }
    std::vector<Row> result;
    for (const auto& key : order) {
        auto& group = groups[key];
        std::vector<std::vector<double*>> numbers(group.size());
        for (std::size_t i = 0; i < group.size(); ++i) fields(group[i], Collect{numbers[i]});
        Row middle = group.front();
        std::vector<double*> into;
        fields(middle, Collect{into});
        for (std::size_t field = 0; field < into.size(); ++field) {
            std::vector<double> values;
            for (const auto& row : numbers) values.push_back(*row[field]);
            *into[field] = median(std::move(values));
        }
        result.push_back(std::move(middle));
    }
    return result;
}

}  // namespace emostage::load
