// How far each cell of a plane is from the nearest one that is not in a set, and which that is.
#pragma once

#include <cstring>

#include "common.hpp"

namespace partwatch {

// inside: (ny, nx), row by row. distance in cells, 0 outside the set; nearest: the place of that cell in the plane. Where
// no cell is outside, distances are infinite and places 0.
//
// Exact: columns first, then the lower envelope of parabolas along each row (Felzenszwalb and Huttenlocher 2012,
// Distance Transforms of Sampled Functions, Theory of Computing 8).
inline void distance_outside(const uint8_t* inside, size_t ny, size_t nx, double* distance, int32_t* nearest) {
    constexpr int32_t none = -1;
    // The row of the nearest outside cell of the same column; the upper one of two.
    std::vector<int32_t> row(ny * nx);
    for (size_t y = 0; y < ny; ++y)
        for (size_t x = 0; x < nx; ++x) {
            size_t at = y * nx + x;
            row[at] = !inside[at] ? static_cast<int32_t>(y) : y ? row[at - nx] : none;
        }
    for (size_t y = ny - 1; y-- > 0;)
        for (size_t x = 0; x < nx; ++x) {
            size_t at = y * nx + x;
            int32_t below = row[at + nx], own = static_cast<int32_t>(y);
            if (below != none && (row[at] == none || below - own < own - row[at])) row[at] = below;
        }
    std::vector<int32_t> hull(nx);
    std::vector<double> from(nx + 1);
    for (size_t y = 0; y < ny; ++y) {
        const uint8_t* in = inside + y * nx;
        const int32_t* g = row.data() + y * nx;
        int64_t top = -1;
        auto height = [&](int32_t x) {
            double d = static_cast<double>(g[x]) - static_cast<double>(y);
            return d * d;
        };
        // A row that is all outside needs no envelope.
        if (std::memchr(in, 1, nx) != nullptr)
            for (int32_t x = 0; x < static_cast<int32_t>(nx); ++x) {
                if (g[x] == none) continue;
                double own = height(x) + static_cast<double>(x) * x, begin = -std::numeric_limits<double>::infinity();
                while (top >= 0) {
                    int32_t v = hull[static_cast<size_t>(top)];
                    begin = (own - height(v) - static_cast<double>(v) * v) / (2.0 * (x - v));
                    if (begin > from[static_cast<size_t>(top)]) break;
                    --top;
                    begin = -std::numeric_limits<double>::infinity();
                }
                ++top;
                hull[static_cast<size_t>(top)] = x, from[static_cast<size_t>(top)] = begin;
            }
        int64_t k = 0;
        for (size_t x = 0; x < nx; ++x) {
            size_t at = y * nx + x;
            if (!in[x]) {
                distance[at] = 0, nearest[at] = static_cast<int32_t>(at);
                continue;
            }
            if (top < 0) {
                distance[at] = std::numeric_limits<double>::infinity(), nearest[at] = 0;
                continue;
            }
            while (k < top && from[static_cast<size_t>(k) + 1] < static_cast<double>(x)) ++k;
            int32_t v = hull[static_cast<size_t>(k)];
            double dx = static_cast<double>(x) - v;
            distance[at] = std::sqrt(height(v) + dx * dx);
            nearest[at] = g[v] * static_cast<int32_t>(nx) + v;
        }
    }
}

}  // namespace partwatch
