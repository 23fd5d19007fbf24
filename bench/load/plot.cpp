#include "bench/load/plot.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdio>

namespace emostage::load {

namespace {

constexpr double width = 720, height = 420;
constexpr double left = 70, right = 150, top = 44, bottom = 54;  // around the plotting area
constexpr std::size_t linear_ticks = 6;
constexpr std::array<const char*, Plot::series_max> colours = {"#1b6ca8", "#d1495b", "#3a7d44",
                                                               "#8a5a9e", "#c77d11", "#555555"};

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string place(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

// From values to pixels. The range is widened to whole ticks.
class Axis {
public:
    Axis(std::vector<double> values, bool logarithmic, double first, double last)
        : logarithmic_(logarithmic), first_(first), last_(last) {
        std::erase_if(values, [this](double value) { return !fits(value); });
        double low = logarithmic ? 1 : 0, high = logarithmic ? 10 : 1;
        if (!values.empty()) {
            const auto [least, most] = std::ranges::minmax(values);
            low = logarithmic ? least : std::min(0.0, least);
            high = most;
        }
        logarithmic ? ticks_of_decades(low, high) : ticks_of_steps(low, high);
    }

    bool fits(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }
    double at(double value) const {
        const double from = scaled(ticks_.front()), to = scaled(ticks_.back());
        return first_ + (scaled(value) - from) / (to - from) * (last_ - first_);
    }
    const std::vector<double>& ticks() const { return ticks_; }

private:
    double scaled(double value) const { return logarithmic_ ? std::log10(value) : value; }

    void ticks_of_decades(double low, double high) {
        double tick = std::pow(10, std::floor(std::log10(low)));
        for (ticks_ = {tick}; tick < high || ticks_.size() < 2;) ticks_.push_back(tick *= 10);
        // A narrow range gets its ends closer, at 2 or 5 times a power of ten.
        for (const double times : {5.0, 2.0}) {
            if (ticks_.front() * times <= low) {
                ticks_.front() *= times;
                break;
            }
        }
        for (const double part : {0.2, 0.5}) {
            if (ticks_.back() * part >= high && ticks_.back() * part > ticks_.front()) {
                ticks_.back() *= part;
                break;
            }
        }
        ticks_.erase(std::unique(ticks_.begin(), ticks_.end()), ticks_.end());
    }

    void ticks_of_steps(double low, double high) {
        const double rough = std::max(high - low, 1e-9) / linear_ticks;
        const double decade = std::pow(10, std::floor(std::log10(rough)));
        double step = decade;
        for (const double times : {2.0, 5.0, 10.0}) {
            if (step < rough) step = decade * times;
        }
        const double begin = std::floor(low / step);
        const auto steps = static_cast<int>(std::ceil(high / step - 1e-9) - begin);
        for (int i = 0; i <= std::max(steps, 1); ++i) ticks_.push_back((begin + i) * step);
    }

    bool logarithmic_;
    double first_, last_;
    std::vector<double> ticks_;  // at least two, rising
};

std::vector<double> all(const Plot& plot, bool x) {
    std::vector<double> values;
    for (const auto& series : plot.series) {
        for (const auto& point : series.points) values.push_back(x ? point.first : point.second);
    }
    return values;
}

void text(std::string& svg, double x, double y, const std::string& more, const std::string& said) {
    svg += "<text x=\"" + place(x) + "\" y=\"" + place(y) + "\" " + more + ">" + escaped(said) +
           "</text>\n";
}

void line(std::string& svg, double x1, double y1, double x2, double y2, const std::string& more) {
    svg += "<line x1=\"" + place(x1) + "\" y1=\"" + place(y1) + "\" x2=\"" + place(x2) +
           "\" y2=\"" + place(y2) + "\" " + more + "/>\n";
}

void draw_axes(std::string& svg, const Plot& plot, const Axis& x, const Axis& y) {
    const double floor = height - bottom, wall = width - right;
    for (const double tick : x.ticks()) {
        line(svg, x.at(tick), top, x.at(tick), floor, "stroke=\"#e4e4e4\"");
        text(svg, x.at(tick), floor + 18, "text-anchor=\"middle\"", number(tick));
    }
    for (const double tick : y.ticks()) {
        line(svg, left, y.at(tick), wall, y.at(tick), "stroke=\"#e4e4e4\"");
        text(svg, left - 8, y.at(tick) + 4, "text-anchor=\"end\"", number(tick));
    }
    line(svg, left, floor, wall, floor, "stroke=\"#444\"");
    line(svg, left, top, left, floor, "stroke=\"#444\"");
    text(svg, left, 24, "font-size=\"15\" font-weight=\"bold\"", plot.title);
    text(svg, (left + wall) / 2, height - 14, "text-anchor=\"middle\"", plot.x_label);
    const std::string middle = place((top + floor) / 2);
    text(svg, 18, (top + floor) / 2,
         "text-anchor=\"middle\" transform=\"rotate(-90 18 " + middle + ")\"", plot.y_label);
}

void draw_series(std::string& svg, const Series& series, const std::string& colour, const Axis& x,
                 const Axis& y) {
    std::string path, dots;
    for (const auto& [at, value] : series.points) {
        if (!x.fits(at) || !y.fits(value)) continue;
        const std::string spot = place(x.at(at)) + "," + place(y.at(value));
        path += path.empty() ? spot : " " + spot;
        dots += "<circle cx=\"" + place(x.at(at)) + "\" cy=\"" + place(y.at(value)) +
                "\" r=\"3.2\" fill=\"" + colour + "\"><title>" +
                escaped(series.name + ": " + number(at) + ", " + number(value)) +
                "</title></circle>\n";
    }
    svg += "<polyline fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"2\" points=\"" + path +
           "\"/>\n" + dots;
}

}  // namespace

std::string to_svg(const Plot& plot) {
    assert(plot.series.size() <= Plot::series_max);
    const Axis x(all(plot, true), plot.x_log, left, width - right);
    const Axis y(all(plot, false), plot.y_log, height - bottom, top);
    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) +
                      " " + number(height) +
                      "\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
                      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    draw_axes(svg, plot, x, y);
    if (plot.mark && x.fits(*plot.mark)) {
        const double at = x.at(*plot.mark);
        line(svg, at, top, at, height - bottom, "stroke=\"#888\" stroke-dasharray=\"5 4\"");
        const bool far = at > (left + width - right) / 2;  // the words stand towards the middle
        text(svg, far ? at - 4 : at + 4, top + 12,
             far ? "fill=\"#555\" text-anchor=\"end\"" : "fill=\"#555\"", plot.mark_label);
    }
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        draw_series(svg, plot.series[i], colours[i], x, y);
        const double level = top + 8 + 20 * static_cast<double>(i);
        line(svg, width - right + 14, level, width - right + 34, level,
             std::string("stroke-width=\"2\" stroke=\"") + colours[i] + "\"");
        text(svg, width - right + 40, level + 4, "", plot.series[i].name);
    }
    return svg + "</svg>\n";
}

}  // namespace emostage::load
