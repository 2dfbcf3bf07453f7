// The moves of a print job in G-code, as a machine would make them: modes, units, offsets and arcs resolved.
#pragma once

#include <charconv>
#include <cstring>

#include "common.hpp"

namespace partwatch {

// Commands follow the NIST RS274/NGC interpreter, version 3 (Kramer, Proctor, Messina 2000), and Marlin's and
// RepRapFirmware's documented dialects. Lengths are millimetres.
struct Moves {
    // Of each move's end: x, y, z. filament: millimetres of it pushed meanwhile. feed: speed asked for, in
    // millimetres a minute, 0 before any. line: counted from 1. chord: whether it is one of an arc's.
    std::vector<double> end, filament, feed;
    std::vector<int32_t> line;
    std::vector<int16_t> tool;
    std::vector<uint8_t> chord;
    // Lines that move nothing, comments among them: moves before it, first byte, end byte.
    std::vector<int64_t> other;
    // Moves and other lines that did not fit, or whose numbers are beyond any machine.
    int64_t left_out = 0, wild = 0;
    // Extruder moves that took filament back although lengths are counted from a start: see `absolute`.
    int64_t pulled = 0, pushed = 0;
    bool said_mode = false;
};

class GcodeMachine {
  public:
    static constexpr double kFarthest = 1e5;

    GcodeMachine(const char* data, size_t size, size_t most, bool absolute_e)
        : data_(data), size_(size), most_(most), absolute_e_(absolute_e) {
        // Lengths that are known to count from move to move do so whatever coordinates do.
        moves_.said_mode = !absolute_e;
    }

    Moves run() {
        size_t at = 0;
        while (at < size_) {
            const void* found = std::memchr(data_ + at, '\n', size_ - at);
            size_t end = found ? static_cast<size_t>(static_cast<const char*>(found) - data_) : size_;
            ++number_;
            line(at, end);
            at = end + 1;
        }
        return std::move(moves_);
    }

  private:
    struct Words {
        double value[26];
        uint32_t has = 0;

        bool operator[](char letter) const { return has >> (letter - 'A') & 1; }
        double operator()(char letter) const { return value[letter - 'A']; }
    };

    static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
    static char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
    static bool letter(char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }

    void line(size_t at, size_t end) {
        while (at < end && (blank(data_[at]) || data_[at] == '\0')) ++at;
        if (at < end && data_[at] == '/') ++at;
        size_t start = at;
        if (upper(at < end ? data_[at] : ' ') == 'N' && at + 1 < end && digit(data_[at + 1])) {
            for (++at; at < end && digit(data_[at]);) ++at;
            while (at < end && blank(data_[at])) ++at;
            start = at;
        }
        if (start >= end) return;
        char first = upper(data_[start]);
        // A bare line of coordinates repeats the motion before it.
        bool modal = first == 'X' || first == 'Y' || first == 'Z';
        if ((first != 'G' && first != 'M' && first != 'T' && !modal) || start + 1 >= end ||
            !(digit(data_[start + 1]) || (modal && (sign(data_[start + 1]) || blank(data_[start + 1]))))) {
            note(start, end);
            return;
        }
        Words words;
        size_t next = read(start, end, words);
        while (next < end && !is_text(words)) {
            Words more;
            // Several commands on one line, as machine tools take them; one motion is what printers write.
            size_t stop = read(next, end, more);
            if (more.has == 0) break;
            act(words, start, end);
            words = more, next = stop;
        }
        act(words, start, end);
    }

    static bool digit(char c) { return c >= '0' && c <= '9'; }
    static bool sign(char c) { return c == '-' || c == '+' || c == '.'; }

    // Commands whose line is text for people: messages (M117, M118), names of objects (M486).
    static bool is_text(const Words& w) {
        return w['M'] && (w('M') == 117 || w('M') == 118 || w('M') == 486);
    }

    // Words up to the next command on the line, a comment, a checksum or its end; where it stopped.
    size_t read(size_t at, size_t end, Words& words) const {
        bool command = false;
        while (at < end) {
            char c = data_[at];
            if (c == ';' || c == '*') return end;
            if (c == '(') {
                while (at < end && data_[at] != ')') ++at;
                ++at;
                continue;
            }
            if (!letter(c)) {
                ++at;
                continue;
            }
            char name = upper(c);
            if (name == 'G' || name == 'M' || name == 'T') {
                // Without a number it is a letter of some text.
                if (at + 1 >= end || !digit(data_[at + 1])) {
                    ++at;
                    continue;
                }
                if (command) return at;
                command = true;
            }
            ++at;
            while (at < end && blank(data_[at])) ++at;
            words.value[name - 'A'] = number(at, end);
            words.has |= 1u << (name - 'A');
        }
        return at;
    }

    // A decimal without exponent, 0 where there is none; moves `at` behind it.
    double number(size_t& at, size_t end) const {
        size_t from = at < end && data_[at] == '+' ? at + 1 : at;
        size_t first = from < end && data_[from] == '-' ? from + 1 : from;
        double value = 0;
        if (first >= end || !(digit(data_[first]) || data_[first] == '.')) return value;
        auto [stop, error] = std::from_chars(data_ + from, data_ + end, value, std::chars_format::fixed);
        if (error == std::errc::result_out_of_range) value = std::numeric_limits<double>::infinity();
        if (error != std::errc::invalid_argument) at = static_cast<size_t>(stop - data_);
        return value;
    }

    void act(const Words& w, size_t start, size_t end) {
        if (w['G']) {
            double code = w('G');
            if (code >= 0 && code <= 3) speed(w);
            if (code == 0 || code == 1) return motion_ = 1, straight(w);
            if (code == 2 || code == 3) return motion_ = static_cast<int>(code), arc(w, code == 2);
            if (code == 20) unit_ = 25.4;
            if (code == 21) unit_ = 1;
            if (code == 17 || code == 18 || code == 19) plane_ = static_cast<int>(code) - 17;
            if (code == 28 || code == 162 || code == 161) home(w);
            if (code == 90 || code == 91) {
                absolute_ = code == 90;
                if (!moves_.said_mode) absolute_e_ = absolute_;
            }
            if (code == 92) offset(w);
        } else if (w['M']) {
            if (w('M') == 82) absolute_e_ = true, moves_.said_mode = true;
            if (w('M') == 83) absolute_e_ = false, moves_.said_mode = true;
        } else if (w['T']) {
            double tool = w('T');
            if (tool >= 0 && tool < 256) tool_ = static_cast<int16_t>(tool);
        } else if (w['X'] || w['Y'] || w['Z']) {
            speed(w);
            if (motion_ == 1) return straight(w);
            return arc(w, motion_ == 2);
        }
        note(start, end);
    }

    void speed(const Words& w) {
        double value = w['F'] ? w('F') * unit_ : 0;
        if (value > 0 && std::isfinite(value)) feed_ = value;
    }

    void note(size_t start, size_t end) {
        while (end > start && blank(data_[end - 1])) --end;
        if (moves_.other.size() / 3 >= most_) {
            ++moves_.left_out;
            return;
        }
        moves_.other.push_back(static_cast<int64_t>(moves_.line.size()));
        moves_.other.push_back(static_cast<int64_t>(start));
        moves_.other.push_back(static_cast<int64_t>(end));
    }

    double axis(const Words& w, int k) const {
        char name = "XYZ"[k];
        if (!w[name]) return at_[k];
        double value = w(name) * unit_;
        return absolute_ ? value + shift_[k] : at_[k] + value;
    }

    // Filament pushed by a move, and the counter after it.
    double pushed(const Words& w) {
        if (!w['E'] && !w['A']) return 0;
        double value = (w['E'] ? w('E') : w('A')) * unit_;
        double amount = absolute_e_ ? value - e_ : value;
        e_ += amount;
        return amount;
    }

    void straight(const Words& w) {
        double to[3] = {axis(w, 0), axis(w, 1), axis(w, 2)};
        go(to, pushed(w), true);
    }

    void go(const double (&to)[3], double amount, bool whole) {
        bool wild = !std::isfinite(amount) || std::fabs(amount) > kFarthest;
        for (double v : to) wild = wild || !std::isfinite(v) || std::fabs(v) > kFarthest;
        if (wild) {
            ++moves_.wild;
            // Whatever comes next begins nowhere.
            lost_ = true;
            for (int k = 0; k < 3; ++k)
                if (std::isfinite(to[k]) && std::fabs(to[k]) <= kFarthest) at_[k] = to[k];
            if (!std::isfinite(e_)) e_ = 0;
            return;
        }
        if (moves_.line.size() >= most_) {
            ++moves_.left_out;
            return;
        }
        if (lost_) amount = 0, lost_ = false;
        if (whole && absolute_e_) {
            moves_.pulled += amount < 0;
            moves_.pushed += amount > 0;
        }
        for (int k = 0; k < 3; ++k) at_[k] = to[k], moves_.end.push_back(to[k]);
        moves_.filament.push_back(amount);
        moves_.feed.push_back(feed_);
        moves_.chord.push_back(!whole);
        moves_.line.push_back(number_);
        moves_.tool.push_back(tool_);
    }

    // A circle's arc, or a helix, as chords that leave it by no more than a hundredth of a millimetre.
    void arc(const Words& w, bool clockwise) {
        constexpr double tolerance = 0.01, turn = 6.283185307179586;
        static constexpr int first[3] = {0, 2, 1}, second[3] = {1, 0, 2}, along[3] = {2, 1, 0};
        int a = first[plane_], b = second[plane_], c = along[plane_];
        double from[3] = {at_[0], at_[1], at_[2]}, to[3] = {axis(w, 0), axis(w, 1), axis(w, 2)};
        double amount = pushed(w), ca, cb;
        bool centred = w['I'] || w['J'] || w['K'];
        if (centred) {
            ca = from[a] + (w["IJK"[a]] ? w("IJK"[a]) * unit_ : 0);
            cb = from[b] + (w["IJK"[b]] ? w("IJK"[b]) * unit_ : 0);
        } else if (w['R']) {
            double r = w('R') * unit_, da = to[a] - from[a], db = to[b] - from[b], d = std::hypot(da, db);
            double h = d > 0 ? std::sqrt(std::max(r * r - d * d / 4, 0.0)) / d : 0;
            if (clockwise != (r < 0)) h = -h;
            ca = (from[a] + to[a]) / 2 - h * db, cb = (from[b] + to[b]) / 2 + h * da;
        } else {
            return go(to, amount, true);
        }
        double r = std::hypot(from[a] - ca, from[b] - cb);
        double start = std::atan2(from[b] - cb, from[a] - ca), stop = std::atan2(to[b] - cb, to[a] - ca);
        double sweep = clockwise ? start - stop : stop - start;
        while (sweep <= 1e-9) sweep += turn;
        if (!centred && to[a] == from[a] && to[b] == from[b]) sweep = 0;
        if (!(r > 0) || !std::isfinite(r) || r > kFarthest || !std::isfinite(sweep)) return go(to, amount, true);
        double most_bend = 2 * std::acos(std::max(1 - tolerance / r, -1.0));
        int chords = std::clamp(static_cast<int>(std::ceil(sweep / std::max(most_bend, 0.01))), 1, 720);
        for (int k = 1; k <= chords; ++k) {
            double share = static_cast<double>(k) / chords, angle = start + (clockwise ? -sweep : sweep) * share;
            double on[3];
            on[a] = k == chords ? to[a] : ca + r * std::cos(angle);
            on[b] = k == chords ? to[b] : cb + r * std::sin(angle);
            on[c] = from[c] + (to[c] - from[c]) * share;
            go(on, amount / chords, false);
        }
    }

    void home(const Words& w) {
        bool every = !w['X'] && !w['Y'] && !w['Z'];
        for (int k = 0; k < 3; ++k)
            if (every || w["XYZ"[k]]) at_[k] = shift_[k] = 0;
    }

    // What the machine's place is called from here on.
    void offset(const Words& w) {
        bool every = !w['X'] && !w['Y'] && !w['Z'] && !w['E'] && !w['A'];
        for (int k = 0; k < 3; ++k)
            if (every || w["XYZ"[k]]) shift_[k] = at_[k] - (w["XYZ"[k]] ? w("XYZ"[k]) * unit_ : 0);
        if (every || w['E'] || w['A']) e_ = (w['E'] ? w('E') : w['A'] ? w('A') : 0) * unit_;
        if (!std::isfinite(e_)) e_ = 0;
        for (double& s : shift_)
            if (!std::isfinite(s)) s = 0, ++moves_.wild;
    }

    const char* data_;
    size_t size_, most_;
    Moves moves_;
    double at_[3] = {0, 0, 0}, shift_[3] = {0, 0, 0}, e_ = 0, unit_ = 1, feed_ = 0;
    bool absolute_ = true, absolute_e_, lost_ = false;
    int motion_ = 1, plane_ = 0;
    int16_t tool_ = 0;
    int32_t number_ = 0;
};

// Where the file never says how lengths of filament are counted: from a start, unless they often go back then.
inline Moves gcode_moves(const char* data, size_t size, size_t most) {
    Moves moves = GcodeMachine(data, size, most, true).run();
    if (!moves.said_mode && moves.pulled > 0.3 * static_cast<double>(moves.pushed))
        return GcodeMachine(data, size, most, false).run();
    return moves;
}

}  // namespace partwatch
